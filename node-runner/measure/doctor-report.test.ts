import { expect, it } from 'vitest'
import { type Finding, findingsOf, type RankReport } from './doctor-report.ts'

/** Findings on so many like GPUs whose buffers hold so many bytes at most. */
function findingsOn(count: number, bytes: number): Finding[] {
  const ranks = Array.from(
    { length: count },
    (_, rank): RankReport => ({
      ...{ rank, adapter: `GPU #${rank}`, kind: 'gpu', sharedBy: [rank], name: 'GPU', opens: true },
      limits: { maxStorageBufferBindingSize: bytes, maxBufferSize: bytes + 16 },
      features: { 'timestamp-query': true },
    }),
  )
  return findingsOf(ranks, null)
}

const gib = 2 ** 30
const mib = 2 ** 20

it.each([
  [1, 2 * gib - 4],
  [2, gib],
  [8, 128 * mib],
])('finds nothing amiss on %i ranks that bind %i bytes each', (count, bytes) => {
  expect(findingsOn(count, bytes)).toEqual([])
})
