import { attentionSplits } from '../../kernels/attention/attention.ts'
import { entropyWords } from '../../kernels/entropy/entropy.ts'
import { elementCount } from '../../kernels/gpu/tensor.ts'
import type { WeightType } from '../../kernels/pack-weight/weight-types.ts'
import { rankShard, type ShardPlan } from '../parallel/plan-shards.ts'
import { activationShapes } from './activations.ts'
import type { ModelConfig } from './config.ts'
import { expertShapes } from './experts.ts'
import { attendedKeys, cacheBytes, mostSplits } from './key-value-cache.ts'
import { stepRows } from './language-model.ts'
import { alikeLayers, type BufferName, rankBuffers, rankWeightBytes, rankWeightParts } from './layout.ts'
import { ropePlaces } from './rope-tables.ts'
import { hostSumBytes, partialSumRows } from './step-context.ts'

/** What a rank makes room for. */
export interface RankRoom {
  /** Sequences at once. */
  sequences: number
  /** Tokens of a sequence, prompt and answer together. */
  contextTokens: number
}

/** Bytes on a rank's device. */
export type RankMemory = ReturnType<typeof rankMemory>

/** The memory of a rank: weights to the byte, cache to the byte, work by the shapes of a full step. */
export function rankMemory(
  config: ModelConfig,
  plan: ShardPlan,
  rank: number,
  dtype: WeightType,
  { sequences, contextTokens }: RankRoom,
) {
  const shard = rankShard(plan, rank)
  const { hiddenSize: D, headDim: d } = config
  const weightBytes = rankWeightBytes(config, plan, rank, dtype)
  const rows = stepRows(config, { sequences, capacity: contextTokens, topK: 1 })
  const ofExperts = Object.values(expertShapes(config, shard) ?? {}).map(([, shape]) => shape)
  const shapes = [...Object.values(activationShapes(config, shard)), ...ofExperts]
  const activations = shapes.reduce((sum, shape) => sum + elementCount(shape), 0)
  const partials = mostSplits(config, contextTokens) * shard.queryHeads.count * (d + 2)
  const ofCache = cacheBytes(config, shard.keyValueHeads.count, sequences, contextTokens)
  // The partial sum to be read, and where all ranks' sums or their total come back.
  const reduced = plan.ranks.length > 1 ? (rows + partialSumRows(plan.ranks.length, rows, D)) * D : 0
  const scored = sequences * (D + shard.vocabulary.count)
  const tables = config.ropes.reduce((sum, one) => sum + ropePlaces(one, contextTokens) * one.width, 0)
  const workBytes = 4 * (rows * (activations + partials) + scored + tables + reduced)
  return {
    weightBytes,
    /** Keys and values of all sequences at full length. */
    cacheBytes: ofCache,
    /** Activations of a step, attention's partial results, logits and what is exchanged: an estimate. */
    workBytes,
    /** All of it together. */
    peakBytes: weightBytes + ofCache + workBytes,
  }
}

/** What a rank does in one decoding step, which gives every sequence a token. Of one sequence it is the cost of a token. */
export type StepCost = ReturnType<typeof stepCost>

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
  dtype: WeightType,
  { sequences, contextTokens }: RankRoom,
) {
  const { layers, headDim, layerAttention } = config
  const { queryHeads, keyValueHeads } = rankShard(plan, rank)
  const { decoder, lmHead } = rankWeightParts(config, plan, rank, dtype)
  const meetings = plan.ranks.length > 1 ? 2 * layers + 2 : 1
  const seen = attendedKeys(config, contextTokens)
  const merges = layerAttention.filter(({ window }) => attentionSplits(contextTokens, window) > 1).length
  return {
    /** Weights and cache that the device reads. */
    readBytes: decoder + lmHead + sequences * seen * 2 * keyValueHeads.count * headDim * 4,
    flops: sequences * (2 * multipliedWeights(config, plan, rank) + 4 * seen * queryHeads.count * headDim),
    /** Between device and host, both ways. */
    messageBytes: messageBytes(config, plan.ranks.length, sequences),
    dispatches: dispatchesBesideLayers + layers * dispatchesOfLayer + merges,
    submits: meetings,
    /** Times the host waits for the device; with several ranks each is a meeting of all of them. */
    synchronisations: meetings,
  }
}

/** How many weights a token is multiplied with: all matrices but the embedding, of which it reads a row. */
function multipliedWeights(config: ModelConfig, plan: ShardPlan, rank: number): number {
  const countOf = new Map(alikeLayers(config).map(({ layer, count }) => [layer, count]))
  // A tied embedding is multiplied with too, as lm_head.
  return rankBuffers({ ...config, tieWordEmbeddings: true }, plan, rank, [...countOf.keys()]).reduce(
    (sum, { name, layer, outputs, inputs }) =>
      sum + (layer === null ? 1 : countOf.get(layer)!) * usedShare(config, name) * outputs * (inputs ?? 0),
    0,
  )
}

/** The part of a buffer that a row is multiplied with: of experts, those that take it. */
function usedShare({ experts }: ModelConfig, name: BufferName): number {
  const isExperts = name === 'expertGateUp' || name === 'expertDown'
  return experts && isExperts ? experts.perToken / experts.count : 1
}

/** Every rank reads its partial sum and its scores, and uploads all ranks' partial sums, or their sum where they are large. */
function messageBytes(config: ModelConfig, ranks: number, sequences: number): number {
  const scores = sequences * (entropyWords * 4 + topTokens * 8)
  if (ranks === 1) return scores
  const partial = sequences * config.hiddenSize * 4
  const uploaded = ranks * partial > hostSumBytes ? partial : ranks * partial
  return scores + (2 * config.layers + 1) * (partial + uploaded)
}
