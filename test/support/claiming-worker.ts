// A rank of tests that claims shared work in a thread of its own, as fast as it can.
import { parentPort, workerData } from 'node:worker_threads'
import { type GroupMemory, sharedMemoryCommunicator } from '../../core/parallel/communicator.ts'
import { type TaskQueue, TaskQueueClient } from '../../node-runner/engine/task-queue.ts'

/** What such a rank is started with. */
export interface ClaimScript {
  work: TaskQueue
  exchange: GroupMemory
  group: number
  member: number
  /** Steps after which the first rank of the first group asks all to stop; null for never. */
  asksToStopAt: number | null
}

/** What it claimed, and before which step it stopped; null where the work was done before. */
export interface ClaimReport {
  group: number
  member: number
  claims: { key: number; promptIds: readonly number[] }[]
  stoppedBefore: number | null
}

/** As generation does it: asks whether to stop, claims a task, meets the others of the group. */
async function claimAll({ work, exchange, group, member, asksToStopAt }: ClaimScript): Promise<ClaimReport> {
  const view = new TaskQueueClient(work, group, member === 0)
  const meeting = sharedMemoryCommunicator(exchange, member, false)
  const requests = view.requests()
  const claims: ClaimReport['claims'] = []
  for (let step = 1; !view.shouldStop(); step++) {
    if (step === asksToStopAt) view.askToStop()
    const next = requests.next()
    if (next.done) return { group, member, claims, stoppedBefore: null }
    const { key, promptIds } = next.value
    claims.push({ key, promptIds })
    await meeting.allGather(new Uint8Array(4))
  }
  return { group, member, claims, stoppedBefore: claims.length + 1 }
}

if (parentPort) parentPort.postMessage(await claimAll(workerData as ClaimScript))
