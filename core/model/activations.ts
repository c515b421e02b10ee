import { createAttentionScratch } from '../../kernels/attention/attention.ts'
import type { Device } from '../../kernels/gpu/device.ts'
import { createTensor, type Tensor, viewTensor } from '../../kernels/gpu/tensor.ts'
import type { RankShard } from '../parallel/plan-shards.ts'
import type { ModelConfig } from './config.ts'
import { createExpertActivations, type ExpertActivations } from './experts.ts'
import { mostSplits } from './key-value-cache.ts'
import { alikeLayers, isExpertLayer } from './layout.ts'
import type { RowInputs } from './step-inputs.ts'

/**
 * What a row of a rank's forward pass computes on the way, by shape, all f32. D hidden, d head width; H, K and F are the
 * rank's query heads, key-value heads and MLP columns.
 */
export function activationShapes(config: ModelConfig, shard: RankShard) {
  const { hiddenSize: D, headDim: d } = config
  const H = shard.queryHeads.count
  const K = shard.keyValueHeads.count
  const hasPlainMlp = alikeLayers(config).some(({ layer }) => !isExpertLayer(config, layer))
  return {
    /** The residual stream. */
    hidden: [D],
    /** The residual stream normalised. */
    normed: [D],
    qkv: [(H + 2 * K) * d],
    queries: [H, d],
    attended: [H, d],
    gated: [hasPlainMlp ? shard.mlp.count : 0],
    /** Sums of squares of queries and of keys, where a norm is over all heads at once. */
    headSquares: [config.queryKeyNorm === 'full' ? 2 : 0],
    /** The rank's part of what embedding, attention or MLP adds to the residual stream. */
    delta: [D],
  }
}

/** Those of as many rows as a step takes at most. */
export type ActivationBuffers = Awaited<ReturnType<typeof createActivations>>

/** Those of N rows, each [N, its shape], and what the forward pass is given of them. */
export type Activations = ActivationBuffers & RowInputs

/** Makes a rank's activations of at most `rows` rows of sequences of at most `keys` tokens. */
export async function createActivations(
  device: Device,
  config: ModelConfig,
  shard: RankShard,
  rows: number,
  keys: number,
) {
  const shapes = activationShapes(config, shard)
  const f32: [string, Tensor][] = []
  for (const [name, shape] of Object.entries(shapes)) {
    const label = name === 'qkv' ? 'query, key, value' : name
    f32.push([name, await createTensor(device, label, 'f32', [rows, ...shape])])
  }
  const [H = 0, d = 0] = shapes.attended
  // The CPU adapter's attention has no partial results.
  const splits = device.kind === 'cpu' ? 1 : mostSplits(config, keys)
  return {
    ...(Object.fromEntries(f32) as Record<keyof typeof shapes, Tensor>),
    attentionScratch: await createAttentionScratch(device, rows, H, d, splits),
    experts: await createExpertActivations(device, config, shard, rows),
  }
}

/** The same buffers as activations of N rows, with what is given of these. */
export function activationsOf(
  { attentionScratch, experts, ...tensors }: ActivationBuffers,
  { ids, positions, slots, turns }: RowInputs,
): Activations {
  const [rows = 0] = ids.shape
  const ofRows = <Tensors extends Record<string, Tensor>>(all: Tensors) =>
    Object.fromEntries(
      Object.entries(all).map(([name, tensor]) => [name, firstRows(tensor, rows)]),
    ) as Tensors
  return {
    ...ofRows(tensors),
    ...{ ids, positions, slots, turns, attentionScratch },
    experts: experts && ofRows<ExpertActivations>(experts),
  }
}

/** The first rows of a tensor. */
export function firstRows(tensor: Tensor, rows: number): Tensor {
  return viewTensor(tensor, [rows, ...tensor.shape.slice(1)])
}
