import { z } from 'zod'
import type { WeightDType } from '../../kernels/pack-weight/pack-weight.ts'
import { describeIssues, InputError } from '../input-error.ts'

/**
 * One rotary position embedding (RoFormer, arXiv 2104.09864): pair i of a head turns by position · fᵢ with
 * fᵢ = theta^(−2i / width), before scaling.
 */
export interface RopeConfig {
  theta: number
  /** Numbers of a head that turn, an even number; those behind them pass through. */
  width: number
  scaling: RopeScaling | null
}

/** What becomes of the frequencies fᵢ of a rotary embedding, by Transformers' `rope_type`. */
export type RopeScaling =
  /** fᵢ / factor (position interpolation, arXiv 2306.15595). */
  | { type: 'linear'; factor: number }
  /** Long wavelengths divided by the factor, short ones kept, those between mixed (Llama 3.1). */
  | {
      type: 'llama3'
      factor: number
      lowFrequencyFactor: number
      highFrequencyFactor: number
      originalContext: number
    }
  /** YaRN (arXiv 2309.00071): mixed by how often a pair turns in the original context; cos and sin times attentionFactor. */
  | {
      type: 'yarn'
      factor: number
      originalContext: number
      betaFast: number
      betaSlow: number
      /** Whether the bounds of the mixture are whole pairs. */
      truncate: boolean
      attentionFactor: number
    }
  /** LongRoPE (arXiv 2402.13753): fᵢ / shortFactorsᵢ up to the original context, fᵢ / longFactorsᵢ in longer sequences. */
  | {
      type: 'longrope'
      shortFactors: number[]
      longFactors: number[]
      originalContext: number
      attentionFactor: number
    }
  /** fᵢ / factorsᵢ, as a GGUF file's rope_freqs.weight states them. */
  | { type: 'factors'; factors: number[] }

/** What a decoder layer's attention sees, and how it turns queries and keys. */
export interface LayerAttention {
  /** Keys that a row sees, itself included; null of all. */
  window: number | null
  /** Place in `ropes`; null where queries and keys do not turn. */
  rope: number | null
}

/** A mixture of experts in place of the MLP (arXiv 2101.03961): each row is computed by the best of its router's logits. */
export interface Experts {
  count: number
  /** Experts that compute a row. */
  perToken: number
  /** Columns of one expert. */
  width: number
  /** Whether the weights of a row's experts are divided by their sum. */
  normalised: boolean
  /** Columns of the expert that every row passes through, and whether a gate of its own scales it; null without one. */
  shared: { width: number; gated: boolean } | null
  /** Layers that have a plain MLP instead. */
  denseLayers: number[]
}

/** What tells decoders of one kind apart. Each feature acts at one place of the forward pass. */
export interface DecoderFeatures {
  /** RMSNorm before attention and MLP, after them (before the residual sum), or both. */
  norms: 'before' | 'after' | 'both'
  /** 1 where norms multiply by 1 + weight. */
  normOffset: 0 | 1
  /** RMSNorm of queries and keys before they turn: of each head, or of all heads at once. */
  queryKeyNorm: 'none' | 'head' | 'full'
  /** Which linear layers add a bias. */
  biases: { query: boolean; key: boolean; value: boolean; output: boolean; mlp: boolean }
  /** What the gate of the MLP passes through: SiLU, or GELU by its tanh approximation. */
  gate: 'silu' | 'gelu-tanh'
  /** Factors of the embedding, of what a layer adds to the residual stream, of attention's scores and of the logits. */
  embeddingScale: number
  residualScale: number
  attentionScale: number
  logitsScale: number
  /** c · tanh(x / c) of attention's scores and of the logits; null without. */
  attentionCap: number | null
  logitsCap: number | null
  ropes: RopeConfig[]
  /** One a layer. */
  layerAttention: LayerAttention[]
  /** Null of a plain MLP in every layer. */
  experts: Experts | null
  /** Whether the checkpoint holds query, key and value in one tensor, and gate and up. */
  fused: { queryKeyValue: boolean; gateUp: boolean }
}

/** The numbers of a model's config.json, whatever its keys are called there. */
export interface ModelConfig extends DecoderFeatures {
  /** Transformers' model_type. */
  family: string
  /** V: rows of the embedding, padding rows included. */
  vocabSize: number
  /** D: width of the residual stream. */
  hiddenSize: number
  /** F: width of the MLP. */
  intermediateSize: number
  layers: number
  /** H: query heads. */
  heads: number
  /** K: key-value heads; H is a multiple of it. */
  keyValueHeads: number
  /** d: width of a head; a multiple of 4 up to 256. */
  headDim: number
  rmsNormEps: number
  /** Longest sequence, prompt and answer together. */
  maxPositionEmbeddings: number
  /** Whether the output layer is the embedding, so that the checkpoint holds no lm_head. */
  tieWordEmbeddings: boolean
  /** Tokens that end an answer; none means run to the limit. Null when the file does not say. */
  eosTokenIds: number[] | null
  bosTokenId: number | null
  /** The format config.json states; the checkpoint's own headers decide. */
  dtype: WeightDType | null
}

