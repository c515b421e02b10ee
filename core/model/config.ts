import { z } from 'zod'
import type { WeightDType } from '../../kernels/pack-weight/pack-weight.ts'
import { InputError } from '../input-error.ts'
import {
  type ConfigKeys,
  configKeys,
  count,
  judgeUnread,
  mostLayers,
  mostTokens,
  positive,
  size,
} from './config-keys.ts'
import {
  type DecoderFeatures,
  plainDecoder,
  readExperts,
  readFeatures,
  readLayersWithRope,
  readWindows,
} from './decoder-features.ts'
import { type Family, families, familyOf, layerTypes, missingFeatures } from './families.ts'
import { readRopes } from './rope-config.ts'

/** The numbers of a model's config.json, whatever its keys are called there. */
export interface ModelConfig extends DecoderFeatures {
  /** Transformers' model_type: a name of `families`. */
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
  /** What a reader should know of keys that had no effect; without any, left out. */
  warnings?: string[]
}

const tokenId = count(mostTokens)
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

/**
 * The ModelConfig of a config.json's content, as Transformers reads it: of a model of images and text, its text half. `where` names
 * the file in messages. Throws InputError for what is wrong or missing, and, by name, for what these kernels do not compute.
 */
export function parseConfig(json: unknown, where: string): ModelConfig {
  const object = z.record(z.string(), z.unknown()).safeParse(json)
  if (!object.success) throw new InputError(`${where}: not a JSON object; expected a model's config.json`)
  const name = familyName(configKeys(object.data, where))
  const family = familyOf(name)
  const architecture = family.architectures[0]!
  const { keys, outer } = textKeys(object.data, where, family)
  refuseQuantized(keys, outer)

  const layers = keys.read('num_hidden_layers', size(mostLayers))
  const heads = keys.read('num_attention_heads', size(4096))
  const hiddenSize = keys.read('hidden_size', size(2 ** 17))
  const headDim = keys.read('head_dim', size(4096).nullish()) ?? hiddenSize / heads
  checkHeadWidth(headDim, keys, hiddenSize, heads)
  const rope = readRopes(keys, family, headDim)
  const context = rope.context
  const withRope = readLayersWithRope(keys, family, layers)
  const windows = readWindows(keys, family, withRope, context)
  // Of Gemma 3 the layers with windows have a rope of their own, behind the others'.
  const ropeOf = (layer: number) =>
    family.ropeByLayerType && windows.types[layer] === layerTypes.sliding ? 1 : 0
  const eos = outer.peek('eos_token_id') === undefined ? keys : outer
  const bos = outer.peek('bos_token_id') === undefined ? keys : outer
  const statedDtype = [outer, keys].flatMap(of => [of.read('dtype', dtype), of.read('torch_dtype', dtype)])
  const config: ModelConfig = {
    ...plainDecoder(layers, headDim, 1),
    ...readFeatures(keys, family, hiddenSize, headDim),
    ropes: rope.ropes,
    layerAttention: windows.ofLayers.map((window, layer) => ({
      window,
      rope: withRope[layer] ? ropeOf(layer) : null,
    })),
    experts: readExperts(keys, family, layers),
    family: name,
    vocabSize: keys.read('vocab_size', size(2 ** 24)),
    hiddenSize,
    intermediateSize: keys.read('intermediate_size', size(2 ** 20)),
    layers,
    heads,
    keyValueHeads: keys.read('num_key_value_heads', size(4096).nullish()) ?? heads,
    headDim,
    rmsNormEps: keys.read('rms_norm_eps', positive.default(1e-6)),
    maxPositionEmbeddings: context,
    tieWordEmbeddings: readTied(keys, outer),
    eosTokenIds: eos.read('eos_token_id', tokenIds.optional()) ?? null,
    bosTokenId: bos.read('bos_token_id', tokenId.nullish()) ?? null,
    dtype: dtypeNames[statedDtype.find(stated => stated != null) ?? 'auto'],
  }
  checkGroups(config, keys)
  const warnings = [...new Set([keys, outer, ...rope.keys])].flatMap(of =>
    judgeUnread(of, architecture, family.ignoresForeignKeys ?? []),
  )
  return { ...config, ...(warnings.length > 0 && { warnings }) }
}

