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
  [8, 128 * mib + 8 * mib],
])('finds nothing amiss on %i ranks that bind %i bytes each', (count, bytes) => {
  expect(findingsOn(count, bytes)).toEqual([])
})

it('says which models fit an adapter of small buffers, and how many ranks the others take', () => {
  expect(findingsOn(1, gib)).toEqual([
    {
      problem:
        'rank 0: one buffer holds 1073741824 bytes at most, qwen2.5-7b has one of 1089994752 on one rank',
      remedy:
        'run such a model on more ranks: qwen2.5-7b from --tp 2 on, qwen2.5-14b from --tp 2 on, qwen2.5-32b from --tp 2 on, ' +
        'qwen2.5-72b from --tp 3 on; on one rank fit qwen2.5-0.5b, qwen2.5-1.5b, qwen2.5-3b',
    },
  ])
  const [small] = findingsOn(2, 256 * mib)
  expect(small!.problem).toMatch(/^ranks 0, 1: .* has one of 544997376 on 2 ranks$/)
  expect(small!.remedy).toMatch(
    /qwen2\.5-3b from --tp 3 on, .*; on 2 ranks fit qwen2\.5-0\.5b, qwen2\.5-1\.5b$/,
  )
  const [tiny] = findingsOn(1, 2 ** 20)
  expect(tiny!.remedy).toMatch(/qwen2\.5-0\.5b on none, .*; on one rank none of the published sizes fits$/)
})
