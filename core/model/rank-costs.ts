import { attentionSplits } from '../../kernels/attention/attention.ts'
import { entropyPartialWords, entropyWords } from '../../kernels/entropy/entropy.ts'
import { elementCount } from '../../kernels/gpu/tensor.ts'
import { topKCandidateWords } from '../../kernels/top-k/top-k.ts'
import { rankShard, type ShardPlan } from '../parallel/plan-shards.ts'
import { activationShapes } from './activations.ts'
import type { ModelConfig } from './config.ts'
import { expertShapes } from './experts.ts'
import { halvesOf, isSplit, rowsOfSecondHalf, stepPlaces } from './halves.ts'
import { attendedKeys, cacheBytes, mostSplits } from './key-value-cache.ts'
import { stepRows } from './language-model.ts'
import {
  alikeLayers,
  type BufferName,
  holdsExperts,
  isExpertLayer,
  rankBuffers,
  rankWeightBytes,
  rankWeightParts,
  type WeightTypes,
} from './layout.ts'
import { ropePlaces } from './rope-tables.ts'
import { scoreBytes, stepsInFlight } from './scores.ts'
import { hostSumBytes, partialSumRows } from './step-context.ts'
import { inputWords } from './step-inputs.ts'

/** What a rank makes room for. */
export interface RankRoom {
  /** Sequences at once. */
  sequences: number
  /** Tokens of a sequence, prompt and answer together. */
  contextTokens: number
}

/** Bytes on a rank's device. */
export type RankMemory = ReturnType<typeof rankMemory>

/** The memory of a rank: weights, cache and what a full step computes, each as the device allocates it. `kind` is its adapter's. */
export function rankMemory(
  config: ModelConfig,
  plan: ShardPlan,
  rank: number,
  types: WeightTypes,
  { sequences, contextTokens }: RankRoom,
  kind: 'cpu' | 'gpu' = 'gpu',
) {
  const shard = rankShard(plan, rank)
  const { hiddenSize: D, headDim: d } = config
  const weightBytes = rankWeightBytes(config, plan, rank, types)
  const rows = stepRows(config, { sequences, capacity: contextTokens, topK: topTokens })
  const ofExperts = Object.values(expertShapes(config, shard) ?? {}).map(([, shape]) => shape)
  const elements = (of: readonly (readonly number[])[]) =>
    of.reduce((sum, shape) => sum + elementCount(shape), 0)
  const H = shard.queryHeads.count
  const splits = kind === 'cpu' ? 1 : mostSplits(config, contextTokens)
  const partials = splits * H * (splits === 1 ? 2 : d + 2)
  const ofCache = cacheBytes(config, shard.keyValueHeads.count, sequences, contextTokens)
  const ranks = plan.ranks.length
  const places = stepPlaces(kind, ranks, rows)
  // The partial sum to be read, of each half of a step, and where all ranks' sums or their total come back.
  const readable = rows + (isSplit(kind, ranks, rows) ? rowsOfSecondHalf(rows) : 0)
  const reduced = ranks > 1 ? (readable + partialSumRows(ranks, rows, D)) * D : 0
  const tables = config.ropes.reduce((sum, one) => sum + ropePlaces(one, contextTokens) * one.width, 0)
  const workBytes =
    4 *
      (places * elements(Object.values(activationShapes(config, shard))) +
        rows * (elements(ofExperts) + partials) +
        inputWords(places, sequences) +
        tables +
        reduced) +
    headBytes(sequences, D, shard.vocabulary.count, ranks)
  return {
    weightBytes,
    /** Keys and values of all sequences at full length. */
    cacheBytes: ofCache,
    /** Activations of a step, attention's partial results, logits and what is exchanged. */
    workBytes,
    /** All of it together. */
    peakBytes: weightBytes + ofCache + workBytes,
  }
}

/** What scores so many rows of a rank's V logits: the rows, logits, what is summed and chosen of them, and copies to be read of each step in flight. */
function headBytes(rows: number, D: number, V: number, ranks: number): number {
  const words = rows * (D + V) + entropyPartialWords(rows, V) + topKCandidateWords(rows, V, topTokens)
  // Rows of known tokens, ranks of tokens and copies of slots, beside what is read back.
  return 4 * (words + 5 * rows) + (1 + stepsInFlight(ranks)) * scoreBytes(rows, topTokens)
}

/** What a rank does in one decoding step, which gives every sequence a token. Of one sequence it is the cost of a token. */
export type StepCost = ReturnType<typeof stepCost>

