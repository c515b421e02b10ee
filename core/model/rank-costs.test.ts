import { readdirSync } from 'node:fs'
import { afterAll, describe, expect, it } from 'vitest'
import { countersSince, type Device, openDevice } from '../../kernels/gpu/device.ts'
import { openAdapter } from '../../node-runner/adapter/dawn.ts'
import { openModelFolder } from '../../node-runner/models/open-model.ts'
import { planShards } from '../parallel/plan-shards.ts'
import { loadModel } from './load-model.ts'
import { publishedConfig } from './published-configs.ts'
import { rankMemory, stepCost } from './rank-costs.ts'

const devices: Device[] = []
afterAll(() => {
  for (const device of devices) device.destroy()
})

const tinyModels = readdirSync(new URL('../../test/models', import.meta.url)).filter(name =>
  name.startsWith('tiny-'),
)

describe('rankMemory', () => {
  it.each(tinyModels)('is what the device counts for %s, over 1 and 3 ranks', async name => {
    const folder = new URL(`../../test/models/${name}`, import.meta.url).pathname
    const { config, weights, close } = await openModelFolder(folder)
    const typeOf = (tensor: string) => weights.get(tensor)!.dtype
    for (const [ranks, kind, contextTokens] of [
      [1, 'gpu', 200],
      [3, 'gpu', 120],
      [1, 'cpu', 200],
    ] as const) {
      const own: Device[] = []
      for (let rank = 0; rank < ranks; rank++) own.push(await openDevice(await openAdapter('cpu'), kind))
      const room = { sequences: 3, contextTokens: Math.min(contextTokens, config.maxPositionEmbeddings) }
      const limits = { sequences: 3, capacity: room.contextTokens, topK: 5 }
      await loadModel(own, { config, weights: { where: folder, entries: weights }, limits })
      const plan = planShards(config, ranks)
      for (const [rank, device] of own.entries()) {
        const { peakBytes } = rankMemory(config, plan, rank, typeOf, room, kind)
        const ratio = peakBytes / device.counters.allocatedBytes
        expect(Math.abs(ratio - 1), `${ranks} ranks, rank ${rank}, ${kind}: ${ratio}`).toBeLessThan(0.02)
        device.destroy()
      }
    }
    await close()
  })
})

describe('stepCost', () => {
  it.each([
    ['random-14-heads', 3],
    ['tiny-gemma3', 1],
    ['tiny-olmo2', 2],
    ['tiny-qwen3-moe', 1],
  ])('counts what the forward pass of %s does on %i ranks', async (name, ranks) => {
    const own: Device[] = []
    for (let rank = 0; rank < ranks; rank++) own.push(await openDevice(await openAdapter('cpu'), 'gpu'))
    devices.push(...own)
    const folder = new URL(`../../test/models/${name}`, import.meta.url).pathname
    const { config, weights, close } = await openModelFolder(folder)
    const limits = { sequences: 2, capacity: 256, topK: 5 }
    const { ranks: models } = await loadModel(own, {
      config,
      weights: { where: folder, entries: weights },
      limits,
    })
    await close()
    const plan = planShards(config, ranks)
    const { dtype } = weights.values().next().value!

    for (const contextTokens of [128, 129]) {
      const before = own.map(device => ({ ...device.counters }))
      const row = { tokenId: 1, position: contextTokens - 1, slot: 0 }
      const scored = [{ row: 0, sequence: 0, step: 0 }]
      await Promise.all(models.map(model => model.step([row], scored, { temperature: 0, seed: 0 })))
      for (const [rank, device] of own.entries()) {
        const { dispatches, submits, synchronisations } = countersSince(before[rank]!, device.counters)
        const predicted = stepCost(config, plan, rank, dtype, { sequences: 1, contextTokens })
        expect({ dispatches, submits, synchronisations }, `rank ${rank}, ${contextTokens} keys`).toEqual({
          dispatches: predicted.dispatches,
          submits: predicted.submits,
          synchronisations: predicted.synchronisations,
        })
      }
    }
  })

  it('reads a shared key-value head on each of its ranks, and computes nothing twice else', () => {
    const config = publishedConfig('qwen2.5-7b')!
    const flopsOver = (ranks: number) => {
      const plan = planShards(config, ranks)
      return plan.ranks
        .map(({ rank }) => stepCost(config, plan, rank, 'bf16', { sequences: 4, contextTokens: 1000 }).flops)
        .reduce((sum, flops) => sum + flops, 0)
    }
    // Four key-value heads a second time: keys and values of 128 rows each, in 28 layers.
    expect(flopsOver(8) - flopsOver(1)).toBe(4 * 2 * 28 * (4 * 2 * 128) * 3584)
  })

  it('uploads every partial sum of a small step and one sum of a large one', () => {
    const config = publishedConfig('qwen2.5-7b')!
    const messages = (sequences: number) =>
      stepCost(config, planShards(config, 8), 0, 'bf16', { sequences, contextTokens: 1 }).messageBytes
    expect(messages(1)).toBe(57 * 9 * 3584 * 4 + 72)
    expect(messages(64)).toBe(57 * 2 * 64 * 3584 * 4 + 64 * 72)
  })
})
