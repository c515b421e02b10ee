import { maxExperts } from '../../kernels/route-experts/route-experts.ts'
import type { GgufMetadata, GgufTensor } from '../files/gguf.ts'
import { InputError, shownName } from '../input-error.ts'
import type { ModelConfig } from './config.ts'
import { mostExpertsOfLayers, mostLayers, mostTokens } from './config-keys.ts'
import { type DecoderFeatures, type Experts, type LayerAttention, plainDecoder } from './decoder-features.ts'
import { type Fields, fieldsOf, mostWidth, type Stated } from './gguf-fields.ts'
import { longestContext, ropeOf } from './gguf-rope.ts'
import type { RopeConfig } from './rope-config.ts'

/** What tells a `general.architecture` apart, as llama.cpp computes it. */
interface Architecture {
  /** Transformers' model_type. */
  family(stated: Stated): string
  /** Whether rows of query and key lie in pairs: within a head of d rows, row 2i + h of the file is row h·d/2 + i of the checkpoint. */
  pairsRows?: true
  /** Features beside those of a plain decoder, and of the tensors that the file holds. */
  features(stated: Stated, rope: RopeConfig): Partial<DecoderFeatures>
}

const everyLayer = (stated: Stated, attention: (layer: number) => LayerAttention) =>
  Array.from({ length: stated.sizes.layers }, (_, layer) => attention(layer))

/** Every layer with the window that the file states, which is none where it is no shorter than the context. */
const windowedEverywhere = (stated: Stated): Partial<DecoderFeatures> => {
  const window = statedWindow(stated)
  return { layerAttention: everyLayer(stated, () => ({ window, rope: 0 })) }
}

/** 1 / √(width of a head), but in the 27B models, which are known by their layers: there of an even part of the hidden width. */
const gemmaScale = ({ sizes }: Stated, layersOf27B: number) =>
  1 / Math.sqrt(sizes.layers === layersOf27B ? sizes.hiddenSize / sizes.heads : sizes.headDim)

const gemmaFeatures = (stated: Stated) =>
  ({
    norms: 'both',
    gate: 'gelu-tanh',
    embeddingScale: Math.sqrt(stated.sizes.hiddenSize),
  }) as const satisfies Partial<DecoderFeatures>

/** One entry an architecture. What llama.cpp keeps in its source, and a file does not say, stands here. */
const architectures: Record<string, Architecture> = {
  llama: {
    family: stated => (countOfExperts(stated) > 0 ? 'mixtral' : 'llama'),
    pairsRows: true,
    features: stated => ({
      ...windowedEverywhere(stated),
      experts: experts(stated, { normalised: true, width: stated.sizes.intermediateSize }),
    }),
  },
  qwen2: {
    family: () => 'qwen2',
    features: () => ({ biases: { query: true, key: true, value: true, output: false, mlp: false } }),
  },
  qwen2moe: {
    family: () => 'qwen2_moe',
    features: stated => ({
      biases: { query: true, key: true, value: true, output: false, mlp: false },
      experts: experts(stated, {
        normalised: false,
        shared: {
          width: stated.size('expert_shared_feed_forward_length', mostWidth, stated.sizes.intermediateSize),
          gated: true,
        },
      }),
    }),
  },
  qwen3: { family: () => 'qwen3', features: () => ({ queryKeyNorm: 'head' }) },
  qwen3moe: {
    family: () => 'qwen3_moe',
    features: stated => ({ queryKeyNorm: 'head', experts: experts(stated, { normalised: true }) }),
  },
  gemma2: {
    family: () => 'gemma2',
    features: stated => {
      const window = statedWindow(stated, 4096)
      return {
        ...gemmaFeatures(stated),
        attentionScale: gemmaScale(stated, 46),
        attentionCap: stated.cap('attn_logit_softcapping', 50),
        logitsCap: stated.cap('final_logit_softcapping', 30),
        layerAttention: everyLayer(stated, layer => ({ window: layer % 2 === 0 ? window : null, rope: 0 })),
      }
    },
  },
  gemma3: {
    family: () => 'gemma3_text',
    features: (stated, rope) => {
      const window = stated.whole('attention.sliding_window', 0) || null
      const pattern = stated.size('attention.sliding_window_pattern', 1024, 6)
      const local = { ...rope, theta: stated.base('rope.freq_base_swa', 10000), scaling: null }
      const isLocal = (layer: number) => window !== null && layer % pattern < pattern - 1
      return {
        ...gemmaFeatures(stated),
        queryKeyNorm: 'head',
        attentionScale: gemmaScale(stated, 62),
        logitsCap: stated.cap('final_logit_softcapping', 0),
        ropes: [rope, local],
        layerAttention: everyLayer(stated, layer =>
          isLocal(layer) ? { window: withinContext(stated, window), rope: 1 } : { window: null, rope: 0 },
        ),
      }
    },
  },
  phi3: {
    family: () => 'phi3',
    features: stated => ({
      ...windowedEverywhere(stated),
      fused: { queryKeyValue: stated.has('blk.0.attn_qkv.weight'), gateUp: true },
    }),
  },
  olmo2: { family: () => 'olmo2', features: () => ({ norms: 'after', queryKeyNorm: 'full' }) },
  smollm3: {
    family: () => 'smollm3',
    pairsRows: true,
    features: stated => ({
      layerAttention: everyLayer(stated, layer => ({
        window: null,
        rope: (layer + 1) % 4 === 0 ? null : 0,
      })),
    }),
  },
  granite: {
    family: () => 'granite',
    pairsRows: true,
    features: stated => ({
      embeddingScale: stated.positive('embedding_scale', 1),
      residualScale: stated.positive('residual_scale', 1),
      attentionScale: stated.positive('attention.scale', 1 / Math.sqrt(stated.sizes.headDim)),
      logitsScale: 1 / stated.positive('logit_scale', 1),
    }),
  },
}

