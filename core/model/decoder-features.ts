import { z } from 'zod'
import { maxExperts } from '../../kernels/route-experts/route-experts.ts'
import { InputError } from '../input-error.ts'
import {
  type ConfigKeys,
  count,
  mostExpertsOfLayers,
  mostLayers,
  mostTokens,
  positive,
  refuse,
  show,
  size,
} from './config-keys.ts'
import { type Family, layerTypes } from './families.ts'
import type { RopeConfig } from './rope-config.ts'

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

/** What a gate passes through, by Transformers' names: each function has several. */
const gates: Record<string, DecoderFeatures['gate']> = {
  silu: 'silu',
  swish: 'silu',
  gelu_pytorch_tanh: 'gelu-tanh',
  gelu_new: 'gelu-tanh',
}

/** What follows from a family and its keys about norms, biases, gates, scales and caps. */
export function readFeatures(
  keys: ConfigKeys,
  family: Family,
  hiddenSize: number,
  headDim: number,
): Partial<DecoderFeatures> {
  const { biases = {}, fused = false } = family
  const isTrue = (key: true | string | undefined) =>
    typeof key === 'string' ? (keys.read(key, z.boolean().nullish()) ?? false) : (key ?? false)
  const queryKeyValue = isTrue(biases.queryKeyValue)
  const cap = (isRead: boolean | undefined, key: string) =>
    isRead ? (keys.read(key, positive.nullish()) ?? null) : null
  return {
    norms: family.norms ?? 'before',
    normOffset: family.normOffset ?? 0,
    queryKeyNorm: family.queryKeyNorm ?? 'none',
    biases: {
      query: queryKeyValue,
      key: queryKeyValue,
      value: queryKeyValue,
      output: isTrue(biases.output),
      mlp: isTrue(biases.mlp),
    },
    gate: readGate(keys, family),
    ...readScales(keys, family, hiddenSize, headDim),
    attentionCap: cap(family.caps?.scores, 'attn_logit_softcapping'),
    logitsCap: cap(family.caps?.logits, 'final_logit_softcapping'),
    fused: { queryKeyValue: fused, gateUp: fused },
  }
}

function readGate(keys: ConfigKeys, { activation, architectures }: Family) {
  // Gemma's files often hold both keys, of which one is read.
  keys.pass('hidden_act')
  const key = activation ?? 'hidden_act'
  const name = keys.read(key, z.string().nullish()) ?? 'silu'
  if (Object.hasOwn(gates, name)) return gates[name]!
  const served = Object.entries(gates).map(([one]) => one)
  return refuse(keys, architectures[0]!, `${keys.name(key)} ${show(name)}`, `one of ${served.join(', ')}`)
}

function readScales(
  keys: ConfigKeys,
  { scales }: Family,
  hiddenSize: number,
  headDim: number,
): Partial<DecoderFeatures> {
  if (scales === 'gemma')
    return {
      embeddingScale: Math.sqrt(hiddenSize),
      attentionScale: 1 / Math.sqrt(keys.read('query_pre_attn_scalar', positive)),
    }
  if (scales !== 'granite') return { attentionScale: 1 / Math.sqrt(headDim) }
  const factor = (key: string) => keys.read(key, positive.default(1))
  return {
    embeddingScale: factor('embedding_multiplier'),
    residualScale: factor('residual_multiplier'),
    attentionScale: factor('attention_multiplier'),
    logitsScale: 1 / factor('logits_scaling'),
  }
}

/** Whether each layer turns its queries and keys. */
export function readLayersWithRope(
  keys: ConfigKeys,
  { layersWithoutRope }: Family,
  layers: number,
): boolean[] {
  const numbers = Array.from({ length: layers }, (_, layer) => layer)
  if (!layersWithoutRope) return numbers.map(() => true)
  // 1 is a layer with rope, whatever the key is called.
  const flags = keys.read('no_rope_layers', z.array(z.int()).max(mostLayers).nullish())
  const interval = keys.read('no_rope_layer_interval', size(mostLayers))
  if (flags && flags.length < layers)
    throw new InputError(
      `${keys.where}: ${keys.name('no_rope_layers')} has ${flags.length} entries, expected num_hidden_layers ${layers}; fetch the file again`,
    )
  return numbers.map(layer => (flags ? flags[layer] !== 0 : (layer + 1) % interval !== 0))
}

const { sliding, full } = layerTypes

/**
 * Of each layer its type, and the keys that a row sees: null of all. A window that is no shorter than the context hides nothing.
 */
