// An engine process that computes nothing and ends as it is told: what a supervisor is tested with.
import { appendFileSync, readFileSync } from 'node:fs'
import type { EngineCommand, EngineEvent, EngineTask } from '../../node-runner/engine/messages.ts'

/** What a fake engine does, one thing after another. */
export type FakeAction =
  | 'load'
  | 'answer one'
  | 'answer all'
  | 'done'
  | 'exit'
  | 'die'
  | 'hang'
  | 'wait for stop'
  | { fails: string; message: string }

/** The model of a job for a fake engine, as JSON. */
export interface FakeScript {
  /** A file that grows by a line at every start: the process id. */
  starts: string
  /** What the engine does at its first start, its second, ...; the last is repeated. */
  lives: FakeAction[][]
}

const send = (event: EngineEvent) => new Promise<void>(resolve => process.send?.(event, () => resolve()))
let resolveRun: (tasks: EngineTask[]) => void
const run = new Promise<EngineTask[]>(resolve => (resolveRun = resolve))
let resolveStop: () => void
const stop = new Promise<void>(resolve => (resolveStop = resolve))
process.on('disconnect', () => process.exit(1))

process.on('message', (command: EngineCommand) => {
  if (command.kind === 'start') void live(JSON.parse(command.job.model) as FakeScript)
  else if (command.kind === 'run') resolveRun(command.tasks)
  else resolveStop()
})

async function live({ starts, lives }: FakeScript): Promise<void> {
  appendFileSync(starts, `${process.pid}\n`)
  const life = readFileSync(starts, 'utf8').split('\n').length - 2
  let tasks: EngineTask[] = []
  for (const action of lives[Math.min(life, lives.length - 1)]!) {
    if (action === 'load') {
      await send({ kind: 'loading', readBytes: 10, totalBytes: 10 })
      await send({
        kind: 'loaded',
        loaded: { adapters: [], adapterNames: [], deviceBytes: [], weightDigest: '0' },
      })
      tasks = [...(await run)]
    } else if (action === 'answer one') await answer(tasks.shift()!)
    else if (action === 'answer all') for (const task of tasks.splice(0)) await answer(task)
    else if (action === 'done') await send({ kind: 'done', stopped: false })
    else if (action === 'exit') process.exit(7)
    else if (action === 'die') process.kill(process.pid, 'SIGKILL')
    else if (action === 'hang') for (;;) await new Promise(resolve => setTimeout(resolve, 1000))
    else if (action === 'wait for stop') {
      await stop
      await send({ kind: 'done', stopped: true })
    } else await send({ kind: 'failed', name: action.fails, message: action.message })
  }
}

/** An answer that says which task it is of. */
function answer({ key, promptIds }: EngineTask): Promise<void> {
  const generation = {
    tokens: [],
    finishReason: 'stop' as const,
    error: `task of ${promptIds.join(',')}`,
    durationMs: 1,
  }
  return send({ kind: 'answer', key, generation })
}