/** Keys of an architecture that change what is computed where they hold anything but these, unless it reads them. */
const neutral: Record<string, readonly unknown[]> = {
  'attention.causal': [true],
  'attention.clamp_kqv': [0],
  'attention.group_norm_groups': [0, 1],
  'attention.key_length_swa': [],
  'attention.layer_norm_epsilon': [0],
  'attention.max_alibi_bias': [0],
  'attention.scale': [0],
  'attention.sliding_window': [0],
  'attention.temperature_scale': [0],
  'attention.value_length_swa': [],
  attn_logit_softcapping: [0],
  embedding_scale: [0, 1],
  expert_count: [0],
  expert_gating_func: [0, 1],
  expert_group_count: [0, 1],
  expert_shared_count: [0],
  expert_weights_scale: [0, 1],
  final_logit_softcapping: [0],
  leading_dense_block_count: [0],
  logit_scale: [0, 1],
  nextn_predict_layers: [0],
  residual_scale: [0, 1],
  'rope.dimension_count_swa': [],
  'rope.dimension_sections': [],
  'rope.scaling.yarn_log_multiplier': [0],
  use_parallel_residual: [false],
}
/** What a GGUF file says of its model. */
export interface GgufConfig {
  config: ModelConfig
  /** Whether rows of query and key lie in pairs. */
  pairsRows: boolean
}

/**
 * The ModelConfig of a GGUF file's metadata and tensors; `ropeFactors` are the numbers of those among them that scale rotary
 * embeddings. Throws InputError, with the key, for what is missing or wrong, and by name for what is not computed here.
 */
