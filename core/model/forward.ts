import { attention } from '../../kernels/attention/attention.ts'
import { embed } from '../../kernels/embed/embed.ts'
import type { Device } from '../../kernels/gpu/device.ts'
import type { Recorder } from '../../kernels/gpu/recorder.ts'
import { type Tensor, viewTensor } from '../../kernels/gpu/tensor.ts'
import { linear } from '../../kernels/linear/linear.ts'
import { rmsNorm } from '../../kernels/rms-norm/rms-norm.ts'
import { rope } from '../../kernels/rope/rope.ts'
import type { Activations } from './activations.ts'
import type { ModelConfig } from './config.ts'
import type { KeyValueCache } from './key-value-cache.ts'
import type { ModelWeights } from './load-weights.ts'

/** What a forward pass reads and writes. */
export interface ForwardPass {
  config: ModelConfig
  weights: ModelWeights
  /** [positions, d / 2, 2] f32. */
  ropeTable: Tensor
  cache: KeyValueCache
  /** Of the N rows of this pass: ids, positions and slots filled in. */
  activations: Activations
  /** The largest of the positions. */
  lastPosition: number
}

/**
 * Records the decoder of Qwen2 (arXiv 2407.10671) over N rows, each a token of some sequence at some position: prompts
 * and single decoding steps alike, mixed as they come. Returns the final hidden states, normalised, [N, D].
 * Eight dispatches a layer, nine where a sequence exceeds one workgroup's keys.
 */
export function forward(device: Device, recorder: Recorder, pass: ForwardPass): Tensor {
  const { config, weights, cache, ropeTable: table, lastPosition } = pass
  const { ids, positions, slots, hidden, normed, qkv, queries, attended, gated, delta } = pass.activations
  const { heads: H, headDim: d, rmsNormEps: epsilon } = config
  const rows = ids.shape[0] ?? 0
  const joined = viewTensor(attended, [rows, H * d])

  embed(recorder, ids, weights.embedding, hidden) // hidden [N, D]
  for (const [index, layer] of weights.layers.entries()) {
    const layerCache = cache.layers[index]!
    if (index === 0) rmsNorm(device, recorder, { x: hidden, weight: layer.inputNorm, y: normed, epsilon })

    // Attention
    linear(device, recorder, normed, layer.qkv, qkv, { kind: 'bias', bias: layer.qkvBias }) // qkv [N, (H + 2K)·d]
    rope(recorder, { qkv, positions, slots, table, q: queries, cache: layerCache }) // queries [N, H, d]
    const scratch = pass.activations.attentionScratch
    attention(device, recorder, {
      q: queries,
      cache: layerCache,
      positions,
      slots,
      out: attended,
      scratch,
      lastPosition,
    }) // attended [N, H, d]
    linear(device, recorder, joined, layer.output, delta) // delta [N, D]
    rmsNorm(device, recorder, { x: hidden, delta, weight: layer.postAttentionNorm, y: normed, epsilon }) // hidden += delta; normed [N, D]

    // MLP
    linear(device, recorder, normed, layer.gateUp, gated, { kind: 'silu-mul' }) // gated [N, F]
    linear(device, recorder, gated, layer.down, delta) // delta [N, D]
    const nextNorm = weights.layers[index + 1]?.inputNorm ?? weights.finalNorm
    rmsNorm(device, recorder, { x: hidden, delta, weight: nextNorm, y: normed, epsilon }) // hidden += delta; normed [N, D]
  }
  return normed
}