/** Likeliest tokens that come back with every score. */
const topTokens = 5
/** embed, the first norm. */
const dispatchesOfStart = 2
/** lm_head, entropy (2), top-k (2). */
const dispatchesOfHead = 5
/** Linear, rope, attention, linear, norm; then what the MLP takes; norm. */
const dispatchesOfLayer = 6

/** The cost of a greedy step of `sequences` sequences that are `contextTokens` long, on a rank whose adapter is a GPU. */
export function stepCost(
  config: ModelConfig,
  plan: ShardPlan,
  rank: number,
  types: WeightTypes,
  { sequences, contextTokens }: RankRoom,
) {
  const { layers, headDim, layerAttention } = config
  const { queryHeads, keyValueHeads } = rankShard(plan, rank)
  const weights = rankWeightParts(config, plan, rank, types)
  // Norms over all heads are of all ranks together.
  const ofHeads = config.queryKeyNorm === 'full' ? layers : 0
  const halves = isSplit('gpu', plan.ranks.length, sequences) ? halvesOf(sequences) : null
  const passes = halves ? halves.length : 1
  const meetings = plan.ranks.length > 1 ? passes * (2 * layers + 1 + ofHeads) + 1 : 1
  // The rows that are scored are gathered where a gap parts the halves.
  const gathers = halves && halves[1].first > halves[0].count ? 1 : 0
  const seen = attendedKeys(config, contextTokens)
  const merges = layerAttention.filter(({ window }) => attentionSplits(contextTokens, window) > 1).length
  const rowsOfPasses = halves ? halves.map(({ count }) => count) : [sequences]
  const ofMlps = rowsOfPasses.flatMap(rows =>
    layerAttention.map((_, layer) => mlpDispatches(config, layer, rows)),
  )
  return {
    /** Weights and cache that the device reads. */
    readBytes:
      passes * weights.decoder +
      rowsOfPasses.reduce((sum, rows) => sum + weights.experts * readShare(config, rows), 0) +
      weights.lmHead +
      sequences * seen * 2 * keyValueHeads.count * headDim * 4,
    flops: sequences * (2 * multipliedWeights(config, plan, rank) + 4 * seen * queryHeads.count * headDim),
    /** Between device and host, both ways. */
    messageBytes: messageBytes(config, plan.ranks.length, rowsOfPasses),
    dispatches:
      dispatchesOfHead +
      gathers +
      passes * (dispatchesOfStart + layers * dispatchesOfLayer + ofHeads + merges + weights.furtherPieces) +
      ofMlps.reduce((sum, count) => sum + count, 0),
    /** Whether the device computes while messages travel: a step of several rows over several ranks runs in halves. */
    overlaps: halves !== null,
    submits: meetings + passes - 1,
    /** Times the host waits for the device; with several ranks each is a meeting of all of them. */
    synchronisations: meetings,
  }
}

/**
 * Dispatches of a layer's MLP: gate with up, and down. Of experts the router, the choice (two where rows share tiles), both
 * products and their sum; two products of a shared expert, and its gate.
 */
function mlpDispatches(config: ModelConfig, layer: number, rows: number): number {
  const { experts } = config
  if (!experts || !isExpertLayer(config, layer)) return 2
  const ofShared = experts.shared ? (experts.shared.gated ? 3 : 2) : 0
  return 5 + (rows * experts.perToken > experts.count ? 1 : 0) + ofShared
}

/** The part of all experts that so many rows read, each choosing its own as if by lot. */
function readShare({ experts }: ModelConfig, rows: number): number {
  return experts ? 1 - (1 - experts.perToken / experts.count) ** rows : 0
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
  return experts && holdsExperts(name) ? experts.perToken / experts.count : 1
}

/** Every rank reads its partial sum and its scores, and uploads all ranks' partial sums, or their sum where they are large. */
function messageBytes(config: ModelConfig, ranks: number, rowsOfPasses: readonly number[]): number {
  const sequences = rowsOfPasses.reduce((sum, rows) => sum + rows, 0)
  const scores = sequences * (entropyWords * 4 + topTokens * 8)
  if (ranks === 1) return scores
  const sums = rowsOfPasses.reduce((sum, rows) => {
    const partial = rows * config.hiddenSize * 4
    return sum + partial + (ranks * partial > hostSumBytes ? partial : ranks * partial)
  }, 0)
  const ofHeads = config.queryKeyNorm === 'full' ? config.layers * sequences * 2 * 4 * 2 : 0
  return scores + (2 * config.layers + 1) * sums + ofHeads
}
