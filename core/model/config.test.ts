import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { InputError } from '../input-error.ts'
import { parseConfig } from './config.ts'
import { plainDecoder } from './decoder-features.ts'
import { parseGenerationConfig } from './generation-config.ts'

const qwen05 = {
  architectures: ['Qwen2ForCausalLM'],
  attention_dropout: 0,
  bos_token_id: 151643,
  eos_token_id: 151645,
  hidden_act: 'silu',
  hidden_size: 896,
  initializer_range: 0.02,
  intermediate_size: 4864,
  max_position_embeddings: 32768,
  max_window_layers: 21,
  model_type: 'qwen2',
  num_attention_heads: 14,
  num_hidden_layers: 24,
  num_key_value_heads: 2,
  rms_norm_eps: 1e-6,
  rope_theta: 1e6,
  sliding_window: 32768,
  tie_word_embeddings: true,
  torch_dtype: 'bfloat16',
  use_cache: true,
  use_sliding_window: false,
  vocab_size: 151936,
}
const qwen7 = {
  ...qwen05,
  hidden_size: 3584,
  intermediate_size: 18944,
  max_window_layers: 28,
  num_attention_heads: 28,
  num_hidden_layers: 28,
  num_key_value_heads: 4,
  sliding_window: 131072,
  tie_word_embeddings: false,
  vocab_size: 152064,
}
const parse = (changes: object) => parseConfig({ ...qwen05, ...changes }, 'config.json')

describe('parseConfig', () => {
  it('reads Qwen2.5-0.5B', () => {
    expect(parse({})).toEqual({
      vocabSize: 151936,
      hiddenSize: 896,
      intermediateSize: 4864,
      layers: 24,
      heads: 14,
      keyValueHeads: 2,
      headDim: 64,
      ...plainDecoder(24, 64, 1e6),
      family: 'qwen2',
      biases: { query: true, key: true, value: true, output: false, mlp: false },
      rmsNormEps: 1e-6,
      maxPositionEmbeddings: 32768,
      tieWordEmbeddings: true,
      eosTokenIds: [151645],
      bosTokenId: 151643,
      dtype: 'bf16',
    })
  })

  it('reads Qwen2.5-7B', () => {
    const config = parseConfig(qwen7, 'config.json')
    expect(config).toMatchObject({ heads: 28, keyValueHeads: 4, headDim: 128, tieWordEmbeddings: false })
  })

  it.each([
    ['head_dim', { head_dim: 80 }, { headDim: 80 }],
    ['no num_key_value_heads', { num_key_value_heads: undefined }, { keyValueHeads: 14 }],
    ['several stop tokens', { eos_token_id: [1, 2] }, { eosTokenIds: [1, 2] }],
    ['no stop token', { eos_token_id: null }, { eosTokenIds: [] }],
    ['no eos_token_id', { eos_token_id: undefined }, { eosTokenIds: null }],
    ['no dtype', { torch_dtype: undefined }, { dtype: null }],
    ['dtype in the newer spelling', { torch_dtype: undefined, dtype: 'float16' }, { dtype: 'f16' }],
    ['a dtype of the checkpoint', { torch_dtype: 'auto' }, { dtype: null }],
    ['half', { torch_dtype: 'half' }, { dtype: 'f16' }],
    ['float', { torch_dtype: 'float' }, { dtype: 'f32' }],
    ['torch.bfloat16', { torch_dtype: 'torch.bfloat16' }, { dtype: 'bf16' }],
    ['torch.float16', { torch_dtype: undefined, dtype: 'torch.float16' }, { dtype: 'f16' }],
    [
      'rope_parameters',
      { rope_theta: undefined, rope_parameters: { rope_type: 'default', rope_theta: 5e5 } },
      { ropes: [{ theta: 5e5, width: 64, scaling: null }] },
    ],
    ['layer_types of full attention', { layer_types: ['full_attention', 'full_attention'] }, { layers: 24 }],
    [
      'layer_types of full attention beside a window',
      { use_sliding_window: true, sliding_window: 1024, layer_types: ['full_attention'] },
      { layers: 24 },
    ],
    [
      'a window from the last layer on',
      { use_sliding_window: true, sliding_window: 1024, max_window_layers: 24 },
      { layers: 24 },
    ],
    [
      'a window from a layer on that most models have, by default',
      { use_sliding_window: true, sliding_window: 1024, max_window_layers: undefined },
      { layers: 24 },
    ],
    [
      'a window of null',
      { use_sliding_window: true, sliding_window: null, max_window_layers: 0 },
      { layers: 24 },
    ],
    ['a window as long as the context', { use_sliding_window: true, max_window_layers: 0 }, { layers: 24 }],
    [
      'layers whose window is as long as the context',
      { layer_types: ['full_attention', 'sliding_attention'] },
      { layers: 24 },
    ],
    ['a window that is not in use', { sliding_window: 1024, max_window_layers: 0 }, { layers: 24 }],
    ['silu by its other name', { hidden_act: 'swish' }, { layers: 24 }],
    ['rope_scaling of null', { rope_scaling: null }, { ropes: [{ theta: 1e6, width: 64, scaling: null }] }],
  ])('accepts %s', (_, changes, expected) => {
    expect(parse(changes)).toMatchObject(expected)
  })

  it.each([
    [
      'another architecture',
      { architectures: ['DeepseekV3ForCausalLM'], model_type: 'deepseek_v3' },
      /architecture DeepseekV3ForCausalLM \(model_type deepseek_v3\), which needs multi-head latent attention, .*Qwen2.*Llama 2/,
    ],
    [
      'another model_type alone',
      { architectures: undefined, model_type: 'gpt2' },
      /architecture gpt2, which needs learned positions/,
    ],
    ['an architecture that nobody knows', { architectures: ['NewForCausalLM'] }, /NewForCausalLM/],
    [
      'an architecture of another model_type',
      { model_type: 'mistral' },
      /expected MistralForCausalLM of model_type mistral/,
    ],
    ['another head', { architectures: ['Qwen2ForSequenceClassification'] }, /Qwen2ForSequenceClassification/],
    ['no architecture', { architectures: undefined, model_type: undefined }, /names no architecture/],
    [
      'layer_types of other layers than there are',
      {
        use_sliding_window: true,
        sliding_window: 1024,
        layer_types: ['full_attention', 'sliding_attention'],
      },
      /layer_types of 2 layers .* expected num_hidden_layers 24/,
    ],
    [
      'a layer with a window that is not in use',
      { sliding_window: 1024, layer_types: Array(24).fill('sliding_attention') },
      /sliding_attention in layer_types beside use_sliding_window false/,
    ],
    ['a layer of another kind', { layer_types: ['linear_attention'] }, /linear_att/],
    [
      'rope scaling by length',
      { rope_scaling: { type: 'dynamic', factor: 4 } },
      /rope_scaling\.rope_type "dynamic", whose frequencies change/,
    ],
    [
      'an unknown rope scaling',
      { rope_parameters: { rope_type: 'mrope' } },
      /rope_parameters\.rope_type "mrope"/,
    ],
    [
      'positions of three kinds',
      { rope_parameters: { mrope_section: [1, 2] } },
      /rope_parameters\.mrope_section \[1,2\]/,
    ],
    [
      'rope scaling without its factor',
      { rope_scaling: { type: 'linear' } },
      /rope_scaling\.factor: expected number/,
    ],
    [
      'partial rotation',
      { rope_parameters: { partial_rotary_factor: 0.5 } },
      /rope_parameters\.partial_rotary_factor 0\.5/,
    ],
    ['another activation', { hidden_act: 'gelu' }, /hidden_act "gelu"/],
    ['quantized weights', { quantization_config: { bits: 4 } }, /quantization_config/],
    ['a head width that is no multiple of 4', { hidden_size: 14 * 6 }, /heads of width 6 /],
    ['a fractional head width', { hidden_size: 897 }, /heads of width 64\.07/],
    ['a head width past 256', { head_dim: 260 }, /heads of width 260 /],
    ['heads that do not group', { num_key_value_heads: 4 }, /14 is no multiple of num_key_value_heads 4/],
    ['a missing size', { hidden_size: undefined }, /hidden_size: expected/],
    ['a size of zero', { vocab_size: 0 }, /vocab_size/],
    ['a size that is text', { num_hidden_layers: '24' }, /num_hidden_layers: .*received string/],
    ['20 million layers', { num_hidden_layers: 20_000_000 }, /num_hidden_layers: Too big.*1024/],
    ['a vocabulary past memory', { vocab_size: 2 ** 40 }, /vocab_size: Too big/],
    ['2,000 stop tokens', { eos_token_id: Array(2000).fill(1) }, /eos_token_id/],
    ['an unknown dtype', { torch_dtype: 'float8' }, /torch_dtype/],
    ['a negative stop token', { eos_token_id: -1 }, /eos_token_id/],
  ])('refuses %s', (_, changes, message) => {
    expect(() => parse(changes)).toThrow(InputError)
    expect(() => parse(changes)).toThrow(message)
  })

  it.each([[null], [[]], ['text'], [{}]])('refuses %j', json => {
    expect(() => parseConfig(json, 'config.json')).toThrow(InputError)
  })
})

