import { z } from 'zod'
import { describeIssues, InputError, shownName } from '../input-error.ts'

/** A number that sizes something has a bound some ten times what published models have. */
export const size = (most: number) => z.int().positive().max(most)
export const count = (most: number) => z.int().nonnegative().max(most)
export const mostTokens = 2 ** 31 - 1
export const mostLayers = 1024
/** Experts of all layers together: each has its tensors, of which tables are made before a file is read. */
export const mostExpertsOfLayers = 2 ** 16
/** A factor; what is outside of these bounds is no number that a model was made with. */
export const positive = z.number().min(1e-30).max(1e30)

/** The keys of a JSON object, read one by one, so that what nobody read is known. */
export type ConfigKeys = ReturnType<typeof configKeys>

/**
 * Reads keys of an object that a file holds. A key that is left out takes the value of `defaults`; null is a value. `path` is
 * where the object is within the file.
 */
export function configKeys(
  object: Readonly<Record<string, unknown>>,
  where: string,
  defaults: Readonly<Record<string, unknown>> = {},
  path = '',
) {
  const wasRead = new Set<string>()
  const holds = (key: string) => Object.hasOwn(object, key) && object[key] !== undefined
  const peek = (key: string): unknown => (holds(key) ? object[key] : defaults[key])
  return {
    where,
    path,
    /** The key as a message names it. */
    name: (key: string) => path + key,
    holds,
    /** The value as it is there. */
    peek,
    /** Takes keys as read that another rule decides over. */
    pass(...keys: string[]): void {
      for (const key of keys) wasRead.add(key)
    },
    /** The value that the schema makes of it. Throws InputError. */
    read<T>(key: string, schema: z.ZodType<T>): T {
      wasRead.add(key)
      const parsed = z.object({ [key]: schema }).safeParse({ [key]: peek(key) })
      if (parsed.success) return (parsed.data as Record<string, T>)[key] as T
      throw new InputError(
        `${where}: ${path}${describeIssues(parsed.error)}; expected a config.json as Transformers writes it`,
      )
    },
    /** What the file holds and nobody read. */
    unread(): [key: string, value: unknown][] {
      return Object.entries(object).filter(([key]) => !wasRead.has(key))
    },
  }
}

/** What a key may be worth where the family does not read it, for the numbers to stay the same. */
type Neutral = readonly unknown[]

const off: Neutral = [null, false]
const one: Neutral = [null, 1]
const none: Neutral = [null, 0]
/** Of a list of layers or heads. */
const empty: Neutral = [null, []]

/**
 * Keys that change what some model computes, with the values at which they change nothing. Where a family does not read one, any
 * other value is refused: it says that the model is not what its architecture says.
 */
const neutralValues: Readonly<Record<string, Neutral>> = {
  add_cross_attention: off,
  alibi: off,
  altup_num_inputs: none,
  apply_residual_connection_post_layernorm: off,
  attention_bias: off,
  attention_chunk_size: none,
  attention_logit_cap: none,
  attention_multiplier: [null],
  attention_out_bias: off,
  attention_sink: off,
  attn_logit_softcapping: none,
  attn_temperature_tuning: off,
  attn_logit_softcap: none,
  bias: off,
  clip_qkv: [null],
  decoder_sparse_step: one,
  dim_model_base: [null],
  do_layer_norm_before: [null, true],
  embedding_multiplier: one,
  final_logit_softcapping: none,
  first_k_dense_replace: none,
  full_attn_mod: one,
  interpolate_factor: one,
  is_causal: [null, true],
  is_encoder_decoder: off,
  kv_lora_rank: none,
  layer_norm_eps: [null],
  layer_norm_epsilon: [null],
  lm_head_bias: off,
  logit_scale: one,
  logits_scaling: one,
  mlp_bias: off,
  mlp_only_layers: empty,
  mrope_section: [null],
  moe_num_experts: none,
  n_routed_experts: none,
  n_shared_experts: none,
  no_rope_layers: empty,
  norm_topk_prob: [null, false, true],
  num_experts: none,
  num_local_experts: none,
  num_shared_experts: none,
  parallel_attn: off,
  parallel_residual: off,
  partial_rotary_factor: one,
  per_layer_config: [null],
  position_embedding_type: [null, 'rope', 'rotary'],
  pruned_heads: [null, {}],
  q_lora_rank: none,
  qk_layernorm: off,
  qk_norm: off,
  qkv_bias: off,
  quantization_config: [null],
  compression_config: [null],
  query_pre_attn_scalar: [null],
  residual_multiplier: one,
  rope_interleave: off,
  rope_interleaved: off,
  rope_local_base_freq: [null],
  rope_ratio: one,
  rotary_emb_fraction: one,
  rotary_pct: one,
  scale_depth: [null],
  scale_emb: one,
  scale_embedding: off,
  shared_expert_intermediate_size: none,
  use_alibi: off,
  use_bias: off,
  use_bidirectional_attention: off,
  use_dynamic_ntk: off,
  use_logn_attn: off,
  use_mrope: off,
  use_parallel_residual: off,
  use_post_norm: off,
  use_qk_norm: off,
  use_qkv_bias: off,
}

