import { fork } from 'node:child_process'
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
  /** The program of the engine process. */
  engine?: URL
}

const engineProgram = new URL('./engine-process.ts', import.meta.url)
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
    if (options.signal.aborted) return false
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
  const watch = watchForHang(hangMs, () =>
    end({ kind: 'failed', reason: `no sign of work for ${hangMs / 1000} s` }),
  )
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
      else end({ kind: 'failed', reason: `it called itself done with ${remaining.size} tasks unanswered` })
    } else if (event.kind === 'failed') {
      const known = { InputError, NoAdapterError }[event.name]
      if (known) refuse(new known(event.message))
      else end({ kind: 'failed', reason: event.message })
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
    return outcome ?? { kind: 'failed', reason: `its process ended with ${killedBy ?? `code ${code}`}` }
  } finally {
    watch.end()
    signal.removeEventListener('abort', stop)
    if (engine.exitCode === null && engine.signalCode === null) engine.kill('SIGKILL')
  }
}

/** Calls `onHang` once no new sign came for `hangMs`. */
function watchForHang(hangMs: number, onHang: () => void) {
  let last: unknown = null
  let changedMs = performance.now()
  const look = () => {
    if (performance.now() - changedMs >= hangMs) onHang()
  }
  const timer = setInterval(look, Math.min(1000, hangMs / 4))
  return {
    sign(value: unknown) {
      if (value !== last) changedMs = performance.now()
      last = value
    },
    end: () => clearInterval(timer),
  }
}
