import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { InputError } from '../../core/input-error.ts'
import { NoAdapterError } from '../adapter/no-adapter-error.ts'
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
}

/** Failures in a row, none of them with an answer in between, after which the job has failed. */
const failuresWithoutProgress = 3
/** A step of a large model on a CPU adapter takes minutes. */
const defaultHangMs = 15 * 60_000

/**
 * Has tasks answered by an engine process, and starts it again when it dies, hangs or fails: unfinished tasks are redone
 * from their prompt. Returns false when the signal ended it early. Throws InputError and NoAdapterError as the engine
 * meets them, and an Error after three failures without an answer in between.
 */
export async function superviseEngine(
  job: EngineJob,
  tasks: readonly EngineTask[],
  listener: EngineListener,
  options: SupervisorOptions,
): Promise<boolean> {
  const remaining = new Map(tasks.map(task => [task.key, task]))
  for (let failures = 0; ; ) {
    const before = remaining.size
    const outcome = await runEngine(job, remaining, listener, options)
    if (outcome.kind === 'done') return true
    if (outcome.kind === 'stopped' || options.signal.aborted) return false
    failures = remaining.size < before ? 1 : failures + 1
    if (failures >= failuresWithoutProgress)
      throw new Error(
        `the engine failed ${failures} times without an answer in between; the last time: ${outcome.reason}`,
      )
    listener.onRestart(outcome.reason)
  }
}

type Outcome = { kind: 'done' } | { kind: 'stopped' } | { kind: 'failed'; reason: string }

/** Runs one engine process to its end. Answered tasks leave `remaining`. */
async function runEngine(
  job: EngineJob,
  remaining: Map<number, EngineTask>,
  listener: EngineListener,
  { signal, hangMs = defaultHangMs }: SupervisorOptions,
): Promise<Outcome> {
  const engine = fork(new URL('./engine-process.ts', import.meta.url), { serialization: 'advanced' })
  const tell = (command: EngineCommand) => void (engine.connected && engine.send(command, () => {}))
  const stop = () => tell({ kind: 'stop' })
  signal.addEventListener('abort', stop)
  const watch = watchForHang(engine, hangMs)
  const ended = once(engine, 'exit') as Promise<[number | null, NodeJS.Signals | null]>
  try {
    let outcome: Outcome | null = null
    let refusal: Error | null = null
    const refuse = (error: Error) => {
      refusal = error
      engine.kill('SIGKILL')
    }
    engine.on('error', () => {})
    engine.on('message', (event: EngineEvent) => {
      if (refusal) return
      if (event.kind === 'loading') {
        watch.sign(event.readBytes)
        listener.onLoading(event.readBytes, event.totalBytes)
      } else if (event.kind === 'loaded') {
        watch.sign('loaded')
        try {
          listener.onLoaded(event.loaded)
        } catch (error) {
          return refuse(error as Error)
        }
        tell({ kind: 'run', tasks: [...remaining.values()] })
        if (signal.aborted) stop()
      } else if (event.kind === 'answer') {
        remaining.delete(event.key)
        listener.onAnswer(event)
      } else if (event.kind === 'token') {
        listener.onToken?.(event)
      } else if (event.kind === 'status') {
        watch.sign(event.progress)
        listener.onStatus?.(event)
      } else if (event.kind === 'done') {
        outcome = { kind: event.stopped ? 'stopped' : 'done' }
      } else if (event.kind === 'failed') {
        const known = { InputError, NoAdapterError }[event.name]
        if (known) refuse(new known(event.message))
        else outcome = { kind: 'failed', reason: event.message }
      } else {
        event satisfies never
      }
    })
    tell({ kind: 'start', job })
    const [code, killedBy] = await ended
    if (refusal) throw refusal
    if (watch.hung) return { kind: 'failed', reason: `no sign of work for ${hangMs / 1000} s` }
    return outcome ?? { kind: 'failed', reason: `its process ended with ${killedBy ?? `code ${code}`}` }
  } finally {
    watch.end()
    signal.removeEventListener('abort', stop)
    if (engine.exitCode === null && engine.signalCode === null) engine.kill('SIGKILL')
  }
}

/** Kills a process that gives no new sign for `hangMs`. */
function watchForHang(engine: ChildProcess, hangMs: number) {
  let last: unknown = null
  let changedMs = performance.now()
  const watch = {
    hung: false,
    sign(value: unknown) {
      if (value !== last) changedMs = performance.now()
      last = value
    },
    end: () => clearInterval(timer),
  }
  const timer = setInterval(
    () => {
      if (performance.now() - changedMs < hangMs) return
      watch.hung = true
      engine.kill('SIGKILL')
    },
    Math.min(1000, hangMs / 4),
  )
  return watch
}
