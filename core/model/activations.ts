import { createAttentionScratch } from '../../kernels/attention/attention.ts'
import type { Device } from '../../kernels/gpu/device.ts'
import { createTensor, createTensorGroup, type Tensor, viewTensor } from '../../kernels/gpu/tensor.ts'
import type { RankShard } from '../parallel/plan-shards.ts'
import type { ModelConfig } from './config.ts'
import { createExpertActivations, type ExpertActivations } from './experts.ts'
import { mostSplits } from './key-value-cache.ts'
import { alikeLayers, isExpertLayer } from './layout.ts'

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

/** Those of N rows, each [N, its shape], and what the forward pass is given of them. */
export type Activations = Awaited<ReturnType<typeof createActivations>>

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
  const words = { dtype: 'u32', shape: [rows] } as const
  // In one buffer, as rope reads them.
  const ofRows = await createTensorGroup(device, 'rows', {
    /** [N]: token ids, positions in their sequences, and cache slots of these. */
    ids: words,
    positions: words,
    slots: words,
    /** Places in the rotary tables that hold turns of long sequences behind those of short ones. */
    turns: words,
  })
  const [H = 0, d = 0] = shapes.attended
  // The CPU adapter's attention has no partial results.
  const splits = device.kind === 'cpu' ? 1 : mostSplits(config, keys)
  return {
    ...(Object.fromEntries(f32) as Record<keyof typeof shapes, Tensor>),
    ...ofRows.tensors,
    attentionScratch: await createAttentionScratch(device, rows, H, d, splits),
    experts: await createExpertActivations(device, config, shard, rows),
  }
}

/** The same buffers as activations of N rows. */
export function activationsOf(
  { attentionScratch, experts, ...tensors }: Activations,
  rows: number,
): Activations {
  const ofRows = <Tensors extends Record<string, Tensor>>(all: Tensors) =>
    Object.fromEntries(
      Object.entries(all).map(([name, tensor]) => [name, firstRows(tensor, rows)]),
    ) as Tensors
  return { ...ofRows(tensors), attentionScratch, experts: experts && ofRows<ExpertActivations>(experts) }
}

/** The first rows of a tensor. */
export function firstRows(tensor: Tensor, rows: number): Tensor {
  return viewTensor(tensor, [rows, ...tensor.shape.slice(1)])
}
