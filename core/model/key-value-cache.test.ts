import { describe, expect, it } from 'vitest'
import { testDevice } from '../../test/support/device.ts'
import { tinyConfig } from '../../test/support/tiny-config.ts'
import { planShards } from '../parallel/plan-shards.ts'
import type { ModelConfig } from './config.ts'
import {
  attendedKeys,
  cacheBytes,
  createKeyValueCache,
  layerCapacity,
  mostSplits,
  sequenceRows,
} from './key-value-cache.ts'

/** A model whose layers have these windows. */
function windowed(...windows: (number | null)[]): ModelConfig {
  const layerAttention = windows.map(window => ({ window, rope: 0 }))
  return { ...tinyConfig, layers: windows.length, layerAttention, heads: 14, keyValueHeads: 2, headDim: 12 }
}

describe('createKeyValueCache', () => {
  it.each([
    { windows: [null, null, null], capacity: 8, positions: 3 * 8 },
    // Windows beside the 64 rows of a step, the first row's key being in both.
    { windows: [12, null, 600], capacity: 900, positions: 75 + 900 + 663 },
    { windows: [12, 900, 901], capacity: 900, positions: 75 + 2 * 900 },
    { windows: [12], capacity: 70, positions: 70 },
  ])('takes the bytes that were promised: windows $windows of $capacity', async sizes => {
    const { windows, capacity, positions } = sizes
    const device = await testDevice()
    const config = windowed(...windows)
    // Keys and values of 5 sequences, 2 heads of 12 f32.
    expect(cacheBytes(config, 2, 5, capacity)).toBe(5 * positions * 2 * 2 * 12 * 4)
    const before = device.counters.allocatedBytes
    const cache = await createKeyValueCache(device, config, planShards(config, 1).ranks[0]!, 5, capacity)
    expect(device.counters.allocatedBytes - before).toBe(cacheBytes(config, 2, 5, capacity))
    expect(cache).toMatchObject({ slots: 5, capacity })
    expect(cache.layers).toHaveLength(windows.length)
  })
})

describe('a window', () => {
  it('keeps itself and an eighth, and reads itself', () => {
    const mistral = windowed(4096, 4096)
    expect(sequenceRows(mistral, 32768)).toBe(512)
    expect(layerCapacity(mistral, 1, 32768)).toBe(4096 + 511)
    expect(attendedKeys(mistral, 32768)).toBe(2 * 4096)
    expect(attendedKeys(mistral, 100)).toBe(2 * 100)
    // 32 splits of 128 keys, of which it may begin within another.
    expect(mostSplits(mistral, 32768)).toBe(33)
    expect(mostSplits(windowed(4096, null), 32768)).toBe(256)
  })

  it('limits no step where it is as long as the sequences', () => {
    expect(sequenceRows(windowed(4096, null), 4096)).toBeNull()
    expect(layerCapacity(windowed(4096, null), 0, 4096)).toBe(4096)
    expect(sequenceRows(windowed(null), 10)).toBeNull()
  })
})