/** The family that a config.json is of. Throws InputError, by name, for one that is not served. */
function familyName(keys: ConfigKeys): string {
  const architectures = keys.read('architectures', z.array(z.string()).max(100).nullish()) ?? []
  const type = keys.read('model_type', z.string().nullish()) ?? null
  const served = Object.entries<Family>(families)
  const refuse = (found: string, expected: string): never => {
    throw new InputError(
      `${keys.where}: ${found} is not supported, expected ${expected}; use another checkpoint`,
    )
  }
  const stated = architectures.join(', ') || null
  if (stated === null && type === null)
    refuse(
      'a config that names no architecture',
      'keys like "architectures": ["LlamaForCausalLM"] and "model_type": "llama"',
    )
  const found = served.find(
    ([name, family]) => (type ?? name) === name && (stated === null || family.architectures.includes(stated)),
  )
  if (found) return found[0]
  const called = `architecture ${stated ?? type}${stated !== null && type !== null ? ` (model_type ${type})` : ''}`
  const ofType = type !== null && Object.hasOwn(families, type) ? familyOf(type) : null
  if (ofType) return refuse(called, `${ofType.architectures[0]} of model_type ${type}`)
  const lacks =
    type !== null && Object.hasOwn(missingFeatures, type) ? `, which needs ${missingFeatures[type]},` : ''
  const models = served.map(([, family]) => family.models).join(', ')
  return refuse(called + lacks, `one of ${models}`)
}

/** The keys of a decoder, and those of the whole where it is a part of a model of images and text. */
function textKeys(json: Record<string, unknown>, where: string, { textConfig, defaults }: Family) {
  if (!textConfig) {
    const keys = configKeys(json, where, defaults)
    return { keys, outer: keys }
  }
  const outer = configKeys(json, where)
  const part = outer.read(textConfig.key, z.record(z.string(), z.unknown()))
  const keys = configKeys(part, where, defaults, `${textConfig.key}.`)
  const type = keys.read('model_type', z.string().nullish()) ?? textConfig.family
  if (type !== textConfig.family)
    throw new InputError(
      `${where}: ${keys.name('model_type')} ${type} is not supported, expected ${textConfig.family}; use another checkpoint`,
    )
  return { keys, outer }
}

function refuseQuantized(...of: ConfigKeys[]): void {
  for (const keys of of)
    if (keys.peek('quantization_config') != null)
      throw new InputError(
        `${keys.where}: a quantized checkpoint (${keys.name('quantization_config')}) is not supported, ` +
          'expected weights in bf16, f16 or f32; use another checkpoint',
      )
}

/** Whether embedding and head are one: the whole model says, and where it does not, the part that is read. */
function readTied(keys: ConfigKeys, outer: ConfigKeys): boolean {
  const tied = 'tie_word_embeddings'
  return (outer.holds(tied) ? outer : keys).read(tied, z.boolean().default(false))
}

function checkHeadWidth(headDim: number, keys: ConfigKeys, hiddenSize: number, heads: number): void {
  if (headDim % 4 !== 0 || headDim > 256)
    throw new InputError(
      `${keys.where}: heads of width ${headDim} (${keys.name('head_dim')}, else hidden_size ${hiddenSize} / num_attention_heads ${heads}), ` +
        'expected a multiple of 4 up to 256; no kernel computes this width',
    )
}

function checkGroups({ heads, keyValueHeads }: ModelConfig, { where }: ConfigKeys): void {
  if (heads % keyValueHeads !== 0)
    throw new InputError(
      `${where}: num_attention_heads ${heads} is no multiple of num_key_value_heads ${keyValueHeads}; ` +
        'check the two, query heads share key-value heads in equal groups',
    )
}
