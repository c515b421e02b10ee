import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { type FileByteSource, openIfThere } from '../../node-runner/files/file-byte-source.ts'
import { convertToGguf } from '../../test/support/convert-to-gguf.ts'
import {
  decodeGguf,
  type EncodedTensor,
  type EncodedValue,
  encodeGguf,
} from '../../test/support/encode-gguf.ts'
import { memoryByteSource } from '../../test/support/memory-byte-source.ts'
import type { TensorEntry } from '../files/safetensors.ts'
import { openWeights } from '../files/weight-files.ts'
import { InputError } from '../input-error.ts'
import { type ModelConfig, parseConfig } from './config.ts'
import { openGgufModel } from './gguf-model.ts'
import { layout } from './layout.ts'

const open = (bytes: Uint8Array, name = 'model.gguf') =>
  openGgufModel({ name: 'folder', open: async () => memoryByteSource(bytes, name) }, name)

/** Numbers as metadata hold them. */
function rounded(value: unknown): unknown {
  if (typeof value === 'number') return Number(Math.fround(value).toPrecision(6))
  if (Array.isArray(value)) return value.map(rounded)
  if (value === null || typeof value !== 'object') return value
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, rounded(inner)]))
}

/** A config.json of the tests, with some keys changed. */
function readConfig(model: string, changes: object = {}): ModelConfig {
  const path = `test/models/${model}/config.json`
  return parseConfig({ ...JSON.parse(readFileSync(path, 'utf8')), ...changes }, path)
}

/** What a file cannot say: of which family beside its architecture, the type, and that norms are stored as 1 + w. */
const ofFile = (config: ModelConfig): Partial<ModelConfig> => ({
  ...config,
  family: config.family === 'mistral' ? 'llama' : config.family,
  normOffset: 0,
  dtype: null,
  eosTokenIds: null,
})

const gemmaHead = { head_dim: 24, query_pre_attn_scalar: 24 }

