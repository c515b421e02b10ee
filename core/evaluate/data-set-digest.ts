import type { Problem } from './problem.ts'

/**
 * SHA-256, in hexadecimal, of what a run takes from a data set: ids, problems and expected answers in their order.
 * The same problems have the same digest in whichever file format they come.
 */
export async function dataSetDigest(problems: readonly Problem[]): Promise<string> {
  const lines = problems.map(({ id, problem, expectedAnswer }) =>
    JSON.stringify([id, problem, expectedAnswer]),
  )
  const hash = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(lines.join('\n')))
  return Array.from(new Uint8Array(hash), byte => byte.toString(16).padStart(2, '0')).join('')
}
