import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { describe, expect, it } from 'vitest'
import { type GroupScript, numbersOf } from '../../test/support/communicator-worker.ts'
import { createGroupMemory, localCommunicators, soloCommunicator } from './communicator.ts'

/** The sum of all ranks' numbers, added in rank order in f32. */
function sumInRankOrder(ranks: number, round: number, count: number): number[] {
  const sum = numbersOf(0, round, count)
  for (let rank = 1; rank < ranks; rank++) {
    const other = numbersOf(rank, round, count)
    for (let i = 0; i < count; i++) sum[i] = Math.fround(sum[i]! + other[i]!)
  }
  return [...sum]
}

const concatenated = (ranks: number, round: number, count: number) =>
  Array.from({ length: ranks }, (_, rank) => [...numbersOf(rank, round, count)]).flat()

async function runShared(
  ranks: number,
  script: Omit<GroupScript, 'memory' | 'rank'>,
  failingRank: number | null = null,
) {
  const memory = createGroupMemory(ranks, script.count * 4)
  const workers = Array.from({ length: ranks }, (_, rank) => {
    const workerData: GroupScript = {
      ...script,
      memory,
      rank,
      failsAt: rank === failingRank ? script.failsAt : null,
    }
    return new Worker(new URL('../../test/support/communicator-worker.ts', import.meta.url), { workerData })
  })
  const results = await Promise.all(workers.map(worker => once(worker, 'message')))
  return results.map(
    ([result]) => result as { gathered: number[][]; summed: number[][]; error: string | null },
  )
}

describe('shared-memory communicator', () => {
  it.each([
    [2, 1, true],
    [3, 37, false],
    [8, 1000, false],
  ])('of %i ranks with %i numbers gathers and sums in rank order, every time', async (ranks, count, spin) => {
    const rounds = 40
    const results = await runShared(ranks, { rounds, count, failsAt: null, spin })
    for (const { gathered, summed, error } of results) {
      expect(error).toBeNull()
      for (let round = 0; round < rounds; round++) {
        expect(gathered[round]).toEqual(concatenated(ranks, round, count))
        expect(summed[round]).toEqual(sumInRankOrder(ranks, round, count))
      }
    }
  })

  it('ends every rank when one fails', async () => {
    const results = await runShared(3, { rounds: 10, count: 5, failsAt: 4, spin: false }, 1)
    expect(results.map(({ error }) => error?.split(':')[0])).toEqual([
      'GroupAbortedError',
      'Error',
      'GroupAbortedError',
    ])
  })
})

describe('local communicator', () => {
  it.each([1, 2, 5])('of %i ranks gathers and sums in rank order, whoever comes first', async ranks => {
    const communicators = localCommunicators(ranks, 1000)
    for (let round = 0; round < 5; round++) {
      const order = communicators.toSorted((a, b) => ((a.rank + round) % ranks) - ((b.rank + round) % ranks))
      const gathered = await Promise.all(
        order.map(communicator =>
          communicator.allGather(new Uint8Array(numbersOf(communicator.rank, round, 9).buffer)),
        ),
      )
      for (const all of gathered)
        expect([...new Float32Array(all.buffer)]).toEqual(concatenated(ranks, round, 9))
      const summed = await Promise.all(
        order.map(communicator => communicator.allReduce(numbersOf(communicator.rank, round, 9))),
      )
      for (const sum of summed) expect([...sum]).toEqual(sumInRankOrder(ranks, round, 9))
    }
  })

  it('rejects who waits and who comes later once a rank failed', async () => {
    const [first, second, third] = localCommunicators(3, 1000)
    const waiting = first!.allGather(new Uint8Array(4))
    second!.abort('no room')
    await expect(waiting).rejects.toThrow(/rank 1 failed: no room/)
    await expect(third!.allGather(new Uint8Array(4))).rejects.toThrow(/rank 1 failed/)
  })
})

describe('solo communicator', () => {
  it('hands back copies', async () => {
    const mine = new Float32Array([1, 2])
    const sum = await soloCommunicator().allReduce(mine)
    mine[0] = 9
    expect([...sum]).toEqual([1, 2])
  })
})
