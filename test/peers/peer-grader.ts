import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { PeerPackages } from './peer-packages.ts'

/** Another library's grader, by its name here, and what it is called in the table. */
export const peers = {
  'math-verify': 'Math-Verify',
  inspect: 'Inspect `math()`',
  minerva: 'lm-eval minerva',
} as const

/** A grader in a process of its own. */
export interface PeerGrader {
  /** Whether it takes the answer for right, and how long the comparison alone took there. */
  grade(answer: string, expected: string): Promise<{ equal: boolean; ms: number }>
  close(): void
}

/** Starts a peer and waits until it has imported what it needs. */
export async function openPeer(name: keyof typeof peers, { python, env }: PeerPackages): Promise<PeerGrader> {
  const child = spawn(python, [fileURLToPath(new URL('peer-graders.py', import.meta.url)), name], {
    env,
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const reply = async () => {
    const { value, done } = await lines.next()
    if (done) throw new Error(`${name}: the peer's process ended; its error stands above`)
    return JSON.parse(value)
  }
  await reply()
  return {
    async grade(answer, expected) {
      child.stdin.write(`${JSON.stringify({ answer, expected })}\n`)
      return reply()
    },
    close: () => void child.stdin.end(),
  }
}
