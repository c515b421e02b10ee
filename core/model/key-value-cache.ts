import { attentionSplits } from '../../kernels/attention/attention.ts'
import type { Device } from '../../kernels/gpu/device.ts'
import { createTensor } from '../../kernels/gpu/tensor.ts'
import type { LayerCache } from '../../kernels/rope/rope.ts'
import type { RankShard } from '../parallel/plan-shards.ts'
import type { ModelConfig } from './config.ts'

/**
 * Keys and values of every layer, in f32, for a fixed number of sequences (slots) of at most `capacity` tokens. A layer
 * has room for `layerCapacity` of them: position j lies at place j % layerCapacity, so that in a layer whose rows see a
 * window a new position takes the place of one that no row sees any more.
 */
export type KeyValueCache = Awaited<ReturnType<typeof createKeyValueCache>>

/** Rows of one sequence that a step takes at most where windows are short. */
const leastSequenceRows = 64

/**
 * Rows of one sequence that a step takes at most, null of any number. A step writes the keys of all its rows before the
 * first of them looks back, so a layer with a window must hold a step's rows beside the window of the first. Hence, where
 * a window is shorter than the sequences, prompts go in pieces of an eighth of the window, which cost an eighth of its
 * memory, but not of fewer than 64 rows, since weights are read once a step. Models without windows have no such limit.
 */
export function sequenceRows({ layerAttention }: ModelConfig, capacity: number): number | null {
  const shortest = Math.min(...layerAttention.map(({ window }) => window ?? capacity))
  return shortest < capacity ? Math.max(leastSequenceRows, Math.floor(shortest / 8)) : null
}

/** Positions of a sequence that a layer's cache holds, of sequences of at most `capacity` tokens. */
export function layerCapacity(config: ModelConfig, layer: number, capacity: number): number {
  const { window } = config.layerAttention[layer]!
  const rows = sequenceRows(config, capacity)
  return window === null || rows === null ? capacity : Math.min(capacity, window + rows - 1)
}

/** Bytes of the cache of so many key-value heads for so many sequences of at most `capacity` tokens. */
export function cacheBytes(
  config: ModelConfig,
  keyValueHeads: number,
  sequences: number,
  capacity: number,
): number {
  const places = config.layerAttention.reduce(
    (sum, _, layer) => sum + layerCapacity(config, layer, capacity),
    0,
  )
  return sequences * keyValueHeads * places * 2 * config.headDim * 4
}

/** Keys that the last row of a sequence of `tokens` tokens sees, over all layers. */
export function attendedKeys({ layerAttention }: ModelConfig, tokens: number): number {
  return layerAttention.reduce((sum, { window }) => sum + Math.min(tokens, window ?? tokens), 0)
}

/** Splits that the keys of a row of any layer fall into at most, in sequences of at most `capacity` tokens. */
export function mostSplits({ layerAttention }: ModelConfig, capacity: number): number {
  return Math.max(...layerAttention.map(({ window }) => attentionSplits(capacity, window)))
}

/**
 * Whether a sequence of so many tokens turns by LongRoPE's long factors: at all positions, so that what the cache holds of a
 * sequence that outgrows the original context is to be computed again. As Transformers does, by the length of the moment.
 */
export function isLongSequence({ ropes }: ModelConfig, tokens: number): boolean {
  return ropes.some(({ scaling }) => scaling?.type === 'longrope' && tokens > scaling.originalContext)
}

/** Makes an empty cache of a rank's key-value heads. Slots need no clearing: a row reads only positions up to its own, which its sequence wrote. */
export async function createKeyValueCache(
  device: Device,
  config: ModelConfig,
  shard: RankShard,
  slots: number,
  capacity: number,
) {
  const d = config.headDim
  const K = shard.keyValueHeads.count
  const layers: LayerCache[] = []
  for (const layer of config.layerAttention.keys()) {
    const places = layerCapacity(config, layer, capacity)
    layers.push({
      keys: await createTensor(device, `layer ${layer} keys`, 'f32', [slots, K, d / 4, places, 4]),
      values: await createTensor(device, `layer ${layer} values`, 'f32', [slots, K, places, d]),
    })
  }
  return { layers, slots, capacity }
}