/** A number that sizes something has a bound some ten times what published models have. */
const size = (most: number) => z.int().positive().max(most)
const tokenId = z
  .int()
  .nonnegative()
  .max(2 ** 31 - 1)
/** A token id, a list of them, or null, as Transformers writes it. */
export const tokenIds = z
  .union([tokenId, z.array(tokenId).max(1000)])
  .nullable()
  .transform(value => (value === null ? [] : [value].flat()))

/** torch's names of number formats, with and without `torch.` before them; null leaves it to the checkpoint. */
const dtypeNames = {
  float32: 'f32',
  float: 'f32',
  float16: 'f16',
  half: 'f16',
  bfloat16: 'bf16',
  auto: null,
} as const satisfies Record<string, WeightDType | null>
const dtype = z
  .preprocess(
    value => (typeof value === 'string' ? value.replace(/^torch\./, '') : value),
    z.enum(Object.keys(dtypeNames) as (keyof typeof dtypeNames)[]).nullable(),
  )
  .optional()

// What may be left out takes the default that Transformers' Qwen2Config gives it.
const configFile = z.object({
  vocab_size: size(2 ** 24),
  hidden_size: size(2 ** 17),
  intermediate_size: size(2 ** 20),
  num_hidden_layers: size(1024),
  num_attention_heads: size(4096),
  num_key_value_heads: size(4096).nullish(),
  head_dim: size(4096).nullish(),
  rope_theta: z.number().positive().nullish(),
  rope_parameters: z.object({ rope_theta: z.number().positive().optional() }).nullish(),
  rms_norm_eps: z.number().positive().default(1e-6),
  max_position_embeddings: size(2 ** 31 - 1).default(32768),
  tie_word_embeddings: z.boolean().default(false),
  eos_token_id: tokenIds.optional(),
  bos_token_id: tokenId.nullish(),
  dtype,
  torch_dtype: dtype,
})

/**
 * The ModelConfig of a config.json's content. `where` names the file in messages. Throws InputError for what is wrong
 * or missing, and, by name, for what these kernels do not compute.
 */
export function parseConfig(json: unknown, where: string): ModelConfig {
  refuseUnsupported(json, where)
  const parsed = configFile.safeParse(json)
  if (!parsed.success)
    throw new InputError(`${where}: ${describeIssues(parsed.error)}; expected a Qwen2 config.json`)
  const file = parsed.data
  const heads = file.num_attention_heads
  const statedDtype = file.dtype ?? file.torch_dtype
  const headDim = file.head_dim ?? file.hidden_size / heads
  const layers = file.num_hidden_layers
  const theta = file.rope_parameters?.rope_theta ?? file.rope_theta ?? 10000
  const config: ModelConfig = {
    ...plainDecoder(layers, headDim, theta),
    family: 'qwen2',
    biases: { query: true, key: true, value: true, output: false, mlp: false },
    vocabSize: file.vocab_size,
    hiddenSize: file.hidden_size,
    intermediateSize: file.intermediate_size,
    layers,
    heads,
    keyValueHeads: file.num_key_value_heads ?? heads,
    headDim,
    rmsNormEps: file.rms_norm_eps,
    maxPositionEmbeddings: file.max_position_embeddings,
    tieWordEmbeddings: file.tie_word_embeddings,
    eosTokenIds: file.eos_token_id ?? null,
    bosTokenId: file.bos_token_id ?? null,
    dtype: statedDtype ? dtypeNames[statedDtype] : null,
  }
  checkHeads(config, where)
  return config
}

/** The features of a decoder without any, as Llama's first. */
export function plainDecoder(layers: number, headDim: number, theta: number): DecoderFeatures {
  return {
    norms: 'before',
    normOffset: 0,
    queryKeyNorm: 'none',
    biases: { query: false, key: false, value: false, output: false, mlp: false },
    gate: 'silu',
    embeddingScale: 1,
    residualScale: 1,
    attentionScale: 1 / Math.sqrt(headDim),
    logitsScale: 1,
    attentionCap: null,
    logitsCap: null,
    ropes: [{ theta, width: headDim, scaling: null }],
    layerAttention: Array.from({ length: layers }, () => ({ window: null, rope: 0 })),
    experts: null,
    fused: { queryKeyValue: false, gateUp: false },
  }
}