describe('parseGenerationConfig', () => {
  const parseGeneration = (json: unknown) => parseGenerationConfig(json, 'generation_config.json')

  it.each([
    [{ eos_token_id: 7 }, [7]],
    [{ eos_token_id: [7, 8], top_p: 0.8 }, [7, 8]],
    [{ eos_token_id: null }, []],
    [{ top_p: 0.8 }, null],
  ])('reads the stop tokens of %j', (json, expected) => {
    expect(parseGeneration(json)).toEqual({ eosTokenIds: expected, stated: json })
  })

  it.each([[[]], [{ eos_token_id: 'end' }], [{ eos_token_id: [1.5] }]])('refuses %j', json => {
    expect(() => parseGeneration(json)).toThrow(InputError)
  })
})

describe('a config.json that is made to harm', () => {
  const mixture = JSON.parse(readFileSync('test/models/tiny-mixtral/config.json', 'utf8'))

  it('is refused for more experts than tables are made for', () => {
    const changes = { num_local_experts: 1024, num_hidden_layers: 1024 }
    expect(() => parseConfig({ ...mixture, ...changes }, 'config.json')).toThrow(
      /^config\.json: num_local_experts 1024 in 1024 layers, expected at most 65536/,
    )
  })

  it('is refused for a window of no key', () => {
    const gemma = JSON.parse(readFileSync('test/models/tiny-gemma3/config.json', 'utf8'))
    expect(() => parseConfig({ ...gemma, sliding_window: 0 }, 'config.json')).toThrow(/sliding_window 0/)
    expect(parse({ sliding_window: 0 }).layerAttention[0]!.window).toBe(null)
  })

  it('is warned of on one line, by no more of a key than anybody reads', () => {
    const { warnings } = parse({ [`a\nb${'c'.repeat(100_000)}`]: 1 })
    expect(warnings).toHaveLength(1)
    expect(warnings![0]).toMatch(/^[^\n]{1,200}$/)
  })
})
