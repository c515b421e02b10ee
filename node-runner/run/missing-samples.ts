import type { SampleName } from './journal.ts'
import type { RunDescription } from './run-description.ts'

/** Samples of a whole run that are in none of its parts. */
export interface MissingSamples {
  count: number
  /** How many the run has. */
  total: number
  /** Which shards lack how many, as "2/3 (all 5), 3/3 (1 of 5)"; empty where not all parts are shards of one division. */
  shards: string
}

/** What is missing of a run that was joined from parts; `has` says whether a sample is there. */
export function findMissing(
  run: RunDescription,
  parts: readonly Pick<RunDescription, 'shard'>[],
  has: (sample: SampleName) => boolean,
): MissingSamples {
  const { samples } = run.decoding
  const counts = parts.map(({ shard }) => Number(shard?.split('/')[1] ?? Number.NaN))
  const [shardCount = 1] = counts
  const shards = new Map<number, { missing: number; total: number }>()
  let count = 0
  for (let problemIndex = 0; problemIndex < run.limit; problemIndex++) {
    const shard = problemIndex % shardCount
    const ofShard = shards.get(shard) ?? { missing: 0, total: 0 }
    shards.set(shard, ofShard)
    for (let sampleIndex = 0; sampleIndex < samples; sampleIndex++) {
      ofShard.total++
      if (has({ problemIndex, sampleIndex })) continue
      ofShard.missing++
      count++
    }
  }
  const gaps = [...shards].filter(([, { missing }]) => missing > 0)
  const described = gaps.map(
    ([shard, { missing, total }]) =>
      `${shard + 1}/${shardCount} (${missing === total ? `all ${total}` : `${missing} of ${total}`})`,
  )
  const isOneDivision = counts.every(other => other === shardCount)
  return { count, total: run.limit * samples, shards: isOneDivision ? described.join(', ') : '' }
}
