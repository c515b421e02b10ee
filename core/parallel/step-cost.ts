import { stretchKeys } from '../../kernels/attention/attention.ts'
import { entropyWords } from '../../kernels/entropy/entropy.ts'
import type { WeightDtype } from '../formats/safetensors.ts'
import type { ModelConfig } from '../model/config.ts'
import { cacheBytesPerToken } from '../model/key-value-cache.ts'
import { rankShard, type ShardPlan } from './plan-shards.ts'
import { hostSumBytes } from './rank-group.ts'
import type { RankRoom } from './rank-memory.ts'
import { rankWeightParts } from './rank-weight-bytes.ts'

/** What a rank does in one decoding step, which gives every sequence a token. Of one sequence it is the cost of a token. */
export interface StepCost {
  /** Weights and cache that the device reads. */
  readBytes: number
  flops: number
  /** Between device and host, both ways. */
  messageBytes: number
  dispatches: number
  submits: number
  /** Times the host waits for the device; with several ranks each is a meeting of all of them. */
  synchronisations: number
}

/** Likeliest tokens that come back with every score. */
const topTokens = 5
/** embed, the first norm; then lm_head, entropy (2), top-k (2). */
const dispatchesBesideLayers = 7
/** Linear, rope, attention, linear, norm, linear, linear, norm. */
const dispatchesOfLayer = 8

/** The cost of a greedy step of `sequences` sequences that are `contextTokens` long, on a rank whose adapter is a GPU. */
export function stepCost(
  config: ModelConfig,
  plan: ShardPlan,
  rank: number,
  dtype: WeightDtype,
  { sequences, contextTokens }: RankRoom,
): StepCost {
  const shard = rankShard(plan, rank)
  const { hiddenSize: D, headDim: d, layers } = config
  const queryWidth = shard.queryHeads.count * d
  const keyValueWidth = shard.keyValueHeads.count * d
  const { decoder, lmHead } = rankWeightParts(config, plan, rank, dtype)
  const cacheOfToken = cacheBytesPerToken({ ...config, keyValueHeads: shard.keyValueHeads.count })
  const weights =
    layers * D * (2 * queryWidth + 2 * keyValueWidth + 3 * shard.mlp.count) + shard.vocabulary.count * D
  const meetings = plan.ranks.length > 1 ? 2 * layers + 2 : 1
  const attentionDispatches = contextTokens > stretchKeys ? 2 : 1
  return {
    readBytes: decoder + lmHead + sequences * contextTokens * cacheOfToken,
    flops: sequences * (2 * weights + 4 * layers * queryWidth * contextTokens),
    messageBytes: messageBytes(config, plan.ranks.length, sequences),
    dispatches: dispatchesBesideLayers + layers * (dispatchesOfLayer - 1 + attentionDispatches),
    submits: meetings,
    synchronisations: meetings,
  }
}

/** Every rank reads its partial sum and its scores, and uploads all ranks' partial sums, or their sum where they are large. */
function messageBytes(config: ModelConfig, ranks: number, sequences: number): number {
  const scores = sequences * (entropyWords * 4 + topTokens * 8)
  if (ranks === 1) return scores
  const partial = sequences * config.hiddenSize * 4
  const uploaded = ranks * partial > hostSumBytes ? partial : ranks * partial
  return scores + (2 * config.layers + 1) * (partial + uploaded)
}
