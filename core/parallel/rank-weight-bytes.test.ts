import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { type Device, openDevice } from '../../kernels/gpu/device.ts'
import { openAdapter } from '../../node-runner/adapter/dawn.ts'
import { openModelFolder } from '../../node-runner/files/open-model-folder.ts'
import { bytesPerWeight } from '../formats/safetensors.ts'
import { type ModelConfig, parseConfig } from '../model/config.ts'
import { loadWeights } from '../model/load-weights.ts'
import { publishedConfig, publishedConfigNames } from '../model/published-configs.ts'
import { expectedTensors } from '../model/tensor-names.ts'
import { createLocalExchanges } from './local-exchange.ts'
import { planShards } from './plan-shards.ts'
import { rankWeightBytes, rankWeightParts } from './rank-weight-bytes.ts'

const folderOf = (path: string) => new URL(`../../${path}`, import.meta.url).pathname
const configOf = (path: string) =>
  parseConfig(JSON.parse(readFileSync(folderOf(`${path}/config.json`), 'utf8')), path)

const checkpointBytes = (config: ModelConfig) =>
  expectedTensors(config).reduce(
    (sum, { shape }) => sum + shape.reduce((product, size) => product * size, bytesPerWeight.bf16),
    0,
  )

describe('rankWeightBytes', () => {
  it.each([
    ['arith-qwen2', configOf('models/arith-qwen2')] as const,
    ...publishedConfigNames.map(name => [name, publishedConfig(name)!] as const),
  ])('%s over eight ranks takes at most 1.05 times its checkpoint', (_, config) => {
    const plan = planShards(config, 8)
    const bytes = plan.ranks.map(({ rank }) => rankWeightBytes(config, plan, rank, 'bf16'))
    const sum = bytes.reduce((total, some) => total + some, 0)
    expect(sum).toBeGreaterThanOrEqual(checkpointBytes(config))
    expect(sum).toBeLessThanOrEqual(1.05 * checkpointBytes(config))
    expect(Math.max(...bytes) / Math.min(...bytes)).toBeLessThan(1.1)
  })

  it('is what 7B is known to hold, and leaves a rank of eight below 2.1 GB', () => {
    const config = publishedConfig('qwen2.5-7b')!
    expect(checkpointBytes(config)).toBe(15_231_233_024)
    const plan = planShards(config, 8)
    for (const { rank } of plan.ranks) expect(rankWeightBytes(config, plan, rank, 'bf16')).toBeLessThan(2.1e9)
    expect(rankWeightParts(config, plan, 0, 'bf16')).toMatchObject({
      embedding: 1_089_994_752 / 8,
      lmHead: 1_089_994_752 / 8,
    })
  })

  it.each([
    ['models/arith-qwen2', 1],
    ['test/models/random-tied', 1],
    ['test/models/random-14-heads', 3],
    ['test/models/random-14-heads', 16],
  ])('is what loading %s over %i ranks allocates', async (path, ranks) => {
    const { config, weights, close } = await openModelFolder(folderOf(path))
    const plan = planShards(config, ranks)
    const { dtype } = weights.values().next().value!
    const exchanges = createLocalExchanges(ranks, 2 ** 23)
    const devices: Device[] = []
    try {
      for (let rank = 0; rank < ranks; rank++) devices.push(await openDevice(await openAdapter('cpu')))
      await Promise.all(
        devices.map((device, rank) => loadWeights(device, config, plan, weights, path, exchanges[rank]!)),
      )
      expect(devices.map(device => device.counters.allocatedBytes)).toEqual(
        plan.ranks.map(({ rank }) => rankWeightBytes(config, plan, rank, dtype)),
      )
    } finally {
      await close()
      for (const device of devices) device.destroy()
    }
  })
})
