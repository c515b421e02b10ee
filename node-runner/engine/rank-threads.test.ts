import { setTimeout } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { GroupAbortedError } from '../../core/parallel/communicator.ts'
import { settleRanks } from './rank-threads.ts'

/** An error as it arrives from another thread: its name is that of its class, which it no longer has. */
const arrived = (error: Error) => Object.assign(new Error(error.message), { name: error.name })
const failsAfter = (ms: number, error: Error) =>
  setTimeout(ms).then(() => {
    throw error
  })
const never = new Promise<number>(() => {})

describe('settleRanks', () => {
  it('gives every result, in order', async () => {
    expect(await settleRanks([setTimeout(20, 1), setTimeout(0, 2), Promise.resolve(3)], 1000)).toEqual([
      1, 2, 3,
    ])
  })

  it.each([
    [0, 30],
    [30, 0],
  ])(
    'throws the cause, also where a consequence arrives first (%i and %i ms)',
    async (cause, consequence) => {
      const calls = [
        failsAfter(consequence, arrived(new GroupAbortedError('rank 0: another rank of the group failed'))),
        failsAfter(cause, arrived(new RangeError('rank 1 met a bad tensor'))),
        failsAfter(60, arrived(new TypeError('rank 2 failed too, later'))),
      ]
      await expect(settleRanks(calls, 1000)).rejects.toThrow('rank 1 met a bad tensor')
    },
  )

  it('does not wait for ever for a rank that does not end', async () => {
    const started = performance.now()
    await expect(settleRanks([never, failsAfter(0, new Error('lost'))], 100)).rejects.toThrow('lost')
    expect(performance.now() - started).toBeGreaterThanOrEqual(95)
  })

  it('throws a consequence where the cause never arrives', async () => {
    const consequence = arrived(new GroupAbortedError('another rank failed'))
    await expect(settleRanks([never, failsAfter(0, consequence)], 50)).rejects.toThrow('another rank failed')
  })
})
