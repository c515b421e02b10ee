import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { InputError } from '../input-error.ts'
import { type ModelConfig, parseConfig } from './config.ts'
import { type Family, families } from './families.ts'

const folder = new URL('../../test/models/', import.meta.url).pathname
const tinyModels = readdirSync(folder).filter(name => name.startsWith('tiny-'))
type Json = Record<string, unknown>
const jsonOf = (name: string): Json => JSON.parse(readFileSync(`${folder}${name}/config.json`, 'utf8'))
const parse = (json: unknown) => parseConfig(json, 'config.json')
const parseTiny = (name: string, changes: Json = {}) => parse({ ...jsonOf(name), ...changes })
const windowsOf = ({ layerAttention }: ModelConfig) => layerAttention.map(({ window }) => window)
const ropesOf = ({ layerAttention }: ModelConfig) => layerAttention.map(({ rope }) => rope)

const full = 'full_attention'
const sliding = 'sliding_attention'

/** What each model's config.json is by hand in the other spelling: keys that go, and keys that come. */
const otherSpellings: Record<string, { without: string[]; added: Json }> = {
  'tiny-llama3': {
    without: ['rope_theta', 'rope_scaling', 'torch_dtype'],
    added: {
      dtype: 'bfloat16',
      rope_parameters: {
        rope_theta: 500000.0,
        rope_type: 'llama3',
        factor: 8.0,
        low_freq_factor: 1.0,
        high_freq_factor: 4.0,
        original_max_position_embeddings: 32,
      },
    },
  },
  'tiny-llama-linear': {
    without: ['rope_theta', 'rope_scaling', 'torch_dtype', 'pretraining_tp'],
    added: { dtype: 'float32', rope_parameters: { rope_theta: 10000.0, rope_type: 'linear', factor: 4.0 } },
  },
  'tiny-mistral': {
    without: ['rope_theta', 'torch_dtype'],
    added: { dtype: 'bfloat16', rope_parameters: { rope_theta: 10000.0, rope_type: 'default' } },
  },
  'tiny-qwen3': {
    without: ['rope_parameters', 'dtype', 'layer_types'],
    added: { torch_dtype: 'bfloat16', rope_theta: 1000000, rope_scaling: null },
  },
  'tiny-gemma3': {
    without: ['rope_theta', 'rope_local_base_freq', 'rope_scaling', 'sliding_window_pattern', 'torch_dtype'],
    added: {
      dtype: 'bfloat16',
      layer_types: [sliding, sliding, full, sliding, sliding, full],
      rope_parameters: {
        full_attention: { rope_type: 'linear', factor: 8.0, rope_theta: 1000000.0 },
        sliding_attention: { rope_type: 'default', rope_theta: 10000.0 },
      },
      _sliding_window_pattern: 3,
    },
  },
  'tiny-gemma2': {
    without: ['rope_theta', 'torch_dtype'],
    added: {
      dtype: 'float16',
      layer_types: [sliding, full, sliding, full],
      rope_parameters: { rope_theta: 10000.0, rope_type: 'default' },
    },
  },
  'tiny-phi3': {
    without: ['rope_theta', 'rope_scaling', 'partial_rotary_factor', 'torch_dtype'],
    added: {
      dtype: 'bfloat16',
      rope_parameters: {
        rope_type: 'longrope',
        rope_theta: 10000.0,
        partial_rotary_factor: 0.75,
        short_factor: [1.0, 1.05, 1.1, 1.3, 1.6, 2.0],
        long_factor: [1.0, 1.2, 1.9, 3.3, 6.0, 9.5],
        original_max_position_embeddings: 32,
      },
    },
  },
  'tiny-olmo2': {
    without: ['rope_parameters', 'dtype'],
    added: { torch_dtype: 'float32', rope_theta: 500000, rope_scaling: null },
  },
  'tiny-smollm3': {
    without: ['rope_theta', 'torch_dtype'],
    added: {
      dtype: 'bfloat16',
      layer_types: Array(5).fill(full),
      rope_parameters: { rope_theta: 2000000.0, rope_type: 'default' },
    },
  },
  'tiny-granite': {
    without: ['rope_theta', 'torch_dtype'],
    added: { dtype: 'bfloat16', rope_parameters: { rope_theta: 10000.0, rope_type: 'default' } },
  },
  'tiny-qwen2-yarn': {
    without: ['rope_theta', 'rope_scaling', 'torch_dtype'],
    added: {
      dtype: 'bfloat16',
      layer_types: Array(3).fill(full),
      rope_parameters: {
        rope_theta: 1000000.0,
        rope_type: 'yarn',
        factor: 4.0,
        original_max_position_embeddings: 32,
      },
    },
  },
  'tiny-qwen2-window': {
    without: ['rope_theta', 'torch_dtype'],
    added: {
      dtype: 'float16',
      layer_types: [full, full, sliding, sliding],
      rope_parameters: { rope_theta: 10000.0, rope_type: 'default' },
    },
  },
  'tiny-qwen3-moe': {
    without: ['rope_theta', 'torch_dtype', 'num_experts'],
    added: { dtype: 'bfloat16', rope_parameters: { rope_theta: 1000000.0, rope_type: 'default' } },
  },
  'tiny-qwen2-moe': {
    without: ['rope_theta', 'torch_dtype'],
    added: {
      dtype: 'bfloat16',
      rope_parameters: { rope_theta: 1000000.0, rope_type: 'default' },
      layer_types: Array(4).fill('full_attention'),
    },
  },
  'tiny-mixtral': {
    without: ['rope_parameters', 'dtype', 'head_dim'],
    added: { torch_dtype: 'bfloat16', rope_theta: 1e6 },
  },
}