function checkHeads(config: ModelConfig, where: string): void {
  const { heads, keyValueHeads, headDim, hiddenSize } = config
  if (headDim % 4 !== 0 || headDim > 256)
    throw new InputError(
      `${where}: heads of width ${headDim} (head_dim, else hidden_size ${hiddenSize} / num_attention_heads ${heads}), ` +
        'expected a multiple of 4 up to 256; no kernel computes this width',
    )
  if (heads % keyValueHeads !== 0)
    throw new InputError(
      `${where}: num_attention_heads ${heads} is no multiple of num_key_value_heads ${keyValueHeads}; ` +
        'check the two, query heads share key-value heads in equal groups',
    )
}

// Loose on purpose: what a config of another architecture holds must not hide that it is of another architecture.
const anyConfig = z.looseObject({
  architectures: z.array(z.string()).nullish(),
  model_type: z.string().nullish(),
})

/** Throws InputError, by name, for whatever a config.json asks for that the Qwen2 forward pass here does not compute. */
function refuseUnsupported(json: unknown, where: string): void {
  const parsed = anyConfig.safeParse(json)
  if (!parsed.success)
    throw new InputError(`${where}: ${describeIssues(parsed.error)}; expected a model's config.json`)
  const config = parsed.data
  const refuse = (found: string, expected: string): never => {
    throw new InputError(`${where}: ${found} is not supported, expected ${expected}; use another checkpoint`)
  }
  const architecture = config.architectures?.join(', ') || null
  if (
    (config.model_type ?? 'qwen2') !== 'qwen2' ||
    (architecture ?? 'Qwen2ForCausalLM') !== 'Qwen2ForCausalLM'
  )
    refuse(`architecture ${architecture ?? config.model_type}`, 'Qwen2ForCausalLM (Qwen2, Qwen2.5)')
  if (architecture === null && config.model_type == null)
    refuse('a config that names no architecture', '"architectures": ["Qwen2ForCausalLM"]')
  if (config.quantization_config != null)
    refuse('a quantized checkpoint (quantization_config)', 'weights in bf16, f16 or f32')
  // Two names of one function.
  if (!['silu', 'swish'].includes(String(config.hidden_act ?? 'silu')))
    refuse(`hidden_act ${show(config.hidden_act)}`, '"silu"')
  refuseWindows(config, refuse)
  if (!isPlainRope(config.rope_scaling)) refuse(`rope_scaling ${show(config.rope_scaling)}`, 'null')
  if (!isPlainRope(config.rope_parameters))
    refuse(`rope_parameters ${show(config.rope_parameters)}`, 'rope_type "default" over the whole head')
}

/**
 * Refuses layers that do not see their whole context. As Transformers reads the fields, layers have a window where
 * layer_types says so or, without it, from max_window_layers on where use_sliding_window is true; a window that is no
 * shorter than the context hides nothing.
 */
function refuseWindows(
  config: z.infer<typeof anyConfig>,
  refuse: (found: string, expected: string) => void,
): void {
  // What is left out takes the default that Transformers' Qwen2Config gives it.
  const { sliding_window: window = 4096, max_position_embeddings: context = 32768 } = config
  const hidesNothing = typeof window === 'number' && typeof context === 'number' && window >= context
  if (config.layer_types != null) {
    const served: unknown[] = ['full_attention', ...(hidesNothing ? ['sliding_attention'] : [])]
    const other = [config.layer_types].flat().find(type => !served.includes(type))
    if (other !== undefined) refuse(`layer type ${show(other)} (layer_types)`, 'only "full_attention"')
    return
  }
  if (config.use_sliding_window !== true || window === null || hidesNothing) return
  const { max_window_layers: first = 28, num_hidden_layers: layers } = config
  if (typeof first === 'number' && typeof layers === 'number' && first >= layers) return
  refuse(
    `sliding-window attention (use_sliding_window, with sliding_window ${show(window)} from layer ${show(first)} of ${show(layers)} on)`,
    'use_sliding_window false, or a window that no layer has',
  )
}

/** Whether a rope_scaling or rope_parameters object leaves the rotation unscaled. */
function isPlainRope(value: unknown): boolean {
  const rope = z
    .object({
      rope_type: z.literal('default').optional(),
      type: z.literal('default').optional(),
      rope_theta: z.number().optional(),
      partial_rotary_factor: z.literal(1).optional(),
    })
    .strict()
  return rope.nullish().safeParse(value).success
}

function show(value: unknown): string {
  return JSON.stringify(value)
}