export function parseGgufConfig(
  metadata: GgufMetadata,
  tensors: ReadonlyMap<string, GgufTensor>,
  ropeFactors: ReadonlyMap<string, number[]>,
): GgufConfig {
  const { name: architecture, entry } = architectureOf(metadata)
  const fields = fieldsOf(metadata, architecture)
  if (tensors.size === 0)
    throw new InputError(
      `${metadata.name}: tensor_count is 0, expected the tensors of a model; this file holds a vocabulary alone`,
    )
  const layers = fields.size('block_count', mostLayers)
  if (layers > tensors.size)
    throw new InputError(
      `${metadata.name}: ${fields.key('block_count')} is ${layers}, but the file holds ${tensors.size} tensors, expected some of each layer; ` +
        'the file is damaged or incomplete, fetch it again',
    )
  const hiddenSize = fields.size('embedding_length', 2 ** 17)
  const heads = fields.size('attention.head_count', 4096)
  const headDim = fields.size('attention.key_length', 4096, hiddenSize / heads)
  const sizes = {
    layers,
    hiddenSize,
    // A model of experts alone may state but theirs.
    intermediateSize: fields.size(
      'feed_forward_length',
      mostWidth,
      fields.whole('expert_feed_forward_length', 0) || undefined,
    ),
    heads,
    keyValueHeads: fields.size('attention.head_count_kv', 4096, heads),
    headDim,
    maxPositionEmbeddings: fields.size('context_length', mostTokens),
  }
  checkHeads(metadata, fields, sizes)
  const has = (tensor: string) => tensors.has(tensor)
  const stated: Stated = { ...fields, architecture, has, ropeFactors, sizes }
  const vocabSize = vocabularyRows(metadata, fields, tensors)
  const rope = ropeOf(stated)
  const hasBias = (own: string) => has(`blk.0.${own}.bias`)
  const config: ModelConfig = {
    ...plainDecoder(layers, headDim, rope.theta),
    ropes: [rope],
    biases: {
      query: hasBias('attn_q'),
      key: hasBias('attn_k'),
      value: hasBias('attn_v'),
      output: hasBias('attn_output'),
      mlp: hasBias('ffn_down'),
    },
    ...entry.features(stated, rope),
    ...sizes,
    family: entry.family(stated),
    maxPositionEmbeddings: longestContext(sizes.maxPositionEmbeddings, rope.scaling),
    vocabSize,
    rmsNormEps: fields.positive('attention.layer_norm_rms_epsilon'),
    tieWordEmbeddings: !has('output.weight'),
    eosTokenIds: statedEnds(metadata, vocabSize),
    bosTokenId: tokenId(metadata, 'bos', vocabSize),
    dtype: null,
  }
  const warnings = checkUnread(metadata, fields, sizes.maxPositionEmbeddings)
  return {
    config: { ...config, ...(warnings.length > 0 && { warnings }) },
    pairsRows: entry.pairsRows === true,
  }
}

function architectureOf(metadata: GgufMetadata): { name: string; entry: Architecture } {
  const key = 'general.architecture'
  const name = metadata.get(key)
  if (typeof name === 'string' && Object.hasOwn(architectures, name))
    return { name, entry: architectures[name]! }
  throw new InputError(
    `${metadata.name}: ${key} is ${metadata.has(key) ? metadata.describe(key) : 'missing'}, expected one of ` +
      `${Object.keys(architectures).join(', ')}; use a model of one of these`,
  )
}

function checkHeads(metadata: GgufMetadata, fields: Fields, sizes: Stated['sizes']): void {
  const { heads, keyValueHeads, headDim } = sizes
  const valueWidth = fields.size('attention.value_length', 4096, headDim)
  const [count, shared, width] = ['head_count', 'head_count_kv', 'key_length'].map(own =>
    fields.key(`attention.${own}`),
  )
  if (headDim % 4 !== 0 || headDim > 256 || valueWidth !== headDim)
    throw new InputError(
      `${metadata.name}: heads of width ${headDim} (${width}, else ${fields.key('embedding_length')} ${sizes.hiddenSize} / ${count} ${heads}) ` +
        `with values of width ${valueWidth}, expected one width for both, a multiple of 4 up to 256; no kernel computes these`,
    )
  if (heads % keyValueHeads !== 0)
    throw new InputError(
      `${metadata.name}: ${count} ${heads} is no multiple of ${shared} ${keyValueHeads}; expected query heads to share ` +
        'key-value heads in equal groups, the metadata is damaged',
    )
}

