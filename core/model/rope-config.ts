import { z } from 'zod'
import { type ConfigKeys, configKeys, mostTokens, positive, refuse, show, size } from './config-keys.ts'
import { type Family, layerTypes } from './families.ts'

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

const { full, sliding } = layerTypes
/** Of more than 1: its logarithm divides. */
const thetaSchema = z.number().gt(1).max(1e30)

/**
 * The ropes of a model's layers, its longest sequence, and the keys that were read of them. Where ropes are by layer type the
 * first is that of full attention, the second that of layers with windows. As Transformers' modeling_rope_utils.py reads them.
 * Throws InputError.
 */
export function readRopes(outer: ConfigKeys, family: Family, headDim: number) {
  const stated = outer.read('max_position_embeddings', size(mostTokens))
  const object = z.record(z.string(), z.unknown()).nullish()
  const scaling = outer.read('rope_scaling', object) ?? {}
  const parameters = outer.read('rope_parameters', object) ?? {}
  const theta = outer.read('rope_theta', thetaSchema.nullish()) ?? 10000
  const isScaled = Object.keys(scaling).length > 0
  const readOne = (of: Record<string, unknown>, path: string, base: number) => {
    const keys = configKeys(of, outer.where, {}, outer.path + path)
    return { keys, ...readRope(keys, { outer, family, headDim, base, stated }) }
  }
  if (!family.ropeByLayerType) {
    // The older name goes before the newer.
    const one = isScaled
      ? readOne(scaling, 'rope_scaling.', theta)
      : readOne(parameters, 'rope_parameters.', theta)
    return { ropes: [one.rope], context: one.context, keys: [one.keys] }
  }
  const byType = configKeys(parameters, outer.where, {}, `${outer.path}rope_parameters.`)
  const ofFull = { ...byType.read(full, object), ...scaling }
  const fullPath = isScaled ? 'rope_scaling.' : `rope_parameters.${full}.`
  const ofSliding = byType.read(sliding, object) ?? {}
  const ofTypes = [
    readOne(ofFull, fullPath, theta),
    readOne(ofSliding, `rope_parameters.${sliding}.`, outer.read('rope_local_base_freq', thetaSchema)),
  ]
  const [foreign] = byType.unread()
  if (foreign)
    refuse(
      outer,
      family.architectures[0]!,
      `${byType.name(foreign[0])} ${show(foreign[1])}`,
      `keys of ${full} and ${sliding}`,
    )
  return {
    ropes: ofTypes.map(({ rope }) => rope),
    context: ofTypes[0]!.context,
    keys: ofTypes.map(({ keys }) => keys),
  }
}

/** What a rope stands in. */
interface RopePlace {
  /** The keys of the decoder. */
  outer: ConfigKeys
  family: Family
  headDim: number
  /** Theta where the rope does not state its own. */
  base: number
  /** max_position_embeddings */
  stated: number
}

/** One rope, and the context that it makes of max_position_embeddings. */
function readRope(keys: ConfigKeys, place: RopePlace): { rope: RopeConfig; context: number } {
  const { family, base, stated } = place
  const theta = keys.read('rope_theta', thetaSchema.nullish()) ?? base
  const name = z.string().max(100).nullish()
  const called = [keys.read('rope_type', name), keys.read('type', name)].find(one => one != null) ?? 'default'
  const names = family.ropeTypeNames ?? {}
  const type = Object.hasOwn(names, called) ? names[called]! : called
  const width = readWidth(keys, place)
  if (type === 'default') return { rope: { theta, width, scaling: null }, context: stated }
  if (!Object.hasOwn(scalings, type)) {
    const why = type === 'dynamic' ? ', whose frequencies change with the length of each sequence,' : ''
    return refuse(
      keys,
      family.architectures[0]!,
      `${keys.name('rope_type')} ${show(called)}${why}`,
      `one of default, ${Object.keys(scalings).join(', ')}`,
    )
  }
  const scaling = scalings[type as keyof typeof scalings](keys, place, width)
  // Many files state the original context as max_position_embeddings, others the scaled one.
  const context =
    scaling.type === 'yarn' ? Math.max(stated, Math.floor(scaling.factor * scaling.originalContext)) : stated
  return { rope: { theta, width, scaling }, context: Math.min(mostTokens, context) }
}

