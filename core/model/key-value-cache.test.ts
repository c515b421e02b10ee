import { describe, expect, it } from 'vitest'
import { testDevice } from '../../test/support/device.ts'
import { tinyConfig } from '../../test/support/tiny-config.ts'
import { planShards } from '../parallel/plan-shards.ts'
import { cacheBytesPerToken, createKeyValueCache } from './key-value-cache.ts'

describe('createKeyValueCache', () => {
  it('takes the bytes that were promised for each token of each sequence', async () => {
    const device = await testDevice()
    const config = { ...tinyConfig, layers: 3, heads: 14, keyValueHeads: 2, headDim: 12 }
    // Keys and values, 3 layers, 2 heads of 12 f32.
    expect(cacheBytesPerToken(config)).toBe(2 * 3 * 2 * 12 * 4)
    const before = device.counters.allocatedBytes
    const cache = await createKeyValueCache(device, config, planShards(config, 1).ranks[0]!, 5, 8)
    expect(device.counters.allocatedBytes - before).toBe(5 * 8 * cacheBytesPerToken(config))
    expect(cache).toMatchObject({ slots: 5, capacity: 8 })
    expect(cache.layers).toHaveLength(3)
  })
})
