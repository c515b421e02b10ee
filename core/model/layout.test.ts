import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Device, openDevice } from '../../kernels/gpu/device.ts'
import { openAdapter } from '../../node-runner/adapter/dawn.ts'
import { openModelFolder } from '../../node-runner/models/open-model.ts'
import { localCommunicators } from '../parallel/communicator.ts'
import { planShards } from '../parallel/plan-shards.ts'
import { type ModelConfig, parseConfig } from './config.ts'
import { layout, rankWeightBytes, rankWeightParts, shardTensors } from './layout.ts'
import { publishedConfig, publishedConfigNames } from './published-configs.ts'
import { loadWeights } from './weights.ts'

const small = parseConfig(
  {
    model_type: 'qwen2',
    vocab_size: 11,
    hidden_size: 24,
    intermediate_size: 40,
    num_hidden_layers: 2,
    num_attention_heads: 4,
    num_key_value_heads: 2,
    head_dim: 8,
  },
  'config.json',
)
describe('layout', () => {
  it('names 12 tensors a layer, embedding, norm and, untied, lm_head', () => {
    const shapes = new Map(layout(small).map(({ name, shape }) => [name, shape]))
    expect(shapes.size).toBe(2 * 12 + 3)
    expect(layout({ ...small, tieWordEmbeddings: true })).toHaveLength(2 * 12 + 2)
    expect(shapes.get('model.embed_tokens.weight')).toEqual([11, 24])
    expect(shapes.get('model.layers.1.self_attn.q_proj.weight')).toEqual([32, 24])
    expect(shapes.get('model.layers.1.self_attn.k_proj.bias')).toEqual([16])
    expect(shapes.get('model.layers.0.self_attn.o_proj.weight')).toEqual([24, 32])
    expect(shapes.get('model.layers.0.mlp.down_proj.weight')).toEqual([24, 40])
    expect(shapes.get('lm_head.weight')).toEqual([11, 24])
  })
})

/** A config small enough to mark every element of every tensor. */
const configs = fc
  .record({
    keyValueHeads: fc.integer({ min: 1, max: 4 }),
    groupSize: fc.integer({ min: 1, max: 7 }),
    intermediateSize: fc.integer({ min: 1, max: 80 }),
    vocabSize: fc.integer({ min: 16, max: 80 }),
    tieWordEmbeddings: fc.boolean(),
  })
  .map(
    ({ groupSize, ...sizes }): ModelConfig => ({
      ...publishedConfig('qwen2.5-0.5b')!,
      ...sizes,
      heads: sizes.keyValueHeads * groupSize,
      headDim: 4,
      hiddenSize: 12,
      layers: 1,
    }),
  )

describe('shardTensors', () => {
  it('covers every element: once, shared key-value heads and norms aside', () => {
    fc.assert(
      fc.property(configs, fc.integer({ min: 1, max: 16 }), (config, ranks) => {
        const plan = planShards(config, ranks)
        const holders = (head: number) =>
          plan.ranks.filter(({ keyValueHeads: { first, count } }) => head >= first && head < first + count)
            .length
        const shards = plan.ranks.map(({ rank }) => shardTensors(config, plan, rank))
        for (const [index, { name, shape }] of layout(config).entries()) {
          const [height = 0, width = 1] = shape
          const times = new Uint8Array(height * width)
          for (const tensors of shards) {
            const { rows, columns, ...tensor } = tensors[index]!
            expect(tensor).toEqual({ name, shape })
            expect(rows.first + rows.count).toBeLessThanOrEqual(height)
            expect(columns.first + columns.count).toBeLessThanOrEqual(width)
            for (let row = rows.first; row < rows.first + rows.count; row++)
              for (let column = columns.first; column < columns.first + columns.count; column++)
                times[row * width + column]!++
          }
          const expected = (row: number) => {
            if (/norm\.weight$/.test(name)) return ranks
            return /[kv]_proj/.test(name) ? holders(Math.floor(row / config.headDim)) : 1
          }
          expect(times, name).toEqual(times.map((_, element) => expected(Math.floor(element / width))))
        }
      }),
      { numRuns: 40 },
    )
  })

  it('splits output and down by columns, what feeds them by the same rows', () => {
    const config = publishedConfig('qwen2.5-7b')!
    const plan = planShards(config, 8)
    const byName = new Map(shardTensors(config, plan, 1).map(tensor => [tensor.name, tensor]))
    const layer = (name: string) => byName.get(`model.layers.27.${name}`)!
    const whole = { first: 0, count: 3584 }
    expect(layer('self_attn.q_proj.weight')).toMatchObject({
      rows: { first: 512, count: 384 },
      columns: whole,
    })
    expect(layer('self_attn.o_proj.weight')).toMatchObject({
      rows: whole,
      columns: { first: 512, count: 384 },
    })
    expect(layer('self_attn.k_proj.bias')).toEqual({
      name: 'model.layers.27.self_attn.k_proj.bias',
      shape: [512],
      rows: { first: 0, count: 128 },
      columns: { first: 0, count: 1 },
    })
    expect(layer('mlp.up_proj.weight').rows).toEqual(layer('mlp.down_proj.weight').columns)
    expect(byName.get('lm_head.weight')!.rows).toEqual({ first: 19008, count: 19008 })
  })
})

const folderOf = (path: string) => new URL(`../../${path}`, import.meta.url).pathname
const configOf = (path: string) =>
  parseConfig(JSON.parse(readFileSync(folderOf(`${path}/config.json`), 'utf8')), path)

const checkpointBytes = (config: ModelConfig) =>
  layout(config).reduce((sum, { shape }) => sum + shape.reduce((product, size) => product * size, 2), 0)

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
    const communicators = localCommunicators(ranks, 2 ** 23)
    const devices: Device[] = []
    try {
      for (let rank = 0; rank < ranks; rank++) devices.push(await openDevice(await openAdapter('cpu')))
      await Promise.all(
        devices.map((device, rank) => loadWeights(device, config, plan, weights, path, communicators[rank]!)),
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
