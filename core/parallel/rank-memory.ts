import { stretchKeys } from '../../kernels/attention/attention.ts'
import type { WeightDtype } from '../formats/safetensors.ts'
import type { ModelConfig } from '../model/config.ts'
import { cacheBytesPerToken } from '../model/key-value-cache.ts'
import { stepRows } from '../model/language-model.ts'
import { rankShard, type ShardPlan } from './plan-shards.ts'
import { hostSumBytes } from './rank-group.ts'
import { rankWeightBytes } from './rank-weight-bytes.ts'

/** What a rank makes room for. */
export interface RankRoom {
  /** Sequences at once. */
  sequences: number
  /** Tokens of a sequence, prompt and answer together. */
  contextTokens: number
}

/** Bytes on a rank's device. */
export interface RankMemory {
  weightBytes: number
  /** Keys and values of all sequences at full length. */
  cacheBytes: number
  /** Activations of a step, attention's partial results, logits and what is exchanged: an estimate. */
  workBytes: number
  /** All of it together. */
  peakBytes: number
}

/** The memory of a rank: weights to the byte, cache to the byte, work by the shapes of a full step. */
export function rankMemory(
  config: ModelConfig,
  plan: ShardPlan,
  rank: number,
  dtype: WeightDtype,
  { sequences, contextTokens }: RankRoom,
): RankMemory {
  const shard = rankShard(plan, rank)
  const { hiddenSize: D, headDim: d } = config
  const H = shard.queryHeads.count
  const K = shard.keyValueHeads.count
  const F = shard.mlp.count
  const V = shard.vocabulary.count
  const weightBytes = rankWeightBytes(config, plan, rank, dtype)
  const cacheBytes = sequences * contextTokens * cacheBytesPerToken({ ...config, keyValueHeads: K })

  const pieces = Math.ceil(contextTokens / stretchKeys)
  const rows = stepRows(config, { sequences, capacity: contextTokens, topK: 1 })
  const activations = 3 * D + (H + 2 * K) * d + 2 * H * d + F
  const partials = pieces * H * (d + 2)
  const workBytes =
    4 * (rows * (activations + partials) + sequences * (D + V) + contextTokens * d) +
    exchangeBytes(plan.ranks.length, rows, D * 4)
  return { weightBytes, cacheBytes, workBytes, peakBytes: weightBytes + cacheBytes + workBytes }
}

/** The partial sum to be read, and where all ranks' sums or their total come back. */
function exchangeBytes(ranks: number, rows: number, rowBytes: number): number {
  if (ranks === 1) return 0
  const rowsOnDevice = Math.min(rows, Math.max(1, Math.floor(hostSumBytes / (ranks * rowBytes))))
  return rows * rowBytes + Math.max(rows, ranks * rowsOnDevice) * rowBytes
}