/** What reads each type of scaling, `width` columns of a head turning. */
const scalings = {
  linear: keys => ({ type: 'linear', factor: keys.read('factor', positive) }),
  llama3(keys, place) {
    const low = keys.read('low_freq_factor', positive)
    const high = keys.read('high_freq_factor', positive)
    if (high <= low)
      refuse(
        keys,
        place.family.architectures[0]!,
        `${keys.name('high_freq_factor')} ${high}`,
        `more than low_freq_factor ${low}`,
      )
    return {
      type: 'llama3',
      factor: keys.read('factor', positive),
      lowFrequencyFactor: low,
      highFrequencyFactor: high,
      originalContext: readOriginal(keys, place),
    }
  },
  yarn(keys, place) {
    const originalContext = readOriginal(keys, place)
    const factor = optional(keys, 'factor') ?? place.stated / originalContext
    const [ofAttention, ofAll] = [optional(keys, 'mscale'), optional(keys, 'mscale_all_dim')]
    const magnitude = (weight: number) => (factor <= 1 ? 1 : 0.1 * weight * Math.log(factor) + 1)
    const inferred = ofAttention && ofAll ? magnitude(ofAttention) / magnitude(ofAll) : magnitude(1)
    return {
      type: 'yarn',
      factor,
      originalContext,
      betaFast: optional(keys, 'beta_fast') ?? 32,
      betaSlow: optional(keys, 'beta_slow') ?? 1,
      truncate: keys.read('truncate', z.boolean().nullish()) ?? true,
      attentionFactor: optional(keys, 'attention_factor') ?? inferred,
    }
  },
  longrope(keys, place, width) {
    const originalContext = readOriginal(keys, place)
    const factor = optional(keys, 'factor') ?? place.stated / originalContext
    const inferred = factor <= 1 ? 1 : Math.sqrt(1 + Math.log(factor) / Math.log(originalContext))
    return {
      type: 'longrope',
      shortFactors: readFactors(keys, place, 'short_factor', width),
      longFactors: readFactors(keys, place, 'long_factor', width),
      originalContext,
      attentionFactor: optional(keys, 'attention_factor') ?? inferred,
    }
  },
} satisfies Record<string, (keys: ConfigKeys, place: RopePlace, width: number) => RopeScaling>

function optional(keys: ConfigKeys, key: string): number | null {
  // Transformers takes 0 for none.
  return keys.read(key, z.number().min(0).max(1e30).nullish()) || null
}

/** The context that the model was trained in before it was scaled; what stands beside the rope goes first. */
function readOriginal(keys: ConfigKeys, { outer, stated }: RopePlace): number {
  const key = 'original_max_position_embeddings'
  const tokens = z.int().min(2).max(mostTokens).nullish()
  const own = keys.read(key, tokens)
  return outer.read(key, tokens) ?? own ?? stated
}

/** A factor for each pair that turns. */
function readFactors(keys: ConfigKeys, { family }: RopePlace, key: string, width: number): number[] {
  const factors = keys.read(key, z.array(positive).max(4096))
  if (factors.length !== width / 2)
    refuse(
      keys,
      family.architectures[0]!,
      `${keys.name(key)} of ${factors.length} numbers`,
      `${width / 2}, one for each pair of columns that turns`,
    )
  return factors
}

/** Columns of a head that turn. Where the family turns all of them, the file has to say so too. */
function readWidth(keys: ConfigKeys, { outer, family, headDim }: RopePlace): number {
  const key = 'partial_rotary_factor'
  const portion = z.number().positive().max(1).nullish()
  const own = keys.read(key, portion)
  const part = own ?? (family.partialRotary ? outer.read(key, portion) : null) ?? 1
  if (part !== 1 && !family.partialRotary)
    refuse(keys, family.architectures[0]!, `${keys.name(key)} ${part}`, '1')
  const width = Math.trunc(headDim * part)
  if (width < 2 || width % 2 !== 0)
    refuse(
      keys,
      family.architectures[0]!,
      `${keys.name(key)} ${part} of heads of width ${headDim}`,
      'an even number of columns that turn',
    )
  return width
}
