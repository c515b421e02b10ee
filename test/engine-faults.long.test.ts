import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { afterAll, expect, it } from 'vitest'
import { Random } from '../kernels/gpu/random.ts'
import type { Fault, FaultKind } from './support/break-rank.ts'
import { describeWhere } from './support/describe-where.ts'
import { runEntrace, startEntrace } from './support/run-entrace.ts'
import { journalLines, untimedResults } from './support/run-files.ts'

const problems = 60
const faults = 20
const folder = mkdtempSync(join(tmpdir(), 'entrace-test-'))
afterAll(() => rmSync(folder, { recursive: true }))

const evalInto = (out: string) => [
  ...['eval', '--model', 'models/arith-qwen2', '--dataset', 'datasets/arith-104.jsonl', '--adapter', 'cpu'],
  ...['--limit', String(problems), '--max-concurrent', '3', '--tp', '2', '--out', out],
]

/** What the supervisor says of each kind of fault. */
const reports: Record<FaultKind, RegExp> = {
  kill: /the engine ended \(its process ended with SIGKILL\)/g,
  throw: /the engine ended \(thrown inside a rank\)/g,
  lose: /the engine ended \(device .* was lost: .*\)/g,
  exhaust:
    /the engine ended \((buffer .*: the device has no room|device .* reported: .*OUT_OF_DEVICE_MEMORY)/g,
}
const kinds = Object.keys(reports) as FaultKind[]

/** Faults, from 0, that strike while the ranks load: one of each kind. */
const atLoading = new Set([2, 6, 14, 16])

/**
 * Each kind as often as the others, at random moments: every other fault strikes after an answer, since three failures in
 * a row without one end a run.
 */
function drawFaults(): Fault[] {
  const random = new Random(20)
  return Array.from({ length: faults }, (_, i) => {
    const kind = kinds[(i + Math.floor(i / kinds.length)) % kinds.length]!
    const rank = random.integer(2)
    if (atLoading.has(i)) return { kind, rank, at: { buffers: 1 + random.integer(40) } }
    return { kind, rank, at: { submits: 1 + random.integer(600) + (i % 2 === 1 ? 700 : 0) } }
  })
}

describeWhere(
  spawnSync('prlimit', ['--version']).status === 0,
  'this machine has no prlimit, which takes memory from a process',
  'a run whose ranks break again and again',
  () => {
    it('goes on by itself, and ends with the bits of an undisturbed one', async () => {
      const undisturbed = join(folder, 'undisturbed')
      const calm = await runEntrace(evalInto(undisturbed))
      expect(calm.exitCode, calm.stderr).toBe(0)

      const disturbed = join(folder, 'disturbed')
      const faultFile = join(folder, 'fault.json')
      const preload = new URL('./support/break-rank.ts', import.meta.url).href
      const pending = drawFaults()
      const moments: string[] = []
      const setNext = () => {
        const fault = pending.shift()
        if (!fault) return
        writeFileSync(faultFile, JSON.stringify(fault))
        moments.push(`${fault.kind} of rank ${fault.rank} at ${JSON.stringify(fault.at)}`)
      }
      setNext()
      const { child, result } = startEntrace(evalInto(disturbed), {
        NODE_OPTIONS: `--import=${preload}`,
        ENTRACE_TEST_FAULT: faultFile,
      })
      while (child.exitCode === null) {
        if (!existsSync(faultFile) && pending.length > 0) {
          moments.push(`${moments.pop()}, ${journalLines(disturbed)} samples finished`)
          setNext()
        }
        await setTimeout(5)
      }
      const { exitCode, stderr } = await result
      console.log(moments.join('\n'))
      expect(exitCode, stderr).toBe(0)
      expect(existsSync(faultFile), 'the last fault was met').toBe(false)
      for (const kind of kinds) expect(stderr.match(reports[kind]), kind).toHaveLength(faults / kinds.length)
      expect(journalLines(disturbed)).toBe(problems)
      expect(untimedResults(disturbed)).toBe(untimedResults(undisturbed))
    })
  },
)