describe('openGgufModel', () => {
  it.each<[string, object?]>([
    ['tiny-llama3'],
    ['tiny-llama-linear'],
    ['tiny-mistral'],
    ['tiny-mixtral'],
    ['tiny-qwen3'],
    ['tiny-qwen3-moe'],
    ['tiny-qwen2-yarn'],
    ['tiny-phi3'],
    ['tiny-olmo2'],
    ['tiny-granite'],
    ['tiny-gemma2', gemmaHead],
    ['tiny-gemma3', { ...gemmaHead, sliding_window_pattern: 6, num_hidden_layers: 7 }],
    ['tiny-smollm3', { no_rope_layers: [1, 1, 1, 0, 1] }],
  ])('reads %s as config.json says it', async (model, changes) => {
    const expected = readConfig(model, changes)
    const found = await open(await convertToGguf(expected))
    const config = ofFile(expected)
    const [rope] = expected.ropes
    if (rope?.scaling?.type === 'llama3') {
      const { scaling } = found.config.ropes[0]!
      const { factors } = scaling as typeof scaling & { type: 'factors' }
      expect([factors.length, factors[0], factors.at(-1)]).toEqual([
        expected.headDim / 2,
        1,
        rope.scaling.factor,
      ])
      config.ropes = [{ ...rope, scaling }]
    }
    expect(rounded(found.config)).toEqual(rounded(config))
    expect([...found.entries.keys()].sort()).toEqual(
      [...new Set(layout(expected).map(({ name }) => name))].sort(),
    )
  })

  it('knows whose rows of query and key lie in pairs', async () => {
    for (const [model, headPairs] of [
      ['tiny-llama-linear', 8],
      ['tiny-granite', 12],
      ['tiny-smollm3', 12],
      ['tiny-qwen3', undefined],
    ] as const) {
      const changes = model === 'tiny-smollm3' ? { no_rope_layers: [1, 1, 1, 0, 1] } : {}
      const { entries } = await open(await convertToGguf(readConfig(model, changes)))
      const paired = [...entries.values()].filter(entry => entry.headPairs !== undefined)
      expect(new Set(paired.map(entry => entry.headPairs))).toEqual(new Set(headPairs ? [headPairs] : []))
      expect(entries.get('model.layers.0.self_attn.q_proj.weight')?.headPairs).toBe(headPairs)
      expect(entries.get('model.layers.0.self_attn.k_proj.weight')?.headPairs).toBe(headPairs)
      expect(entries.get('model.layers.0.self_attn.v_proj.weight')?.headPairs).toBeUndefined()
      if (model === 'tiny-llama-linear')
        expect(entries.get('model.layers.0.self_attn.q_proj.bias')?.headPairs).toBe(headPairs)
    }
  })

  it('finds an expert within the tensor of all', async () => {
    const files = {
      name: 'test/models/tiny-mixtral',
      open: (name: string) => openIfThere(`test/models/tiny-mixtral/${name}`),
    }
    const expected = readConfig('tiny-mixtral')
    const checkpoint = await openWeights(files)
    const { entries } = await open(await convertToGguf(expected, checkpoint))
    for (const own of ['experts.2.w1', 'experts.0.w2', 'experts.3.w3', 'gate']) {
      const name = `model.layers.1.block_sparse_moe.${own}.weight`
      const [one, other] = [checkpoint, entries].map(from => from.get(name)!)
      expect(one!.shape).toEqual(other!.shape)
      expect(await bytesOf(other!)).toEqual(await bytesOf(one!))
    }
    await Promise.all(
      [...checkpoint.values()].slice(0, 1).map(({ source }) => (source as FileByteSource).close()),
    )
  })

  it('reads what older and other files leave out or state otherwise', async () => {
    const { config } = await changed(metadata => {
      delete metadata['llama.attention.head_count_kv']
      delete metadata['llama.attention.key_length']
      delete metadata['llama.attention.value_length']
      delete metadata['llama.rope.freq_base']
      metadata['llama.attention.head_count'] = new Int32Array([8, 8, 8])
      metadata['llama.general.unheard'] = 'of'
      metadata['llama.rope.scaling.type'] = 'none'
      metadata['tokenizer.ggml.eos_token_id'] = 7
      metadata['tokenizer.ggml.eot_token_id'] = 9
      metadata['tokenizer.ggml.bos_token_id'] = 1
    })
    expect(config).toMatchObject({
      heads: 8,
      keyValueHeads: 8,
      headDim: 8,
      ropes: [{ theta: 10000, width: 8, scaling: null }],
      eosTokenIds: [7, 9],
      bosTokenId: 1,
      warnings: [
        expect.stringMatching(/model\.gguf: nobody here knows what llama\.general\.unheard changes/),
      ],
    })
  })

  it.each<[string, Parameters<typeof changed>[0], RegExp]>([
    [
      'heads that differ from layer to layer',
      metadata => {
        metadata['llama.attention.head_count'] = new Int32Array([8, 4, 8])
      },
      /llama\.attention\.head_count is a list of 3 int32s, expected an integer .*the same in every layer/,
    ],
    [
      'a key that changes numbers',
      metadata => {
        metadata['llama.attention.clamp_kqv'] = 8
      },
      /llama\.attention\.clamp_kqv is 8 \(uint32\), expected 0/,
    ],
    [
      'a rope that nobody knows',
      metadata => {
        metadata['llama.rope.scaling.type'] = 'dynamic'
      },
      /model\.gguf: llama\.rope\.scaling\.type "dynamic", expected none, linear, yarn/,
    ],
    [
      'a tensor beside those of the model',
      (_, tensors) => void tensors.push({ ...tensors.at(-1)!, name: 'blk.0.attn_sinks.weight' }),
      /tensor blk\.0\.attn_sinks\.weight is not of the model/,
    ],
    [
      'more layers than are stated',
      metadata => {
        metadata['llama.block_count'] = 2
      },
      /tensor blk\.2\.[a-z_.]*, with \d+ more, is not of the model that the metadata describe \(llama\.block_count 2/,
    ],
    ['a vocabulary alone', (_, tensors) => void tensors.splice(0), /tensor_count is 0/],
    [
      'values of another width than keys',
      metadata => {
        metadata['llama.attention.value_length'] = 16
      },
      /heads of width 8 .* with values of width 16/,
    ],
  ])('refuses %s', async (_, change, message) => {
    await expect(changed(change)).rejects.toThrow(InputError)
    await expect(changed(change)).rejects.toThrow(message)
  })

  describe('of several shards', () => {
    const names = [1, 2, 3].map(number => `model-0000${number}-of-00003.gguf`)
    async function shards(change: (metadata: Record<string, EncodedValue>[]) => void = () => {}) {
      const whole = await decodeGguf(await convertToGguf(readConfig('tiny-qwen3')))
      const parts = [0, 1, 2].map(part => whole.tensors.filter((_, index) => index % 3 === part))
      const metadata = parts.map(
        (_, number): Record<string, EncodedValue> => ({
          ...(number === 0 ? whole.metadata : {}),
          'split.no': number,
          'split.count': 3,
          'split.tensors.count': whole.tensors.length,
        }),
      )
      change(metadata)
      return Object.fromEntries(
        parts.map((part, index) => [names[index]!, encodeGguf(metadata[index]!, part)]),
      )
    }
    const openShards = (files: Record<string, Uint8Array>, name = names[0]!) =>
      openGgufModel(
        {
          name: 'folder',
          open: async file => (files[file] ? memoryByteSource(files[file], `folder/${file}`) : null),
        },
        name,
      )

    it('takes each tensor from where it is, whichever shard is named', async () => {
      const files = await shards()
      for (const name of names) {
        const { entries, where } = await openShards(files, name)
        expect(where).toBe(`folder/${names[0]}`)
        expect(new Set([...entries.values()].map(({ source }) => source.name))).toEqual(
          new Set(names.map(each => `folder/${each}`)),
        )
      }
    })

    it('refuses shards that do not belong together', async () => {
      const { [names[1]!]: second, ...others } = await shards()
      await expect(openShards(others)).rejects.toThrow(/folder: model-00002-of-00003\.gguf is missing/)
      await expect(openShards({ ...others, [names[1]!]: others[names[2]!]! })).rejects.toThrow(
        /model-00002-of-00003\.gguf: split\.no is 2 \(uint32\), expected 1/,
      )
      const other = await shards(metadata => {
        metadata[0]!['split.tensors.count'] = 99
      })
      await expect(openShards(other)).rejects.toThrow(/split\.tensors\.count is 99 .*expected the 46 tensors/)
      expect(second).toBeDefined()
    })
  })
})

const bytesOf = ({ source, start, byteLength }: TensorEntry) => source.slice(start, start + byteLength)

/** A small Llama's file with something changed. */
async function changed(
  change: (metadata: Record<string, EncodedValue>, tensors: EncodedTensor[]) => void,
): ReturnType<typeof open> {
  const { metadata, tensors } = await decodeGguf(await convertToGguf(readConfig('tiny-llama-linear')))
  change(metadata, tensors)
  return open(encodeGguf(metadata, tensors))
}
