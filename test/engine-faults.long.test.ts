import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { afterAll, expect, it } from 'vitest'
import { Random } from '../kernels/gpu/random.ts'
import type { EngineJob } from '../node-runner/engine/messages.ts'
import { type EngineListener, superviseEngine } from '../node-runner/engine/supervise-engine.ts'
import type { Fault, FaultKind } from './support/break-rank.ts'
import { describeWhere } from './support/describe-where.ts'
import { runEntrace, startEntrace } from './support/run-entrace.ts'
import { journalLines, untimedResults } from './support/run-files.ts'

const problems = 60
const faults = 20
const folder = mkdtempSync(join(tmpdir(), 'entrace-test-'))
afterAll(() => rmSync(folder, { recursive: true }))

const faultFile = join(folder, 'fault.json')
/** The environment in which engines meet the fault in that file. */
const breaking = {
  NODE_OPTIONS: ['../node-runner/wgsl-loader.mjs', './support/break-rank.ts']
    .map(module => `--import=${new URL(module, import.meta.url).href}`)
    .join(' '),
  ENTRACE_TEST_FAULT: faultFile,
}

const evalInto = (out: string) => [
  ...['eval', '--model', 'models/arith-qwen2', '--dataset', 'datasets/arith-104.jsonl', '--adapter', 'cpu'],
  ...['--limit', String(problems), '--max-concurrent', '3', '--tp', '2', '--out', out],
]

/** What the supervisor says of each kind of fault. */
const reports = {
  kill: /the engine ended \(its process ended with SIGKILL\)/g,
  throw: /the engine ended \(thrown inside a rank\)/g,
  lose: /the engine ended \(device .* was lost: .*\)/g,
  exhaust:
    /the engine ended \((buffer .*: the device has no room|device .* reported: .*OUT_OF_DEVICE_MEMORY)/g,
} satisfies Partial<Record<FaultKind, RegExp>>
const kinds = Object.keys(reports) as (keyof typeof reports)[]

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

/** Runs what starts engines with a fault in store; tells whether the fault was met. */
async function withFault(fault: Fault, run: () => Promise<void>): Promise<boolean> {
  writeFileSync(faultFile, JSON.stringify(fault))
  Object.assign(process.env, breaking)
  try {
    await run()
  } finally {
    for (const name of Object.keys(breaking)) delete process.env[name]
  }
  return !existsSync(faultFile)
}

it('starts an engine again one of whose ranks never returns', async () => {
  const job: EngineJob = {
    model: 'models/arith-qwen2',
    loadFormat: 'auto',
    adapter: 'cpu',
    unsafeFast: false,
    mesh: { tp: 2, dp: 1 },
    room: { sequences: 1, capacity: 64, topK: 5 },
    maxNewTokens: 8,
    stopIds: [],
    sampling: { temperature: 0, seed: 0 },
    topLogprobs: 5,
    streamTokens: false,
  }
  const tasks = [1, 2, 3, 4].map(key => ({ key, promptIds: [key, 10, 20] }))
  const restarts: string[] = []
  const answers: number[] = []
  const listener: EngineListener = {
    onLoading() {},
    onLoaded() {},
    onAnswer: ({ key }) => answers.push(key),
    onRestart: reason => restarts.push(reason),
  }
  const met = await withFault({ kind: 'hang', rank: 1, at: { submits: 200 } }, async () => {
    const { signal } = new AbortController()
    expect(await superviseEngine(job, tasks, listener, { signal, hangMs: 20_000 })).toBe(true)
  })
  expect(met).toBe(true)
  expect(restarts).toEqual(['no sign of work for 20 s'])
  expect(answers).toEqual([1, 2, 3, 4])
})

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
      const pending = drawFaults()
      const moments: string[] = []
      const setNext = () => {
        const fault = pending.shift()
        if (!fault) return
        writeFileSync(faultFile, JSON.stringify(fault))
        moments.push(`${fault.kind} of rank ${fault.rank} at ${JSON.stringify(fault.at)}`)
      }
      setNext()
      const { child, result } = startEntrace(evalInto(disturbed), breaking)
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
