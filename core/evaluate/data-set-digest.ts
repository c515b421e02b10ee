import type { Problem } from './problem.ts'

/**
 * SHA-256, in hexadecimal, of what a run takes from a data set: ids, problems and expected answers in their order.
 * The same problems have the same digest in whichever file format they come.
 */
export async function dataSetDigest(problems: readonly Problem[]): Promise<string> {
  const encoder = new TextEncoder()
  const lines = problems.map(({ id, problem, expectedAnswer }, index) =>
    encoder.encode(`${index === 0 ? '' : '\n'}${JSON.stringify([id, problem, expectedAnswer])}`),
  )
  // Bytes, since the texts of a large data set together are longer than a string may be.
  const bytes = new Uint8Array(lines.reduce((sum, { length }) => sum + length, 0))
  let place = 0
  for (const line of lines) {
    bytes.set(line, place)
    place += line.length
  }
  const hash = await crypto.subtle.digest('SHA-256', bytes)
  return Array.from(new Uint8Array(hash), byte => byte.toString(16).padStart(2, '0')).join('')
}
