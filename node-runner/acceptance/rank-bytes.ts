import { planShards } from '../../core/parallel/plan-shards.ts'
import { type RankMemory, rankMemory } from '../../core/parallel/rank-memory.ts'
import type { AcceptanceRequest } from './acceptance-request.ts'

/** What is planned for a rank, and what its device holds. */
export interface RankBytes {
  rank: number
  adapterName: string
  planned: RankMemory
  /** Bytes in buffers of its device once all is made for the run. */
  deviceBytes: number
  holds: boolean
}

/** The memory of every rank of a run with so many sequences of `contextTokens` tokens. */
export function rankBytes(
  { config, dtype, tp, bounds }: AcceptanceRequest,
  loaded: { adapterNames: readonly string[]; deviceBytes: readonly number[] },
  room: { sequences: number; contextTokens: number },
): RankBytes[] {
  const plan = planShards(config, tp)
  return plan.ranks.map(({ rank }) => {
    const planned = rankMemory(config, plan, rank, dtype, room)
    const deviceBytes = loaded.deviceBytes[rank] ?? Number.NaN
    const least = planned.weightBytes + planned.cacheBytes
    const most = planned.peakBytes * (1 + bounds.memoryShare) + bounds.memoryBytes
    return {
      rank,
      adapterName: loaded.adapterNames[rank] ?? 'unknown',
      planned,
      deviceBytes,
      holds: deviceBytes >= least && deviceBytes <= most,
    }
  })
}
