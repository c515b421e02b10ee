import { attention, type HeadGroups } from '../../kernels/attention/attention.ts'
import { embed } from '../../kernels/embed/embed.ts'
import { type Tensor, viewTensor } from '../../kernels/gpu/tensor.ts'
import { linear } from '../../kernels/linear/linear.ts'
import { type HeadNorm, headSquares, rope } from '../../kernels/rope/rope.ts'
import type { ChosenTokens } from '../../kernels/shared/row-token.ts'
import type { Range } from '../parallel/plan-shards.ts'
import type { Activations } from './activations.ts'
import type { ModelConfig } from './config.ts'
import { mixtureOfExperts } from './experts.ts'
import type { KeyValueCache } from './key-value-cache.ts'
import type { LayerWeights, ModelWeights } from './layout.ts'
import type { StepContext } from './step-context.ts'

/** What a forward pass reads and writes. */
export interface ForwardPass {
  config: ModelConfig
  weights: ModelWeights
  /** Of each of the config's rotations the table, and whether long sequences have turns of their own in it. */
  ropes: { table: Tensor; hasLongTurns: boolean }[]
  cache: KeyValueCache
  /** Which query heads share a key-value head. */
  heads: HeadGroups
  /** The key heads that this rank counts where all ranks' are counted once, among its own. */
  keyHeads: Range
  /** Of the N rows of this pass: ids, positions and slots filled in, and turns where rotations have long ones. */
  activations: Activations
  /** The largest of the positions, or another one with as many splits of keys. */
  lastPosition: number
  /** What the step before chose, where ids may stand for it. */
  chosen: ChosenTokens | null
}

/**
 * Runs a decoder over N rows, each a token of some sequence at some position: prompts and single decoding steps alike,
 * mixed as they come. Records it, once for a plan, and returns the final hidden states, normalised, [N, D]. What a model has of
 * DecoderFeatures acts in one place each, and a norm, a bias or a gate that it lacks costs nothing. Eight dispatches a
 * layer, nine where a sequence exceeds one workgroup's keys; one more for a norm of all heads at once, and more for experts.
 *
 * On a rank of R, H, K, F and V are its own shares, and what is marked partial awaits an all-reduce.
 */
export function forward(context: StepContext, pass: ForwardPass): Tensor {
  const { stream } = context
  const { config, weights, cache, heads, lastPosition } = pass
  const { attentionScale: scale, attentionCap: cap, rmsNormEps: epsilon } = config
  const { ids, positions, slots, hidden, normed, qkv, queries, attended, gated, delta, experts } =
    pass.activations
  const [rows = 0, H = 0, d = 0] = attended.shape
  const joined = viewTensor(attended, [rows, H * d])
  const scratch = pass.activations.attentionScratch
  const turns = pass.ropes.map(({ table, hasLongTurns }) => ({
    table,
    places: hasLongTurns ? pass.activations.turns : positions,
  }))
  // hidden = scale · delta, or += it, delta normalised by `after` where there is one; normed = hidden normalised by `weight`.
  const allReduceAddNorm = (weight: Tensor | undefined, after?: Tensor, first?: { scale: number }) =>
    context.allReduceAddNorm({
      ...{ partial: delta, x: hidden, y: normed, isFirst: first !== undefined },
      ...{ scale: first?.scale ?? config.residualScale, after, weight, epsilon },
    })
  const inputNorm = (layer: number) =>
    layer < config.layers ? weights.layers[layer]!.inputNorm : weights.finalNorm

  embed(stream, ids, weights.embedding, delta, { firstId: weights.firstId, chosen: pass.chosen }) // delta [N, D] partial
  allReduceAddNorm(inputNorm(0), undefined, { scale: config.embeddingScale }) // hidden, normed [N, D]
  for (const [index, layer] of weights.layers.entries()) {
    // Attention
    const own = config.layerAttention[index]!
    const layerCache = cache.layers[index]!
    linear(stream, normed, layer.qkv, qkv, { bias: layer.qkvBias }) // qkv [N, (H + 2K)·d]
    const norm = headNorm(context, pass, layer)
    const turn = own.rope === null ? null : turns[own.rope]!
    rope(stream, { qkv, positions, slots, turns: turn, norm, q: queries, cache: layerCache }) // queries [N, H, d]
    const keys = { cache: layerCache, groups: heads, positions, slots, scratch, lastPosition }
    attention(stream, { q: queries, ...keys, scale, cap, window: own.window, out: attended }) // attended [N, H, d]
    linear(stream, joined, layer.output, delta, { bias: layer.outputBias }) // delta [N, D] partial
    allReduceAddNorm(layer.mlpNorm, layer.afterAttentionNorm) // hidden, normed [N, D]

    // MLP, or experts in its place
    if (layer.router) {
      mixtureOfExperts(stream, { config, layer, activations: experts!, x: normed, delta }) // delta [N, D] partial
    } else {
      linear(stream, normed, layer.gateUp!, gated, { bias: layer.gateUpBias, finish: `${config.gate}-mul` }) // gated [N, F]
      linear(stream, gated, layer.down!, delta, { bias: layer.downBias }) // delta [N, D] partial
    }
    allReduceAddNorm(inputNorm(index + 1), layer.afterMlpNorm) // hidden, normed [N, D]
  }
  return normed
}

/** How a layer normalises queries and keys before they turn, null where it does not. */
function headNorm(
  context: StepContext,
  { config, activations, keyHeads }: ForwardPass,
  { queryKeyNorm: weight }: LayerWeights,
): HeadNorm | null {
  const { queryKeyNorm, headDim: width, heads: queryHeads, keyValueHeads, rmsNormEps: epsilon } = config
  if (!weight) return null
  if (queryKeyNorm === 'head') return { weight, full: null, epsilon }
  // The mean is over the heads of all ranks, who meet for it once a layer more: only models with such a norm pay.
  const { qkv, headSquares: sums, queries } = activations
  headSquares(context.stream, qkv, { width, queryHeads: queries.shape[1]!, keyHeads }, sums)
  context.allReduce(sums)
  return { weight, full: { sums, queryHeads, keyHeads: keyValueHeads }, epsilon }
}
