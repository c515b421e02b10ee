import { attention, type HeadGroups } from '../../kernels/attention/attention.ts'
import { embed } from '../../kernels/embed/embed.ts'
import { type Tensor, viewTensor } from '../../kernels/gpu/tensor.ts'
import { linear } from '../../kernels/linear/linear.ts'
import { rope } from '../../kernels/rope/rope.ts'
import type { Activations } from './activations.ts'
import type { KeyValueCache } from './key-value-cache.ts'
import type { ModelWeights } from './layout.ts'
import type { StepContext } from './step-context.ts'

/** What a forward pass reads and writes. */
export interface ForwardPass {
  weights: ModelWeights
  /** [positions, d / 2, 2] f32. */
  ropeTable: Tensor
  cache: KeyValueCache
  /** Which query heads share a key-value head. */
  heads: HeadGroups
  /** Of the N rows of this pass: ids, positions and slots filled in. */
  activations: Activations
  /** The largest of the positions. */
  lastPosition: number
  /** What RMSNorm adds to the mean of squares. */
  epsilon: number
}

/**
 * Runs the decoder of Qwen2 (arXiv 2407.10671) over N rows, each a token of some sequence at some position: prompts and
 * single decoding steps alike, mixed as they come. Returns the final hidden states, normalised, [N, D], recorded but not
 * submitted. Eight dispatches a layer, nine where a sequence exceeds one workgroup's keys.
 *
 * On a rank of R, H, K, F and V are its own shares, and what is marked partial awaits an all-reduce.
 */
export async function forward(context: StepContext, pass: ForwardPass): Promise<Tensor> {
  const { stream } = context
  const { weights, cache, heads, ropeTable: table, lastPosition, epsilon } = pass
  const { ids, positions, slots, hidden, normed, qkv, queries, attended, gated, delta } = pass.activations
  const [rows = 0, H = 0, d = 0] = attended.shape
  const joined = viewTensor(attended, [rows, H * d])
  const scratch = pass.activations.attentionScratch
  const allReduceAddNorm = (weight: Tensor, isFirst = false) =>
    context.allReduceAddNorm({ partial: delta, x: hidden, isFirst, weight, y: normed, epsilon })

  embed(stream, ids, weights.embedding, delta, weights.firstId) // delta [N, D] partial
  await allReduceAddNorm(weights.layers[0]?.inputNorm ?? weights.finalNorm, true) // hidden, normed [N, D]
  for (const [index, layer] of weights.layers.entries()) {
    // Attention
    const layerCache = cache.layers[index]!
    linear(stream, normed, layer.qkv, qkv, { bias: layer.qkvBias }) // qkv [N, (H + 2K)·d]
    rope(stream, { qkv, positions, slots, table, q: queries, cache: layerCache }) // queries [N, H, d]
    const keys = { cache: layerCache, groups: heads, positions, slots, scratch, lastPosition }
    attention(stream, { q: queries, ...keys, out: attended }) // attended [N, H, d]
    linear(stream, joined, layer.output, delta) // delta [N, D] partial
    await allReduceAddNorm(layer.postAttentionNorm) // hidden, normed [N, D]

    // MLP
    linear(stream, normed, layer.gateUp, gated, { finish: 'silu-mul' }) // gated [N, F]
    linear(stream, gated, layer.down, delta) // delta [N, D] partial
    await allReduceAddNorm(weights.layers[index + 1]?.inputNorm ?? weights.finalNorm) // hidden, normed [N, D]
  }
  return normed
}
