import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { afterAll, expect, it, onTestFinished } from 'vitest'
import { lastLease, leasePath } from '../../node-runner/run/run-lease.ts'
import { childProcesses, showsProcesses } from '../support/child-processes.ts'
import { describeWhere } from '../support/describe-where.ts'
import { runEntrace } from '../support/run-entrace.ts'
import { journalLines, readResults } from '../support/run-files.ts'

const folder = mkdtempSync(join(tmpdir(), 'entrace-test-'))
afterAll(() => rmSync(folder, { recursive: true }))

const problems = 6
const evalInto = (out: string) => [
  ...['eval', '--model', 'models/arith-qwen2', '--dataset', 'datasets/arith-104.jsonl', '--adapter', 'cpu'],
  ...['--limit', String(problems), '--max-concurrent', '2', '--out', out],
]

/** Starts a command as npm does. */
function startCommand(args: readonly string[]) {
  const child = spawn(process.execPath, ['node-runner/bootstrap.mjs', 'entrace', ...args], {
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  let stderr = ''
  child.stderr.on('data', text => (stderr += text))
  const closed = once(child, 'close')
  return {
    child,
    async end(): Promise<{ exitCode: number | null; stderr: string }> {
      await closed
      return { exitCode: child.exitCode, stderr }
    },
  }
}

const isReleased = (out: string) =>
  readFileSync(leasePath(out, lastLease(out)), 'utf8').endsWith('{"released":true,"ownsJournal":true}\n')

describeWhere(
  showsProcesses,
  'this machine shows no processes under /proc',
  'a run that is interrupted',
  () => {
    it.each(['SIGTERM', 'SIGUSR1'] as const)(
      'by %s while it loads, ends with 130 and a word',
      async signal => {
        const { child, end } = startCommand(evalInto(join(folder, `early ${signal}`)))
        // The command's own process has been started, and has hardly begun.
        while (childProcesses(child.pid!).length === 0 && child.exitCode === null) await setTimeout(1)
        child.kill(signal)
        const { exitCode, stderr } = await end()
        expect(exitCode, stderr).toBe(130)
        expect(stderr).toMatch(/^entrace: interrupted; the same command goes on from what is kept$/m)
      },
    )

    it('by each signal in turn, keeps what is finished and lets the next one in at once', async () => {
      const out = join(folder, 'run')
      for (const signal of ['SIGHUP', 'SIGUSR1', 'SIGTERM'] as const) {
        const kept = journalLines(out)
        const { child, end } = startCommand(evalInto(out))
        while (journalLines(out) === kept && child.exitCode === null) await setTimeout(5)
        child.kill(signal)
        const { exitCode, stderr } = await end()
        expect(exitCode, stderr).toBe(130)
        expect(stderr).toMatch(/^interrupted: \d of 6 samples are kept in .*; the same command resumes$/m)
        expect(isReleased(out)).toBe(true)
        expect(journalLines(out)).toBeLessThan(problems)
      }
      const { exitCode, stderr } = await runEntrace(evalInto(out))
      expect(exitCode, stderr).toBe(0)
      expect(readResults(out)).toHaveLength(problems)
      expect(isReleased(out)).toBe(true)
    })
  },
)
