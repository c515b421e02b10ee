import { fork } from 'node:child_process'
import { once } from 'node:events'
import { formatBytes } from '../../core/format-number.ts'
import { InputError } from '../../core/input-error.ts'
import { NoAdapterError } from '../adapter/adapter-choice.ts'
import { sharingNotice } from '../adapter/rank-adapters.ts'
import type { Progress, ProgressStage } from '../terminal/progress.ts'
import type { EngineCommand, EngineEvent, EngineJob, EngineTask, LoadedEngine } from './messages.ts'

/** What a supervisor is told while its engine works. */
export interface EngineListener {
  onLoading(readBytes: number, totalBytes: number): void
  /** Called each time an engine has loaded; what it throws ends the job. */
  onLoaded(loaded: LoadedEngine): void
  onAnswer(event: Extract<EngineEvent, { kind: 'answer' }>): void
  onToken?(event: Extract<EngineEvent, { kind: 'token' }>): void
  onStatus?(event: Extract<EngineEvent, { kind: 'status' }>): void
  /** An engine ended before its time and another one is started. */
  onRestart(reason: string): void
}

/** Settings of a supervisor. */
export interface SupervisorOptions {
  signal: AbortSignal
  /** Milliseconds without any sign of work after which an engine counts as hung. */
  hangMs?: number
  /** The program of the engine process. */
  engine?: URL
}

const engineProgram = new URL('./engine-process.ts', import.meta.url)
/** Failures in a row, none of them with an answer in between, after which the job has failed. */
const failuresWithoutProgress = 3
/** A step of a large model on a CPU adapter takes minutes. */
const defaultHangMs = 15 * 60_000

/** Errors, by name, of code that another try would run the same way. */
const faultsOfCode = new Set(['TypeError', 'RangeError', 'ReferenceError', 'SyntaxError'])
/** A file that is not there, or not to be read, in Node's words. */
const missingFile = /^(ENOENT|EACCES|EPERM|EISDIR|ENOTDIR)\b/
/** Errors, by name, that say nothing of what another engine would meet. */
const passingErrors = new Set(['DeviceLostError', 'GroupAbortedError'])

/**
 * Has tasks answered by an engine process, and starts it again when it dies, hangs or fails: unfinished tasks are redone
 * from their prompt. Returns false when the signal ended it early. What another try would meet again ends the job at once:
 * InputError and NoAdapterError as the engine meets them, InputError for what is beyond an adapter's limits or in a file
 * that is not there. So does the same failure of an engine twice, and three of any kind, without an answer in between.
 */
export async function superviseEngine(
  job: EngineJob,
  tasks: readonly EngineTask[],
  listener: EngineListener,
  options: SupervisorOptions,
): Promise<boolean> {
  const remaining = new Map(tasks.map(task => [task.key, task]))
  let last: string | null = null
  for (let failures = 0; ; ) {
    if (options.signal.aborted) return false
    const before = remaining.size
    const outcome = await runEngine(job, remaining, listener, options)
    if (outcome.kind === 'done') return true
    if (outcome.kind === 'stopped' || options.signal.aborted) return false
    const isAgain = remaining.size === before && outcome.thrown !== null && outcome.thrown === last
    if (isAgain) throw new Error(`the engine failed twice in the same way: ${outcome.reason}`)
    last = outcome.thrown
    failures = remaining.size < before ? 1 : failures + 1
    if (failures >= failuresWithoutProgress)
      throw new Error(
        `the engine failed ${failures} times without an answer in between; the last time: ${outcome.reason}`,
      )
    listener.onRestart(outcome.reason)
  }
}

type Outcome =
  | { kind: 'done' }
  | { kind: 'stopped' }
  /** `thrown` is what its code threw; null where the engine died, hung or lost its device. */
  | { kind: 'failed'; reason: string; thrown: string | null }

