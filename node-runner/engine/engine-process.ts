// The engine: a process whose threads are the ranks of a mesh. A supervisor starts it, feeds it and starts it again when
// it dies; a thread that ends while its device has a buffer mapping pending takes the whole process along.
import { proxy } from 'comlink'
import { DigestSum } from '../../core/files/sha256.ts'
import { communicatorSlotBytes } from '../../core/model/load-model.ts'
import { createGroupMemory } from '../../core/parallel/communicator.ts'
import { assignAdapters } from '../adapter/rank-adapters.ts'
import { serveParent } from '../files/processes.ts'
import { interrupts } from '../terminal/end-signals.ts'
import { describeLoading } from './load-rank.ts'
import type { EngineCommand, EngineEvent, EngineJob, EngineTask, LoadedEngine } from './messages.ts'
import { RankThread, settleRanks } from './rank-threads.ts'
import type { RankListener } from './rank-worker.ts'
import { createTaskQueue, TaskQueueClient } from './task-queue.ts'

/** Milliseconds between two reports of how far the work is. */
const statusIntervalMs = 500
/** How long ranks get to end what they are at after one of them failed. */
const settleMs = 5000

let threads: RankThread[] = []
let stop = () => {}
let job: EngineJob | null = null

async function start(started: EngineJob): Promise<void> {
  job = started
  const { tp, dp } = started.mesh
  const { config, bytes } = await describeLoading(started, tp)
  const totalBytes = bytes * dp
  const adapters = await assignAdapters(started.adapter, tp * dp)
  const slotBytes = communicatorSlotBytes(config, started.room)
  const groups = Array.from({ length: dp }, () => (tp > 1 ? createGroupMemory(tp, slotBytes) : null))
  threads = adapters.map((adapter, rank) => {
    return new RankThread({ job: started, rank, adapter, exchange: groups[Math.floor(rank / tp)] ?? null })
  })
  let readBytes = 0
  let saidMs = 0
  const onRead = proxy((bytes: number) => {
    readBytes += bytes
    if (readBytes < totalBytes && performance.now() - saidMs < 100) return
    saidMs = performance.now()
    send({ kind: 'loading', readBytes, totalBytes })
  })
  const ranks = await onAllRanks(thread => thread.api.load(onRead))
  const digest = new DigestSum()
  for (const { weightDigest } of ranks.slice(0, tp)) digest.addHex(weightDigest)
  const loaded: LoadedEngine = {
    adapters,
    adapterNames: ranks.map(rank => rank.adapterName),
    deviceBytes: ranks.map(rank => rank.deviceBytes),
    weightDigest: digest.hex,
  }
  send({ kind: 'loaded', loaded })
}

async function run(tasks: EngineTask[]): Promise<void> {
  const queue = createTaskQueue(tasks, job!.mesh.dp)
  const client = new TaskQueueClient(queue, 0, false)
  stop = () => client.askToStop()
  const listener = proxy<RankListener>({
    onAnswer: (key, generation) => send({ kind: 'answer', key, generation }),
    onToken: (key, token) => send({ kind: 'token', key, token }),
  })
  const report = () => {
    const { tokens, progress } = client
    send({ kind: 'status', tokens, progress, hostBytes: process.memoryUsage.rss() })
  }
  const timer = setInterval(report, statusIntervalMs)
  const stopped = await onAllRanks(thread => thread.api.run(queue, listener))
  clearInterval(timer)
  report()
  send({ kind: 'done', stopped: stopped.some(Boolean) })
}

function onAllRanks<T>(call: (thread: RankThread) => Promise<T>): Promise<T[]> {
  return settleRanks(
    threads.map(thread => thread.call(call(thread))),
    settleMs,
  )
}

function send(event: EngineEvent): void {
  process.send?.(event, () => {})
}

serveParent(async (command: EngineCommand) => {
  try {
    if (command.kind === 'stop') stop()
    else await (command.kind === 'start' ? start(command.job) : run(command.tasks))
  } catch (error) {
    // The supervisor ends the engine then: to end threads in the midst of their work aborts the process.
    const { name, message } = error instanceof Error ? error : new Error(String(error))
    send({ kind: 'failed', name, message })
  }
})
// The supervisor answers Ctrl-C.
if (process.send) for (const name of interrupts) process.on(name, () => {})
