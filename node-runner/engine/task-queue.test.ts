import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createGroupMemory, GroupAbortedError } from '../../core/parallel/communicator.ts'
import type { ClaimReport, ClaimScript } from '../../test/support/claiming-worker.ts'
import type { EngineTask } from './messages.ts'
import { createTaskQueue, TaskQueueClient } from './task-queue.ts'

/** Tasks of different lengths, empty ones among them, whose keys are not their places. */
const makeTasks = (count: number): EngineTask[] =>
  Array.from({ length: count }, (_, i) => ({
    key: (i * 7919) % 2 ** 31,
    promptIds: Array.from({ length: i % 5 }, (_, j) => i * 10 + j),
  }))

/** Lets groups of `ranks` threads each claim the tasks. */
async function claimTogether(
  tasks: EngineTask[],
  groups: number,
  ranks: number,
  asksToStopAt: number | null,
) {
  const queue = createTaskQueue(tasks, groups)
  const reports: Promise<ClaimReport>[] = []
  for (let group = 0; group < groups; group++) {
    const exchange = createGroupMemory(ranks, 64)
    for (let member = 0; member < ranks; member++) {
      const asks = group === 0 && member === 0 ? asksToStopAt : null
      const workerData: ClaimScript = { work: queue, exchange, group, member, asksToStopAt: asks }
      const script = new URL('../../test/support/claiming-worker.ts', import.meta.url)
      reports.push(once(new Worker(script, { workerData }), 'message').then(([report]) => report))
    }
  }
  return Promise.all(reports)
}

const byKey = (a: EngineTask, b: EngineTask) => a.key - b.key

describe('a task queue over threads', () => {
  it.each([
    [1, 3],
    [3, 2],
    [4, 1],
  ])('is claimed once by one of %i groups, and alike by the %i ranks of it', async (groups, ranks) => {
    const tasks = makeTasks(400)
    const reports = await claimTogether(tasks, groups, ranks, null)
    const leaders = reports.filter(({ member }) => member === 0)
    expect(leaders.flatMap(({ claims }) => claims).sort(byKey)).toEqual(tasks.toSorted(byKey))
    for (const { group, claims, stoppedBefore } of reports) {
      expect(claims).toEqual(leaders[group]!.claims)
      expect(stoppedBefore).toBeNull()
    }
  })

  it('is stopped by all ranks of a group before the same step', async () => {
    const tasks = makeTasks(100_000)
    const reports = await claimTogether(tasks, 2, 3, 40)
    const [first, second] = [0, 1].map(wanted => reports.filter(({ group }) => group === wanted))
    // Asked for within step 40: the leader sees it before step 41 and names the one after.
    expect(first!.map(report => report.stoppedBefore)).toEqual([42, 42, 42])
    expect(new Set(second!.map(report => report.stoppedBefore)).size).toBe(1)
    expect(second![0]!.stoppedBefore).not.toBeNull()
  })
})

describe('a task queue on one thread', () => {
  it('is claimed in the order of the queue, whoever asks next', () => {
    fc.assert(
      fc.property(fc.nat(12), fc.array(fc.nat(3), { maxLength: 40 }), (count, turns) => {
        const tasks = makeTasks(count)
        const queue = createTaskQueue(tasks, 4)
        const queues = [0, 1, 2, 3].map(group => new TaskQueueClient(queue, group, true).requests())
        const taken = turns.map(group => queues[group]!.next().value)
        expect(taken.filter(Boolean)).toEqual(tasks.slice(0, turns.length))
      }),
    )
  })

  it('lets a follower wait no longer once a rank failed', () => {
    const queue = createTaskQueue(makeTasks(3), 1)
    const follower = new TaskQueueClient(queue, 0, false)
    const leader = new TaskQueueClient(queue, 0, true)
    expect(leader.requests().next().value).toEqual(follower.requests().next().value)
    leader.fail()
    const again = new TaskQueueClient(queue, 0, false).requests()
    expect(again.next().done).toBe(false)
    expect(() => again.next()).toThrow(GroupAbortedError)
  })

  it('counts tokens and steps over all views', () => {
    const queue = createTaskQueue([], 2)
    const views = [0, 1].map(group => new TaskQueueClient(queue, group, true))
    for (const view of views) view.countToken()
    views[0]!.countProgress()
    expect(views.map(({ tokens, progress }) => [tokens, progress])).toEqual([
      [2, 1],
      [2, 1],
    ])
  })
})
