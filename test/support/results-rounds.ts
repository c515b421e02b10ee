import { type ChildProcess, fork, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { expect } from 'vitest'
import { damagedFiles, manifestOf, writeDigestedRun } from './damage-run.ts'
import type { ResultsOrder, ResultsReport, ResultsTask } from './results-process.ts'
import { traceSample } from './trace-sample.ts'
import { writeRun } from './write-run.ts'

const samples = Array.from({ length: 40 }, (_, index) => traceSample(index, 1 + (index % 7)))
const before = samples.slice(0, 15)
const deterministic = ['all_results.json', 'analysis.json', 'summary.parquet', 'traces.parquet', 'report.md']

/** A process that works on results when it is told to. */
interface Worker {
  child: ChildProcess
  run(order: Omit<ResultsOrder, 'samples'>): Promise<ResultsReport>
}

async function startWorker(): Promise<Worker> {
  const execArgv = ['--import', './node-runner/wgsl-loader.mjs']
  const child = fork('test/support/results-process.ts', { execArgv })
  const ended = once(child, 'exit').then(([code]) => {
    throw new Error(`the process that works on results ended with ${code} before it was ready`)
  })
  ended.catch(() => {})
  await Promise.race([once(child, 'message'), ended])
  return {
    child,
    async run(order) {
      const answered = new AbortController()
      const { signal } = answered
      const report = Promise.race([
        once(child, 'message', { signal }),
        once(child, 'exit', { signal }).then(() => ['ended early']),
      ])
      child.send({ ...order, samples: samples.slice(before.length) } satisfies ResultsOrder)
      try {
        return (await report)[0]
      } finally {
        answered.abort()
      }
    },
  }
}

/** Files of a run that nothing disturbed, by name. */
async function quietRun(worker: Worker): Promise<Map<string, string>> {
  const folder = mkdtempSync(join(tmpdir(), 'entrace-test-'))
  try {
    writeRun(folder, before, { limit: samples.length })
    expect(await worker.run({ folder, task: 'finish' })).toBeNull()
    return contentOf(folder)
  } finally {
    rmSync(folder, { recursive: true })
  }
}

function contentOf(folder: string): Map<string, string> {
  return new Map(deterministic.map(name => [name, readFileSync(join(folder, name), 'latin1')]))
}

/** Throws unless a run's folder holds the files of the quiet run under a manifest that tells of them, and nothing besides. */
function expectQuiet(folder: string, quiet: Map<string, string>): void {
  expect(damagedFiles(folder)).toEqual([])
  expect(manifestOf(folder).samples).toBe(samples.length)
  for (const [name, content] of contentOf(folder)) expect(content === quiet.get(name), name).toBe(true)
  expect(readdirSync(folder).filter(name => /partial|hold/.test(name))).toEqual([])
}

/**
 * Rounds in which a run is finished while its results are made by two others, drawn again from columns, and read: no process meets an
 * error, and the run comes out as the quiet one. Returns how often which task was done.
 */
export async function analyseBesideEval(rounds: number): Promise<Record<ResultsTask, number>> {
  const tasks: ResultsTask[][] = [
    ['finish'],
    ['analyse', 'analyse'],
    ['analyse', 'from columns', 'analyse'],
    ['compare', 'compare', 'compare', 'from columns', 'compare', 'compare'],
  ]
  const workers = await Promise.all(tasks.map(startWorker))
  const done: Record<ResultsTask, number> = { finish: 0, analyse: 0, 'from columns': 0, compare: 0 }
  try {
    const quiet = await quietRun(workers[0]!)
    for (let round = 0; round < rounds; round++) {
      const folder = mkdtempSync(join(tmpdir(), 'entrace-test-'))
      writeDigestedRun(folder, before, { limit: samples.length })
      await Promise.all(
        tasks.map(async (list, index) => {
          // The run is finished at another moment of the others' work in each round.
          if (index === 0) await setTimeout((round * 37) % 400)
          for (const task of list) {
            expect(await workers[index]!.run({ folder, task }), `${task} in round ${round}`).toBeNull()
            done[task]++
          }
        }),
      )
      expectQuiet(folder, quiet)
      rmSync(folder, { recursive: true })
    }
    return done
  } finally {
    for (const { child } of workers) child.kill()
  }
}

/** Rounds in which a process is killed while it makes results, and another makes them again. Returns how many were killed at work. */
export async function killAnalyse(rounds: number): Promise<number> {
  const other = await startWorker()
  let killed = 0
  try {
    const quiet = await quietRun(other)
    const folder = mkdtempSync(join(tmpdir(), 'entrace-test-'))
    writeRun(folder, samples)
    for (let round = 0; round < rounds; round++) {
      const worker = await startWorker()
      const report = worker.run({ folder, task: 'analyse' })
      while (worker.child.exitCode === null && !readdirSync(folder).some(name => name.includes('partial')))
        await setTimeout(1)
      await setTimeout((round * 29) % 500)
      worker.child.kill('SIGKILL')
      if ((await report) === 'ended early') killed++
      expect(await other.run({ folder, task: 'compare' }), `compare in round ${round}`).toBeNull()
      expect(await other.run({ folder, task: 'analyse' }), `analyse in round ${round}`).toBeNull()
      expectQuiet(folder, quiet)
    }
    rmSync(folder, { recursive: true })
    return killed
  } finally {
    other.child.kill()
  }
}

/**
 * Has a process put results in place that is stopped at some of its steps, each in a run of its own; another one finishes the run past it,
 * and then it is woken: the results of the finished run stay. Returns how many steps there are.
 */
export async function stopWhilePlacing(places: readonly number[]): Promise<number> {
  const worker = await startWorker()
  const quiet = await quietRun(worker)
  worker.child.kill()
  const ends = await Promise.all(places.map(place => stopAndFinish(place, quiet)))
  return Math.max(...ends)
}

async function stopAndFinish(place: number, quiet: Map<string, string>): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), 'entrace-test-'))
  writeDigestedRun(folder, before, { limit: samples.length })
  const script = ['--import', './node-runner/wgsl-loader.mjs', 'test/support/stopping-process.ts']
  const stopping = spawn(process.execPath, [...script, folder, `${place}`], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const ended = once(stopping, 'close')
  let said = ''
  stopping.stdout.setEncoding('utf8').on('data', text => (said += text))
  const worker = await startWorker()
  try {
    while (!said.includes('\n')) {
      expect(stopping.exitCode, 'it says how far it came before it ends').toBeNull()
      await Promise.race([once(stopping.stdout, 'data'), ended])
    }
    const moves = /done, (\d+) moved/.exec(said)?.[1]
    // It has no such step.
    if (moves !== undefined) return Number(moves)
    expect(await worker.run({ folder, task: 'finish' }), `past step ${place}`).toBeNull()
    expectQuiet(folder, quiet)
    stopping.kill('SIGCONT')
    await ended
    expect(said, `woken at step ${place}`).toMatch(/^stops\n.*another process has put newer results in place/)
    expectQuiet(folder, quiet)
    return 0
  } finally {
    for (const child of [stopping, worker.child]) child.kill('SIGKILL')
    rmSync(folder, { recursive: true })
  }
}
