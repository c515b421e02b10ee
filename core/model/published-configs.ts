import { type ModelConfig, parseConfig } from './config.ts'

/** What the instruct models of the Qwen2.5 family share in their config.json. */
const family = {
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
const small = { ...family, tie_word_embeddings: true, vocab_size: 151936 }

const sizeNames =
  'hidden_size intermediate_size num_hidden_layers num_attention_heads num_key_value_heads'.split(' ')
/** These sizes of a model, in this order. */
const sizes = (...numbers: number[]) => Object.fromEntries(sizeNames.map((name, at) => [name, numbers[at]]))

const configFiles: Record<string, object> = {
  'qwen2.5-0.5b': { ...small, ...sizes(896, 4864, 24, 14, 2) },
  'qwen2.5-1.5b': { ...small, ...sizes(1536, 8960, 28, 12, 2) },
  'qwen2.5-3b': { ...small, ...sizes(2048, 11008, 36, 16, 2) },
  'qwen2.5-7b': { ...family, ...sizes(3584, 18944, 28, 28, 4) },
  'qwen2.5-14b': { ...family, ...sizes(5120, 13824, 48, 40, 8), rms_norm_eps: 1e-5 },
  'qwen2.5-32b': { ...family, ...sizes(5120, 27648, 64, 40, 8), rms_norm_eps: 1e-5 },
  'qwen2.5-72b': { ...family, ...sizes(8192, 29568, 80, 64, 8) },
}

/** Names of the published configs, from small to large. */
export const publishedConfigNames: readonly string[] = Object.keys(configFiles)

/** The published config of this name, in whatever case, or null where there is none. */
export function publishedConfig(name: string): ModelConfig | null {
  const key = name.toLowerCase()
  return Object.hasOwn(configFiles, key) ? parseConfig(configFiles[key], key) : null
}
