import { type ModelConfig, parseConfig } from './config.ts'

const sizeNames =
  'hidden_size intermediate_size num_hidden_layers num_attention_heads num_key_value_heads'.split(' ')
/** These sizes of a model, in this order. */
const sizes = (...numbers: number[]) => Object.fromEntries(sizeNames.map((name, at) => [name, numbers[at]]))

/** What the instruct models of the Qwen2.5 family share in their config.json. */
const qwen25 = {
  architectures: ['Qwen2ForCausalLM'],
  model_type: 'qwen2',
  bos_token_id: 151643,
  eos_token_id: 151645,
  hidden_act: 'silu',
  max_position_embeddings: 32768,
  rms_norm_eps: 1e-6,
  rope_theta: 1e6,
  tie_word_embeddings: false,
  torch_dtype: 'bfloat16',
  use_sliding_window: false,
  vocab_size: 152064,
}

/** The two smaller vocabularies go with tied embeddings. */
const small = { ...qwen25, tie_word_embeddings: true, vocab_size: 151936 }

const qwen3 = { ...qwen25, max_position_embeddings: 40960, head_dim: 128, vocab_size: 151936 }
const qwen3Dense = { ...qwen3, architectures: ['Qwen3ForCausalLM'], model_type: 'qwen3' }

const llama3 = {
  architectures: ['LlamaForCausalLM'],
  model_type: 'llama',
  bos_token_id: 128000,
  eos_token_id: [128001, 128008, 128009],
  max_position_embeddings: 131072,
  rms_norm_eps: 1e-5,
  rope_theta: 5e5,
  torch_dtype: 'bfloat16',
  vocab_size: 128256,
}
/** The scaling of rotary embeddings of Llama 3.1 and later. */
const llama3Rope = (factor: number) => ({
  rope_type: 'llama3',
  factor,
  low_freq_factor: 1,
  high_freq_factor: 4,
  original_max_position_embeddings: 8192,
})

const mistral = {
  architectures: ['MistralForCausalLM'],
  model_type: 'mistral',
  bos_token_id: 1,
  eos_token_id: 2,
  max_position_embeddings: 32768,
  rms_norm_eps: 1e-5,
  rope_theta: 1e6,
  sliding_window: null,
  torch_dtype: 'bfloat16',
  vocab_size: 32768,
}

const gemma = { bos_token_id: 2, head_dim: 256, query_pre_attn_scalar: 256, torch_dtype: 'bfloat16' }

const configFiles: Record<string, object> = {
  'qwen2.5-0.5b': { ...small, ...sizes(896, 4864, 24, 14, 2) },
  'qwen2.5-1.5b': { ...small, ...sizes(1536, 8960, 28, 12, 2) },
  'qwen2.5-3b': { ...small, ...sizes(2048, 11008, 36, 16, 2) },
  'qwen2.5-7b': { ...qwen25, ...sizes(3584, 18944, 28, 28, 4) },
  'qwen2.5-14b': { ...qwen25, ...sizes(5120, 13824, 48, 40, 8), rms_norm_eps: 1e-5 },
  'qwen2.5-32b': { ...qwen25, ...sizes(5120, 27648, 64, 40, 8), rms_norm_eps: 1e-5 },
  'qwen2.5-72b': { ...qwen25, ...sizes(8192, 29568, 80, 64, 8) },
  'qwen3-8b': { ...qwen3Dense, ...sizes(4096, 12288, 36, 32, 8) },
  'qwen3-30b-a3b': {
    ...qwen3,
    architectures: ['Qwen3MoeForCausalLM'],
    model_type: 'qwen3_moe',
    ...sizes(2048, 6144, 48, 32, 4),
    num_experts: 128,
    num_experts_per_tok: 8,
    moe_intermediate_size: 768,
    norm_topk_prob: true,
  },
  'llama-3.2-1b': {
    ...{ ...llama3, ...sizes(2048, 8192, 16, 32, 8) },
    ...{ head_dim: 64, rope_scaling: llama3Rope(32), tie_word_embeddings: true },
  },
  'llama-3.1-8b': { ...llama3, ...sizes(4096, 14336, 32, 32, 8), rope_scaling: llama3Rope(8) },
  'llama-3.1-70b': { ...llama3, ...sizes(8192, 28672, 80, 64, 8), rope_scaling: llama3Rope(8) },
  'mistral-7b': { ...mistral, ...sizes(4096, 14336, 32, 32, 8) },
  'mixtral-8x7b': {
    ...{ ...mistral, ...sizes(4096, 14336, 32, 32, 8) },
    ...{ architectures: ['MixtralForCausalLM'], model_type: 'mixtral', vocab_size: 32000 },
    ...{ num_local_experts: 8, num_experts_per_tok: 2 },
  },
  'gemma-2-9b': {
    ...{ ...gemma, architectures: ['Gemma2ForCausalLM'], model_type: 'gemma2' },
    ...{ ...sizes(3584, 14336, 42, 16, 8), vocab_size: 256000, eos_token_id: 1 },
  },
  'gemma-3-1b': {
    ...{ ...gemma, architectures: ['Gemma3ForCausalLM'], model_type: 'gemma3_text' },
    ...{ ...sizes(1152, 6912, 26, 4, 1), vocab_size: 262144, eos_token_id: [1, 106] },
    ...{ max_position_embeddings: 32768, sliding_window: 512 },
  },
}

/** Names of the published configs, from small to large. */
export const publishedConfigNames: readonly string[] = Object.keys(configFiles)

/** The published config of this name, in whatever case, or null where there is none. */
export function publishedConfig(name: string): ModelConfig | null {
  const key = name.toLowerCase()
  return Object.hasOwn(configFiles, key) ? parseConfig(configFiles[key], key) : null
}