describe('families', () => {
  it.each(tinyModels)('reads %s in both spellings alike, and knows every key', name => {
    const config = parseTiny(name)
    const { without, added } = otherSpellings[name]!
    const kept = Object.entries(jsonOf(name)).filter(([key]) => !without.includes(key))
    expect(parse({ ...Object.fromEntries(kept), ...added })).toEqual(config)
    expect(config.warnings).toBeUndefined()
  })

  it.each(Object.entries<Family>(families))(
    'finds %s by its architecture, and by its model_type',
    (name, family) => {
      const sizes = {
        ...{ vocab_size: 32, hidden_size: 32, intermediate_size: 32, num_hidden_layers: 4 },
        ...{ num_attention_heads: 4, num_key_value_heads: 2 },
        ...(family.experts && { num_experts: 4, num_experts_per_tok: 2 }),
      }
      const file = family.textConfig ? { text_config: sizes } : sizes
      const config = parse({ ...file, architectures: [family.architectures[0]] })
      expect(config.family).toBe(name)
      expect(parse({ ...file, model_type: name })).toEqual(config)
    },
  )

  it('takes what a file leaves out from the family', () => {
    expect(
      windowsOf(parseTiny('tiny-mistral', { sliding_window: undefined, max_position_embeddings: 8192 })),
    ).toEqual(Array(4).fill(4096))
    expect(windowsOf(parseTiny('tiny-mistral', { sliding_window: null }))).toEqual(Array(4).fill(null))
    expect(parseTiny('tiny-gemma2', { attn_logit_softcapping: undefined })).toMatchObject({
      attentionCap: 50,
    })
    expect(parseTiny('tiny-gemma2', { attn_logit_softcapping: null })).toMatchObject({ attentionCap: null })
    const caps = { attn_logit_softcapping: 50, final_logit_softcapping: 20 }
    expect(parseTiny('tiny-gemma3', caps)).toMatchObject({
      attentionCap: null,
      logitsCap: 20,
      warnings: [expect.stringMatching(/attn_logit_softcapping 50 has no meaning/)],
    })
    expect(parseTiny('tiny-gemma3', { sliding_window_pattern: undefined })).toMatchObject({
      layerAttention: [...Array(5).fill({ window: 16, rope: 1 }), { window: null, rope: 0 }],
    })
    expect(ropesOf(parseTiny('tiny-smollm3', { no_rope_layers: undefined }))).toEqual([0, 0, 0, null, 0])
    expect(ropesOf(parseTiny('tiny-smollm3', { no_rope_layers: null, no_rope_layer_interval: 2 }))).toEqual([
      ...[0, null, 0, null, 0],
    ])
    expect(parseTiny('tiny-mixtral', { rope_parameters: undefined })).toMatchObject({
      ropes: [{ theta: 1e6 }],
    })
  })

  it('reads the windows of layers as each family has them', () => {
    const used = { use_sliding_window: true, sliding_window: 12 }
    const qwen2 = { ...used, max_window_layers: 3 }
    expect(windowsOf(parseTiny('tiny-qwen2-window', qwen2))).toEqual([null, null, null, 12])
    expect(windowsOf(parseTiny('tiny-qwen3', { ...qwen2, layer_types: undefined }))).toEqual([
      null,
      null,
      null,
      12,
    ])
    expect(windowsOf(parseTiny('tiny-qwen3-moe', used))).toEqual([12, 12, 12])
    expect(windowsOf(parseTiny('tiny-smollm3', used))).toEqual([null, null, 12, null, 12])
    const typed = { sliding_window: 12, layer_types: [sliding, full, full, sliding, full] }
    expect(windowsOf(parseTiny('tiny-smollm3', typed))).toEqual([12, null, null, 12, null])
    const moe = { model_type: 'qwen2_moe', architectures: ['Qwen2MoeForCausalLM'] }
    expect(windowsOf(parseTiny('tiny-qwen3-moe', { ...moe, ...used, max_window_layers: 2 }))).toEqual([
      ...[12, null, null],
    ])
    expect(windowsOf(parseTiny('tiny-phi3', { sliding_window: 100 }))).toEqual([100, 100, 100])
    // Of YaRN the context is the longer one, which a window of the shorter does not cover.
    const yarn = { use_sliding_window: true, sliding_window: 64, max_window_layers: 1 }
    expect(windowsOf(parseTiny('tiny-qwen2-yarn', yarn))).toEqual([null, 64, 64])
  })

  it('reads experts, and the layers that have none', () => {
    const moe = { model_type: 'qwen2_moe', architectures: ['Qwen2MoeForCausalLM'] }
    const config = parseTiny('tiny-qwen3-moe', {
      ...moe,
      ...{
        decoder_sparse_step: 2,
        mlp_only_layers: [],
        shared_expert_intermediate_size: 40,
        norm_topk_prob: false,
      },
    })
    expect(config.experts).toEqual({
      ...{ count: 8, perToken: 2, width: 48, normalised: false },
      shared: { width: 40, gated: true },
      denseLayers: [0, 2],
    })
    expect(config.biases).toMatchObject({ query: true, output: false })
    expect(parseTiny('tiny-qwen3-moe', { mlp_only_layers: [1] }).experts).toMatchObject({ denseLayers: [1] })
    expect(parseTiny('tiny-qwen3-moe', { mlp_only_layers: [0, 1, 2] }).experts).toBeNull()
  })

  it('scales YaRN as Transformers does', () => {
    const scaling = (more: Json) => {
      const { ropes, maxPositionEmbeddings } = parseTiny('tiny-qwen2-yarn', {
        max_position_embeddings: 64,
        rope_scaling: { rope_type: 'yarn', factor: 4, ...more },
      })
      return { ...ropes[0]!.scaling, context: maxPositionEmbeddings }
    }
    // Without the original context that is max_position_embeddings.
    expect(scaling({})).toMatchObject({
      originalContext: 64,
      context: 256,
      attentionFactor: 0.1 * Math.log(4) + 1,
    })
    expect(scaling({ original_max_position_embeddings: 16 })).toMatchObject({
      originalContext: 16,
      context: 64,
    })
    expect(scaling({ attention_factor: 0.5 })).toMatchObject({ attentionFactor: 0.5 })
    const [one, other] = [0.1 * 0.75 * Math.log(4) + 1, 0.1 * 2 * Math.log(4) + 1]
    expect(scaling({ mscale: 0.75, mscale_all_dim: 2 })).toMatchObject({ attentionFactor: one / other })
    expect(scaling({ mscale: 0.75 })).toMatchObject({ attentionFactor: 0.1 * Math.log(4) + 1 })
    expect(scaling({ beta_fast: 16, beta_slow: null, truncate: false })).toMatchObject({
      ...{ betaFast: 16, betaSlow: 1, truncate: false },
    })
    expect(scaling({ factor: null, original_max_position_embeddings: 16 })).toMatchObject({ factor: 4 })
  })

  it('scales by LongRoPE as Transformers does, by any of its names', () => {
    const factors = { short_factor: Array(6).fill(1), long_factor: Array(6).fill(4) }
    const scaling = (more: Json) =>
      parseTiny('tiny-phi3', { rope_scaling: { ...factors, ...more } }).ropes[0]!.scaling
    const inferred = Math.sqrt(1 + Math.log(8) / Math.log(32))
    for (const type of ['su', 'yarn', 'longrope'])
      expect(scaling({ type })).toMatchObject({
        type: 'longrope',
        attentionFactor: inferred,
        originalContext: 32,
      })
    expect(scaling({ type: 'su', factor: 2 })).toMatchObject({
      attentionFactor: Math.sqrt(1 + Math.log(2) / Math.log(32)),
    })
    expect(scaling({ type: 'su', attention_factor: 1.5 })).toMatchObject({ attentionFactor: 1.5 })
    expect(() => scaling({ type: 'su', long_factor: [1, 2, 3] })).toThrow(
      /rope_scaling\.long_factor of 3 numbers .* expected 6, one for each pair/,
    )
  })

  it('reads the text half of a model of images and text', () => {
    const { architectures: _, eos_token_id: __, torch_dtype: ___, ...text } = jsonOf('tiny-gemma3')
    const whole = {
      architectures: ['Gemma3ForConditionalGeneration'],
      model_type: 'gemma3',
      ...{
        boi_token_index: 255999,
        eoi_token_index: 256000,
        image_token_index: 262144,
        mm_tokens_per_image: 256,
      },
      ...{
        eos_token_id: [1, 106],
        initializer_range: 0.02,
        torch_dtype: 'bfloat16',
        transformers_version: '4.50.0',
      },
      vision_config: { model_type: 'siglip_vision_model', hidden_size: 1152 },
    }
    expect(parse({ ...whole, text_config: text })).toEqual({
      ...parseTiny('tiny-gemma3'),
      family: 'gemma3',
      eosTokenIds: [1, 106],
    })
    // As google's gemma-3-4b has it: what the class says is left out.
    const short = {
      ...{ hidden_size: 2560, intermediate_size: 10240, model_type: 'gemma3_text', num_hidden_layers: 34 },
      ...{ rope_scaling: { factor: 8.0, rope_type: 'linear' }, sliding_window: 1024 },
    }
    expect(parse({ ...whole, text_config: short })).toMatchObject({
      ...{ vocabSize: 262208, heads: 8, keyValueHeads: 4, headDim: 256, tieWordEmbeddings: true },
      ...{ maxPositionEmbeddings: 131072, attentionScale: 1 / 16 },
      ropes: [
        { theta: 1e6, scaling: { factor: 8 } },
        { theta: 1e4, scaling: null },
      ],
    })
    expect(() => parse({ ...whole, text_config: { ...short, model_type: 'llama' } })).toThrow(
      /text_config\.model_type llama is not supported, expected gemma3_text/,
    )
  })

  it.each<[string, string, Json, RegExp]>([
    [
      'biases of what has none',
      'tiny-mistral',
      { attention_bias: true },
      /attention_bias true is not supported in MistralForCausalLM, expected null or false/,
    ],
    ['a quantized checkpoint', 'tiny-llama3', { quantization_config: { bits: 4 } }, /quantization_config/],
    [
      'attention both ways',
      'tiny-gemma3',
      { use_bidirectional_attention: true },
      /use_bidirectional_attention true/,
    ],
    [
      'caps of another family',
      'tiny-llama3',
      { final_logit_softcapping: 30 },
      /final_logit_softcapping 30 .* LlamaForCausalLM/,
    ],
    ['scales of another family', 'tiny-llama3', { residual_multiplier: 0.2 }, /residual_multiplier 0\.2/],
    [
      'a window where none is read',
      'tiny-llama3',
      { sliding_window: 16 },
      /sliding_window 16 is not supported in LlamaForCausalLM/,
    ],
    [
      'windows of single layers',
      'tiny-mistral',
      { layer_types: [sliding, full, sliding, full] },
      /layer_types .* beside sliding_window 16/,
    ],
    [
      'layers of another kind',
      'tiny-qwen3',
      { layer_types: Array(4).fill('linear_attention') },
      /layer type "linear_attention"/,
    ],
    ['experts of another family', 'tiny-llama3', { num_local_experts: 8 }, /num_local_experts 8/],
    ['clipped queries', 'tiny-olmo2', { clip_qkv: 8 }, /clip_qkv 8/],
    ['logn attention', 'tiny-qwen3', { use_logn_attn: true }, /use_logn_attn true/],
    ['pairs of neighbours', 'tiny-llama3', { rope_interleaved: true }, /rope_interleaved true/],
    ['partial rotation', 'tiny-llama3', { partial_rotary_factor: 0.5 }, /partial_rotary_factor 0\.5/],
    [
      'exact GELU',
      'tiny-gemma2',
      { hidden_activation: 'gelu' },
      /hidden_activation "gelu" .*gelu_pytorch_tanh/,
    ],
    [
      'dynamic scaling',
      'tiny-llama3',
      { rope_scaling: { type: 'dynamic', factor: 2 } },
      /"dynamic", whose frequencies change/,
    ],
    [
      'more experts of a row than there are',
      'tiny-mixtral',
      { num_experts_per_tok: 5 },
      /num_experts_per_tok 5, expected at most the 4/,
    ],
    [
      'no_rope_layers of fewer layers',
      'tiny-smollm3',
      { no_rope_layers: [1, 0] },
      /no_rope_layers has 2 entries, expected num_hidden_layers 5/,
    ],
    [
      'bounds in the wrong order',
      'tiny-llama3',
      { rope_scaling: { rope_type: 'llama3', factor: 8, low_freq_factor: 4, high_freq_factor: 4 } },
      /high_freq_factor 4/,
    ],
    [
      'a rope of no type of layers',
      'tiny-gemma3',
      { rope_parameters: { rope_type: 'linear', factor: 8 } },
      /rope_parameters\.rope_type "linear"/,
    ],
  ])('refuses %s', (_, name, changes, message) => {
    expect(() => parseTiny(name, changes)).toThrow(InputError)
    expect(() => parseTiny(name, changes)).toThrow(message)
  })

  it('names a key that nobody knows in a warning, and no other', () => {
    expect(
      parseTiny('tiny-llama3', { new_key: [1], attention_bias: false, use_cache: false }).warnings,
    ).toEqual(['config.json: new_key [1] is not known here; it is ignored'])
    expect(
      parseTiny('tiny-llama3', { rope_scaling: { type: 'linear', factor: 2, finetuned: true } }).warnings,
    ).toEqual(['config.json: rope_scaling.finetuned true is not known here; it is ignored'])
    // What a Qwen2 states without effect was never refused.
    expect(parseTiny('tiny-qwen2-yarn', { attention_bias: true }).warnings).toEqual([
      'config.json: attention_bias true has no meaning in Qwen2ForCausalLM; it is ignored',
    ])
  })
})
