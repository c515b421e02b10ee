import { readdirSync, readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Device, openDevice } from '../../kernels/gpu/device.ts'
import { openAdapter } from '../../node-runner/adapter/dawn.ts'
import { type FileByteSource, openIfThere } from '../../node-runner/files/file-byte-source.ts'
import { openModelFolder } from '../../node-runner/models/open-model.ts'
import { openWeights } from '../files/weight-files.ts'
import { localCommunicators } from '../parallel/communicator.ts'
import { planShards } from '../parallel/plan-shards.ts'
import { type ModelConfig, parseConfig } from './config.ts'
import { layout, rankBuffers, rankWeightBytes, rankWeightParts, shardTensors } from './layout.ts'
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

const folderOf = (path: string) => new URL(`../../${path}`, import.meta.url).pathname
const configOf = (path: string) =>
  parseConfig(JSON.parse(readFileSync(folderOf(`${path}/config.json`), 'utf8')), path)
const tinyModels = readdirSync(folderOf('test/models')).filter(name => name.startsWith('tiny-'))

describe('layout of families', () => {
  it.each(tinyModels)('has every tensor of %s in its shape, and no other', async name => {
    const path = folderOf(`test/models/${name}`)
    const opened: FileByteSource[] = []
    const open = async (file: string) => {
      const source = await openIfThere(`${path}/${file}`)
      if (source) opened.push(source)
      return source
    }
    const held = await openWeights({ name, open })
    const expected = new Map(
      layout(configOf(`test/models/${name}`)).map(tensor => [tensor.name, tensor.whole]),
    )
    expect(Object.fromEntries(expected)).toEqual(
      Object.fromEntries(Array.from(held, ([tensor, { shape }]) => [tensor, shape])),
    )
    for (const source of opened) await source.close()
  })

  it('takes rows of a fused tensor for what they are', () => {
    const tensors = layout(configOf('test/models/tiny-phi3')).filter(({ layer }) => layer === 1)
    const of = (name: string) =>
      tensors.filter(tensor => tensor.name.endsWith(name)).map(({ firstRow, shape }) => [firstRow, shape])
    expect(of('qkv_proj.weight')).toEqual([
      [0, [96, 96]],
      [96, [32, 96]],
      [128, [32, 96]],
    ])
    expect(of('gate_up_proj.weight')).toEqual([
      [0, [224, 96]],
      [224, [224, 96]],
    ])
    // A rank reads its rows where they are in the file.
    const config = configOf('test/models/tiny-phi3')
    const rows = shardTensors(config, planShards(config, 2), 1)
      .filter(({ name }) => name === 'model.layers.0.self_attn.qkv_proj.weight')
      .map(shard => [shard.rows.first, shard.rows.count])
    expect(rows).toEqual([
      [48, 48],
      [112, 16],
      [144, 16],
    ])
  })

  it('adds 1 to the norms of Gemma as they are loaded, and to nothing else', () => {
    for (const { name, offset } of layout(configOf('test/models/tiny-gemma3')))
      expect(offset, name).toBe(name.includes('norm') ? 1 : 0)
    for (const { offset } of layout(configOf('test/models/tiny-olmo2'))) expect(offset).toBe(0)
  })

  it('interleaves gate and up within each expert, and gives every rank its columns of all', () => {
    const config = configOf('test/models/tiny-qwen3-moe')
    const plan = planShards(config, 3)
    const buffers = rankBuffers(config, plan, 1).filter(({ layer }) => layer === 2)
    const buffer = (name: string) => buffers.find(one => one.name === name)!
    const { parts, outputs } = buffer('expertGateUp')
    expect(outputs).toBe(8 * 2 * 16)
    expect(
      parts
        .slice(0, 3)
        .map(part => [part.name.split('.').slice(-4).join('.'), part.firstOutput, part.outputStride]),
    ).toEqual([
      ['experts.0.gate_proj.weight', 0, 2],
      ['experts.0.up_proj.weight', 1, 2],
      ['experts.1.gate_proj.weight', 32, 2],
    ])
    expect(parts[0]!.rows).toEqual({ first: 16, count: 16 })
    const down = buffer('expertDown')
    expect([down.outputs, down.inputs, down.parts[1]!.firstOutput]).toEqual([8 * 96, 16, 96])
    expect(buffer('router').outputs).toBe(8)
    expect(buffers.some(({ name }) => name === 'gateUp')).toBe(false)
  })

  it('has plain MLPs and experts, also one for every row, as each layer says', () => {
    const config: ModelConfig = {
      ...configOf('test/models/tiny-qwen3-moe'),
      family: 'qwen2_moe',
      experts: {
        count: 4,
        perToken: 2,
        width: 24,
        normalised: false,
        shared: { width: 40, gated: true },
        denseLayers: [1],
      },
    }
    const names = (layer: number) =>
      layout(config)
        .filter(tensor => tensor.layer === layer)
        .map(({ name }) => name.replace(`model.layers.${layer}.`, ''))
    expect(names(1)).toContain('mlp.gate_proj.weight')
    expect(names(1).some(name => name.includes('expert'))).toBe(false)
    expect(names(0)).toEqual(
      expect.arrayContaining([
        'mlp.gate.weight',
        'mlp.experts.3.down_proj.weight',
        'mlp.shared_expert.up_proj.weight',
        'mlp.shared_expert_gate.weight',
      ]),
    )
    const plan = planShards(config, 2)
    const bytes = plan.ranks.map(({ rank }) => rankWeightBytes(config, plan, rank, 'f32'))
    const all = plan.ranks.map(({ rank }) =>
      rankBuffers(config, plan, rank).reduce(
        (sum, { outputs, inputs }) => sum + outputs * (inputs ?? 1) * 4,
        0,
      ),
    )
    for (const [rank, sum] of all.entries()) expect(bytes[rank]! / sum).toBeCloseTo(1, 2)
  })

  it('holds the bias of a partial sum on the first rank alone', () => {
    const config = configOf('test/models/tiny-llama-linear')
    const plan = planShards(config, 3)
    const names = plan.ranks.map(({ rank }) =>
      rankBuffers(config, plan, rank)
        .filter(({ name, layer }) => layer === 0 && name.endsWith('Bias'))
        .map(({ name }) => name),
    )
    expect(names).toEqual([
      ['qkvBias', 'outputBias', 'gateUpBias', 'downBias'],
      ['qkvBias', 'gateUpBias'],
      ['qkvBias', 'gateUpBias'],
    ])
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

const checkpointBytes = (config: ModelConfig) =>
  layout(config).reduce((sum, { shape }) => sum + shape.reduce((product, size) => product * size, 2), 0)

describe('rankWeightParts', () => {
  it('counts neighbours of one type as one piece', () => {
    const further = (other: RegExp) =>
      rankWeightParts(small, planShards(small, 1), 0, name => (other.test(name) ? 'f16' : 'bf16'))
        .furtherPieces
    const { layers } = small
    expect(further(/q_proj/)).toBe(layers)
    expect(further(/k_proj/)).toBe(2 * layers)
    expect(further(/[kv]_proj|up_proj/)).toBe(2 * layers)
    expect(further(/o_proj|lm_head/)).toBe(0)
  })
})

describe('rankWeightBytes', () => {
  it.each([
    ['arith-qwen2', configOf('models/arith-qwen2')] as const,
    // Gemma 3 1B has fewer heads than ranks, of which some hold less.
    ...publishedConfigNames
      .filter(name => name !== 'gemma-3-1b')
      .map(name => [name, publishedConfig(name)!] as const),
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
    ['test/models/tiny-llama-linear', 3],
    ['test/models/tiny-olmo2', 8],
    ['test/models/tiny-phi3', 3],
    ['test/models/tiny-gemma3', 2],
    ['test/models/tiny-qwen3-moe', 3],
    ['test/models/tiny-mixtral', 1],
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