/** Keys that change no number of an answer: of training, of generation, of other programs, of what reads the file. */
const harmlessKeys: ReadonlySet<string> = new Set(
  `_attn_implementation _attn_implementation_autoset _commit_hash _flash_attn_2_enabled _name_or_path _sliding_window_pattern
  architectures attention_dropout boi_token_id eoi_token_id image_token_id attn_dropout attn_implementation attn_pdrop auto_map bad_words_ids begin_suppress_tokens
  boi_token_index bos_token_id cache_implementation chunk_size_feed_forward classifier_dropout cross_attention_hidden_size
  decoder_start_token_id diversity_penalty do_sample dtype early_stopping embd_pdrop embedding_dropout
  encoder_no_repeat_ngram_size eoi_token_index eos_token_id exponential_decay_length_penalty ffn_dropout finetuning_task
  forced_bos_token_id forced_eos_token_id hidden_dropout hidden_dropout_prob id2label image_token_index initializer_factor
  initializer_range is_decoder is_llama_config label2id length_penalty max_length max_sequence_length max_window_layers min_length
  mm_tokens_per_image model_max_length model_type name_or_path no_repeat_ngram_size no_rope_layer_interval num_beam_groups
  num_beams num_logits_to_keep num_return_sequences original_max_position_embeddings output_attentions output_hidden_states
  output_router_logits output_scores pad_token_id prefix pretraining_tp problem_type remove_invalid_values repetition_penalty
  resid_pdrop return_dict return_dict_in_generate router_aux_loss_coef router_jitter_noise sep_token_id suppress_tokens
  task_specific_params temperature text_config tf_legacy_loss tie_encoder_decoder tokenizer_class
  tokenizer_model_max_length top_k top_p torch_dtype torchscript transformers.js_config transformers_version typical_p
  unsloth_fixed unsloth_version use_bfloat16 use_cache vision_config`.split(/\s+/),
)

/**
 * Whether what a file holds and nobody read may be left unread: refuses a key that would change numbers, unless it is of `foreign`,
 * and gives a warning for each that nobody knows, and in place of a refusal. Throws InputError.
 */
export function judgeUnread(
  keys: ConfigKeys,
  architecture: string,
  foreign: 'all' | readonly string[],
): string[] {
  const warnings: string[] = []
  for (const [key, value] of keys.unread()) {
    if (harmlessKeys.has(key)) continue
    const neutral = Object.hasOwn(neutralValues, key) ? neutralValues[key]! : null
    if (neutral?.some(one => JSON.stringify(one) === JSON.stringify(value))) continue
    const found = `${shownName(keys.name(key))} ${show(value)}`
    const isForeign = (foreign === 'all' || foreign.includes(key)) && !alwaysRefused.has(key)
    if (neutral && !isForeign) refuse(keys, architecture, found, neutral.map(show).join(' or '))
    const why = neutral ? `has no meaning in ${architecture}` : 'is not known here'
    warnings.push(`${keys.where}: ${found} ${why}; it is ignored`)
  }
  return warnings
}

/** Keys that no family may state. */
const alwaysRefused: ReadonlySet<string> = new Set([
  'quantization_config',
  'compression_config',
  'mrope_section',
])

/** Refuses what a config.json states, by name. */
export function refuse(
  { where }: Pick<ConfigKeys, 'where'>,
  architecture: string,
  found: string,
  expected: string,
): never {
  throw new InputError(
    `${where}: ${found} is not supported in ${architecture}, expected ${expected}; use another checkpoint`,
  )
}

const mostShown = 120

/** A value as a message shows it. */
export function show(value: unknown): string {
  const text = JSON.stringify(value) ?? 'nothing'
  return text.length > mostShown ? `${text.slice(0, mostShown)}…` : text
}
