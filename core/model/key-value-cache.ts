import type { Device } from '../../kernels/gpu/device.ts'
import { createTensor } from '../../kernels/gpu/tensor.ts'
import type { LayerCache } from '../../kernels/rope/rope.ts'
import type { RankShard } from '../parallel/plan-shards.ts'
import type { ModelConfig } from './config.ts'

/** Keys and values of every layer, in f32, for a fixed number of sequences (slots) of a fixed length (capacity). */
export type KeyValueCache = Awaited<ReturnType<typeof createKeyValueCache>>

/** Bytes of the cache of one token of one sequence. */
export function cacheBytesPerToken(config: ModelConfig): number {
  return config.layers * 2 * config.keyValueHeads * config.headDim * 4
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
  for (let layer = 0; layer < config.layers; layer++) {
    layers.push({
      keys: await createTensor(device, `layer ${layer} keys`, 'f32', [slots, K, d / 4, capacity, 4]),
      values: await createTensor(device, `layer ${layer} values`, 'f32', [slots, K, capacity, d]),
    })
  }
  return { layers, slots, capacity }
}