/** Rows of the embedding, with which the vocabulary has to agree. */
function vocabularyRows(
  metadata: GgufMetadata,
  fields: Fields,
  tensors: ReadonlyMap<string, GgufTensor>,
): number {
  const embedding = tensors.get('token_embd.weight')
  if (!embedding) throw missingTensor(metadata.name, 'token_embd.weight')
  const rows = embedding.dims[1] ?? 1
  const list = 'tokenizer.ggml.tokens'
  const tokens = metadata.count(list)
  const vocabulary = tokens ?? fields.size('vocab_size', 2 ** 24, rows)
  if (vocabulary !== rows || rows > 2 ** 24)
    throw new InputError(
      `${metadata.name}: ${tokens === null ? fields.key('vocab_size') : list} has ${vocabulary} tokens, but token_embd.weight ` +
        `${rows} rows, expected a row for each token; the file is damaged or badly converted`,
    )
  for (const own of ['token_type', 'scores']) {
    const key = `tokenizer.ggml.${own}`
    const count = metadata.count(key)
    if (metadata.has(key) && count !== tokens)
      throw new InputError(
        `${metadata.name}: ${key} is ${metadata.describe(key)}, expected one for each of the ${tokens ?? 0} tokens of ${list}; ` +
          'the file is damaged or badly converted',
      )
  }
  return rows
}

/** The error of a tensor that a file lacks. */
export function missingTensor(where: string, name: string): InputError {
  return new InputError(
    `${where}: tensor ${name} is missing, expected one by the file's metadata; the file is incomplete, fetch it again`,
  )
}

function tokenId(metadata: GgufMetadata, own: string, vocabSize: number): number | null {
  const key = `tokenizer.ggml.${own}_token_id`
  const value = metadata.get(key)
  // Files write -1, of whatever type, for none.
  if (value === undefined || value === -1 || value === 2 ** 32 - 1) return null
  if (typeof value === 'number' && Number.isInteger(value) && value >= 0 && value < vocabSize) return value
  throw new InputError(
    `${metadata.name}: ${key} is ${metadata.describe(key)}, expected one of the ${vocabSize} tokens' ids; ` +
      'the file is damaged or badly converted',
  )
}

/** Ends of text, of turn and of message; null where the file names none. */
function statedEnds(metadata: GgufMetadata, vocabSize: number): number[] | null {
  const ids = ['eos', 'eot', 'eom'].map(own => tokenId(metadata, own, vocabSize)).filter(id => id !== null)
  return ids.length === 0 ? null : [...new Set(ids)]
}

/** Throws InputError for a key that changes what is computed and was not read; says which others were not. */
function checkUnread(metadata: GgufMetadata, fields: Fields, context: number): string[] {
  // A window that is no shorter than the context hides nothing.
  const hidesNothing = (own: string) =>
    own === 'attention.sliding_window' && Number(metadata.get(fields.key(own))) >= context
  const unread = fields.unread().filter(own => !hidesNothing(own))
  for (const own of unread) {
    const harmless = Object.hasOwn(neutral, own) ? neutral[own]! : null
    const key = fields.key(own)
    if (harmless && !harmless.includes(metadata.get(key)))
      throw new InputError(
        `${metadata.name}: ${key} is ${metadata.describe(key)}, ` +
          `expected ${harmless.length === 0 ? 'no such key' : harmless.join(' or ')}; a model with it is not computed here`,
      )
  }
  const unknown = unread.filter(own => !Object.hasOwn(neutral, own)).map(own => shownName(fields.key(own)))
  if (unknown.length === 0) return []
  return [`${metadata.name}: nobody here knows what ${unknown.slice(0, 10).join(', ')} changes; ignored`]
}

function statedWindow(stated: Stated, otherwise = 0): number | null {
  return withinContext(stated, stated.whole('attention.sliding_window', otherwise) || null)
}

function withinContext({ sizes }: Stated, window: number | null): number | null {
  return window !== null && window < sizes.maxPositionEmbeddings ? window : null
}

function countOfExperts(stated: Stated): number {
  return stated.whole('expert_count', 0)
}

function experts(
  stated: Stated,
  of: { normalised: boolean; width?: number; shared?: Experts['shared'] },
): Experts | null {
  const { normalised, shared = null } = of
  if (countOfExperts(stated) === 0) return null
  const count = stated.size(
    'expert_count',
    Math.min(maxExperts, Math.floor(mostExpertsOfLayers / stated.sizes.layers)),
  )
  const perToken = stated.size('expert_used_count', count)
  // As llama.cpp: the width of all experts of a token together, where the file states none.
  const evenly = stated.sizes.intermediateSize / perToken
  const width = stated.size('expert_feed_forward_length', mostWidth, of.width ?? evenly)
  return { count, perToken, width, normalised, shared, denseLayers: [] }
}