/** Runs one engine process to its end. Answered tasks leave `remaining`. */
async function runEngine(
  job: EngineJob,
  remaining: Map<number, EngineTask>,
  listener: EngineListener,
  { signal, hangMs = defaultHangMs, engine: program = engineProgram }: SupervisorOptions,
): Promise<Outcome> {
  const engine = fork(program, { serialization: 'advanced' })
  const tell = (command: EngineCommand) => void (engine.connected && engine.send(command, () => {}))
  let outcome: Outcome | null = null
  let refusal: Error | null = null
  let running = false
  // An engine holds nothing that is not kept here, so that its last word is its end.
  const end = (result: Outcome) => {
    outcome = result
    engine.kill('SIGKILL')
  }
  const refuse = (error: Error) => {
    refusal = error
    engine.kill('SIGKILL')
  }
  const stop = () => (running ? tell({ kind: 'stop' }) : end({ kind: 'stopped' }))
  const failed = (reason: string, thrown: string | null = null) =>
    ({ kind: 'failed', reason, thrown }) as const
  const watch = watchForHang(hangMs, () => end(failed(`no sign of work for ${hangMs / 1000} s`)))
  const take = (event: EngineEvent) => {
    if (event.kind === 'loading') {
      watch.sign(`read ${event.readBytes}`)
      listener.onLoading(event.readBytes, event.totalBytes)
    } else if (event.kind === 'loaded') {
      watch.sign('loaded')
      listener.onLoaded(event.loaded)
      running = true
      tell({ kind: 'run', tasks: [...remaining.values()] })
    } else if (event.kind === 'answer') {
      remaining.delete(event.key)
      listener.onAnswer(event)
    } else if (event.kind === 'token') {
      listener.onToken?.(event)
    } else if (event.kind === 'status') {
      watch.sign(event.progress)
      listener.onStatus?.(event)
    } else if (event.kind === 'done') {
      if (event.stopped) end({ kind: 'stopped' })
      else if (remaining.size === 0) end({ kind: 'done' })
      else end(failed(`it called itself done with ${remaining.size} tasks unanswered`))
    } else if (event.kind === 'failed') {
      const final = finalError(event)
      if (final) refuse(final)
      else end(failed(event.message, passingErrors.has(event.name) ? null : event.message))
    } else {
      event satisfies never
    }
  }
  engine.on('error', () => {})
  engine.on('message', (event: EngineEvent) => {
    if (outcome || refusal) return
    try {
      take(event)
    } catch (error) {
      refuse(error as Error)
    }
  })
  signal.addEventListener('abort', stop)
  try {
    tell({ kind: 'start', job })
    // What it sent before it died may arrive after its death; the channel closes behind the last of it.
    const [[code, killedBy]] = await Promise.all([once(engine, 'exit'), once(engine, 'disconnect')])
    if (refusal) throw refusal
    return outcome ?? failed(`its process ended with ${killedBy ?? `code ${code}`}`)
  } finally {
    watch.end()
    signal.removeEventListener('abort', stop)
    if (engine.exitCode === null && engine.signalCode === null) engine.kill('SIGKILL')
  }
}

/** The error that ends the job, of a failure that another try would meet again; null of others. */
function finalError({ name, message }: { name: string; message: string }): Error | null {
  if (name === 'NoAdapterError') return new NoAdapterError(message)
  if (name === 'InputError' || name === 'LimitError' || missingFile.test(message))
    return new InputError(message)
  return faultsOfCode.has(name) ? new Error(message) : null
}

/** Calls `onHang` once no new sign came for `hangMs`. */
function watchForHang(hangMs: number, onHang: () => void) {
  let last: unknown = null
  const timer = setTimeout(onHang, hangMs)
  return {
    sign(value: unknown) {
      if (value !== last) timer.refresh()
      last = value
    },
    end: () => clearTimeout(timer),
  }
}

/** Shows an engine's work: a bar of bytes while it loads, then one of `total` problems; without `label` no second one. */
export function createEngineProgress(progress: Progress, label: string | null, total: number) {
  let stage: ProgressStage | null = null
  let loadedBytes = 0
  let status = { tokens: 0, hostBytes: 0 }
  let deviceBytes = 0
  let startedMs = 0
  const details = () =>
    [
      `${(status.tokens / ((performance.now() - startedMs) / 1000)).toFixed(1)} tokens/s`,
      `host ${formatBytes(status.hostBytes + process.memoryUsage.rss())}`,
      `device ${formatBytes(deviceBytes)}`,
    ].join(' · ')
  const end = () => {
    stage?.stop()
    stage = null
    loadedBytes = 0
  }
  return {
    onLoading(readBytes: number, totalBytes: number) {
      stage ??= progress.start('loading weights', totalBytes, 'bytes')
      stage.advance(readBytes - loadedBytes)
      loadedBytes = readBytes
    },
    onLoaded(loaded: LoadedEngine) {
      end()
      deviceBytes = loaded.deviceBytes.reduce((sum, size) => sum + size, 0)
      const kind = loaded.adapters[0]?.kind === 'cpu' ? 'CPU adapter' : 'GPU'
      progress.say(`${kind}: ${[...new Set(loaded.adapterNames)].join(', ')}`)
      const notice = sharingNotice(loaded.adapters)
      if (notice) progress.say(notice)
      startedMs = performance.now()
      if (label !== null) stage = progress.start(label, total, 'problems', details)
    },
    onAnswer() {
      total--
      stage?.advance(1)
    },
    onStatus(event: Extract<EngineEvent, { kind: 'status' }>) {
      status = event
      stage?.refresh()
    },
    onRestart(reason: string) {
      end()
      progress.say(`the engine ended (${reason}); starting it again: what was finished is kept`)
    },
    end,
  }
}
