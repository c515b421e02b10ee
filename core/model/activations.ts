import { createAttentionScratch } from '../../kernels/attention/attention.ts'
import type { Device } from '../../kernels/gpu/device.ts'
import { createTensor, type Tensor, viewTensor } from '../../kernels/gpu/tensor.ts'
import type { RankShard } from '../parallel/plan-shards.ts'
import type { ModelConfig } from './config.ts'

/**
 * What a rank's forward pass over N rows computes on the way. D hidden, d head width; H, K and F are the rank's query
 * heads, key-value heads and MLP columns.
 */
export type Activations = Awaited<ReturnType<typeof createActivations>>

/** Makes a rank's activations of at most `rows` rows of sequences of at most `keys` tokens. */
export async function createActivations(
  device: Device,
  config: ModelConfig,
  shard: RankShard,
  rows: number,
  keys: number,
) {
  const { hiddenSize: D, headDim: d } = config
  const H = shard.queryHeads.count
  const K = shard.keyValueHeads.count
  const F = shard.mlp.count
  const f32 = (name: string, ...shape: number[]) => createTensor(device, name, 'f32', [rows, ...shape])
  const u32 = (name: string) => createTensor(device, name, 'u32', [rows])
  return {
    /** [N]: token ids, positions in their sequences, and cache slots of these. */
    ids: await u32('ids'),
    positions: await u32('positions'),
    slots: await u32('slots'),
    /** [N, D]: the residual stream. */
    hidden: await f32('hidden', D),
    /** [N, D]: the residual stream normalised. */
    normed: await f32('normed', D),
    qkv: await f32('query, key, value', (H + 2 * K) * d),
    queries: await f32('queries', H, d),
    attended: await f32('attended', H, d),
    gated: await f32('gated', F),
    /** [N, D]: the rank's part of what embedding, attention or MLP adds to the residual stream. */
    delta: await f32('delta', D),
    // The CPU adapter's attention has no partial results.
    attentionScratch: await createAttentionScratch(device, rows, H, d, device.kind === 'cpu' ? 1 : keys),
  }
}

/** The same buffers as activations of N rows. */
export function activationsOf({ attentionScratch, ...tensors }: Activations, rows: number): Activations {
  const views = Object.entries(tensors).map(([name, tensor]) => [name, firstRows(tensor, rows)])
  return { ...(Object.fromEntries(views) as typeof tensors), attentionScratch }
}

/** The first rows of a tensor. */
export function firstRows(tensor: Tensor, rows: number): Tensor {
  return viewTensor(tensor, [rows, ...tensor.shape.slice(1)])
}