export function readWindows(keys: ConfigKeys, family: Family, withRope: readonly boolean[], context: number) {
  const { windows: rule } = family
  const stated = keys.read('layer_types', z.array(z.string()).max(mostLayers).nullish()) ?? null
  const isUsed = keys.read('use_sliding_window', z.boolean().nullish()) ?? rule === undefined
  const width = keys.read('sliding_window', count(mostTokens).nullish()) ?? null
  const first =
    rule === 'from-layer' || rule === 'alternating-below-layer'
      ? keys.read('max_window_layers', count(mostTokens))
      : 0
  const pattern = rule === 'pattern' ? keys.read('sliding_window_pattern', size(mostLayers)) : 0
  const hasWindow = {
    'from-layer': (layer: number) => isUsed && width !== null && layer >= first,
    'alternating-below-layer': (layer: number) => isUsed && layer % 2 === 0 && layer < first,
    'all-if-used': () => isUsed && width !== null,
    all: () => width !== null,
    pattern: (layer: number) => (layer + 1) % pattern !== 0,
    'without-rope': (layer: number) => isUsed && width !== null && !withRope[layer],
    // No layer has one: what the file states beside that has to hide nothing.
    none: () => isUsed && width !== null,
  }[rule ?? 'none']
  const byRule = withRope.map((_, layer) => (hasWindow(layer) ? sliding : full))
  const hides = width !== null && width < context
  const refuseHere = (found: string, expected: string) =>
    refuse(keys, family.architectures[0]!, found, expected)
  for (const type of stated ?? [])
    if (type !== sliding && type !== full)
      refuseHere(`layer type ${show(type)} (${keys.name('layer_types')})`, `${full} or ${sliding}`)
  if (hides && rule === undefined && isUsed) refuseHere(`${keys.name('sliding_window')} ${width}`, 'null')
  const readsTypes = rule !== undefined && rule !== 'all' && rule !== 'all-if-used'
  const types = readsTypes && stated ? stated : byRule
  const mayHide = hides && (types.includes(sliding) || (stated ?? []).includes(sliding))
  if (stated && mayHide) {
    if (stated.length !== byRule.length)
      refuseHere(
        `${keys.name('layer_types')} of ${stated.length} layers`,
        `num_hidden_layers ${byRule.length}`,
      )
    if (stated.join() !== types.join())
      refuseHere(
        `${keys.name('layer_types')} ${show(stated)} beside ${keys.name('sliding_window')} ${width}`,
        `${types[0]} alone`,
      )
    // Of these, Transformers masks by layer_types alone, or by sliding_window alone.
    if (!isUsed && rule !== 'pattern' && rule !== 'all' && rule !== 'without-rope')
      refuseHere(
        `${sliding} in ${keys.name('layer_types')} beside use_sliding_window false`,
        'the two to agree',
      )
  }
  if (types.includes(sliding) && !width)
    refuseHere(
      `${sliding} in ${keys.name('layer_types')} beside ${keys.name('sliding_window')} ${width}`,
      'the window of these layers',
    )
  return { types, ofLayers: byRule.map((_, layer) => (hides && types[layer] === sliding ? width : null)) }
}

export function readExperts(keys: ConfigKeys, { experts: named }: Family, layers: number): Experts | null {
  if (!named) return null
  const counts = named.count.map(key => keys.read(key, count(maxExperts).nullish()))
  const experts = counts.find(stated => stated != null) ?? 0
  const perToken = keys.read('num_experts_per_tok', size(4096))
  const width = keys.read(named.width, size(2 ** 20))
  const normalised =
    named.normalised === true || (keys.read(named.normalised, z.boolean().nullish()) ?? false)
  const sharedWidth = named.shared ? keys.read('shared_expert_intermediate_size', count(2 ** 20)) : 0
  const step = named.denseLayers ? (keys.read('decoder_sparse_step', size(mostLayers).nullish()) ?? 1) : 1
  const plain = named.denseLayers
    ? (keys.read('mlp_only_layers', z.array(z.int()).max(mostLayers).nullish()) ?? [])
    : []
  const denseLayers = Array.from({ length: layers }, (_, layer) => layer).filter(
    layer => plain.includes(layer) || (layer + 1) % step !== 0,
  )
  if (experts === 0 || denseLayers.length === layers) return null
  if (perToken > experts)
    throw new InputError(
      `${keys.where}: ${keys.name('num_experts_per_tok')} ${perToken}, expected at most the ${experts} experts there are; check the two`,
    )
  if (experts * layers > mostExpertsOfLayers)
    throw new InputError(
      `${keys.where}: ${keys.name(named.count.find(key => keys.holds(key)) ?? named.count[0]!)} ${experts} in ${layers} layers, expected at most ${mostExpertsOfLayers} experts in all; check the two`,
    )
  const shared = sharedWidth > 0 ? { width: sharedWidth, gated: true } : null
  return { count: experts, perToken, width, normalised, shared, denseLayers }
}
