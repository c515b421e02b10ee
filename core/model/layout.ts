import type { Tensor } from '../../kernels/gpu/tensor.ts'
import { joinOutputs, type PackedWeight, packedWeightBytes } from '../../kernels/pack-weight/pack-weight.ts'
import type { WeightType } from '../../kernels/pack-weight/weight-types.ts'
import {
  ownedKeyValueHeads,
  type Range,
  type RankShard,
  rankShard,
  type ShardPlan,
  scaleRange,
} from '../parallel/plan-shards.ts'
import type { ModelConfig } from './config.ts'
import { expertNames } from './families.ts'

/**
 * A rank's weights of one decoder layer: what the model's features leave out is not there. D hidden, d head width, E experts;
 * H, K, F, X and S are the rank's query heads, key-value heads, and columns of the MLP, of an expert and of the shared expert.
 */
export interface LayerWeights {
  /** [D]: before attention. */
  inputNorm?: Tensor
  /** Query, key and value in one: [(H + 2K)·d, D], and its bias. */
  qkv: PackedWeight
  qkvBias?: Tensor
  /** Of queries, then of keys: [2d] of each head, or [(H + K)·d] of all at once. */
  queryKeyNorm?: Tensor
  /** [D, H·d], and its bias [D], which the first rank alone holds. */
  output: PackedWeight
  outputBias?: Tensor
  /** [D]: of what attention adds, before the sum. */
  afterAttentionNorm?: Tensor
  /** [D]: before the MLP. */
  mlpNorm?: Tensor
  /** Gate and up interleaved, row 2i the gate and 2i + 1 the up of MLP column i: [2F, D]. A layer of experts has none. */
  gateUp?: PackedWeight
  gateUpBias?: Tensor
  /** [D, F], and its bias [D], which the first rank alone holds. */
  down?: PackedWeight
  downBias?: Tensor
  /** [E, D] */
  router?: PackedWeight
  /** Of one expert after another gate and up, interleaved: [E·2X, D]. */
  expertGateUp?: PackedWeight
  /** Of one expert after another: [E·D, X]. */
  expertDown?: PackedWeight
  /** [2S, D], [D, S], and [1, D] that scales what they add. */
  sharedGateUp?: PackedWeight
  sharedDown?: PackedWeight
  sharedGate?: PackedWeight
  /** [D]: of what the MLP adds, before the sum. */
  afterMlpNorm?: Tensor
}

/** A rank's weights of a model. Norms and biases are f32; the rest keeps the checkpoint's type. V is the rank's vocabulary. */
export interface ModelWeights {
  /** [V, D] */
  embedding: PackedWeight
  /** Id of the first row of embedding and lmHead. */
  firstId: number
  layers: LayerWeights[]
  /** [D] */
  finalNorm: Tensor
  /** [V, D]; the embedding itself where they are tied. */
  lmHead: PackedWeight
}

/** A buffer of LayerWeights, or of ModelWeights where it is of no layer. */
export type BufferName = keyof LayerWeights | 'embedding' | 'finalNorm' | 'lmHead'

/**
 * How a tensor is divided over ranks: along which axis, by which of a shard's ranges, in units of so many elements. What is of
 * the first rank, no other holds: a bias that is added to a partial sum.
 */
export interface TensorSplit {
  axis: 'rows' | 'columns'
  by: 'queryHeads' | 'keyValueHeads' | 'mlp' | 'expert' | 'sharedExpert' | 'vocabulary' | 'firstRank'
  width: number
}

/** A tensor of a checkpoint or some of its rows, and all that becomes of it. */
export interface TensorLayout {
  /** The tensor's name, as Transformers gives it. */
  name: string
  /** A matrix is a linear weight, [out, in]; a vector is a norm's or a bias. */
  shape: number[]
  /** Of a tensor that holds more than this: its own shape, and its row that is the first of this. */
  whole: number[]
  firstRow: number
  /** Null where every rank holds all of it. */
  split: TensorSplit | null
  /** Number of the decoder layer, or null. */
  layer: number | null
  /** What it becomes part of: tensors of one buffer are computed with in one, in the order of the table. */
  buffer: BufferName
  /** What is added to the numbers of a vector as they are loaded. */
  offset: 0 | 1
}

/**
 * Every tensor of a checkpoint of this config, in the order of the forward pass: the one table from which names, checks, shards,
 * loading, sizes and random weights follow. Biases are divided with the rows of their weights. Of `layers` alone, where that
 * is given.
 */
export function layout(config: ModelConfig, layers = allLayers(config)): TensorLayout[] {
  const { vocabSize: V, hiddenSize: D } = config
  const embedding = matrix('model.embed_tokens.weight', 'embedding', [V, D], rows('vocabulary'))
  const lmHead = matrix('lm_head.weight', 'lmHead', [V, D], rows('vocabulary'))
  return [
    embedding,
    ...layers.flatMap(layer => {
      const norms = normsOf(config)
      const ofLayer = [
        ...norms.beforeAttention,
        ...attentionTensors(config),
        ...norms.betweenAttentionAndMlp,
        ...(isExpertLayer(config, layer) ? expertTensors(config) : mlpTensors(config)),
        ...norms.afterMlp,
      ]
      return ofLayer.map(tensor => ({ ...tensor, name: `model.layers.${layer}.${tensor.name}`, layer }))
    }),
    norm(config, 'model.norm', 'finalNorm', D),
    ...(config.tieWordEmbeddings ? [] : [lmHead]),
  ]
}

function allLayers({ layers }: ModelConfig): number[] {
  return Array.from({ length: layers }, (_, layer) => layer)
}

/** Whether a layer has experts in place of the MLP. */
export function isExpertLayer({ experts }: ModelConfig, layer: number): boolean {
  return experts !== null && !experts.denseLayers.includes(layer)
}

/** Whether a buffer holds experts, of which a row is multiplied with some. */
export function holdsExperts(name: BufferName): boolean {
  return expertBuffers.has(name)
}

/** One layer for all that have the same tensors, and how many these are. */
export function alikeLayers(config: ModelConfig): { layer: number; count: number }[] {
  const alike = Map.groupBy(allLayers(config), layer => isExpertLayer(config, layer))
  return Array.from(alike.values(), layers => ({ layer: layers[0]!, count: layers.length }))
}

const rows = (by: TensorSplit['by'], width = 1): TensorSplit => ({ axis: 'rows', by, width })
const columns = (by: TensorSplit['by'], width = 1): TensorSplit => ({ axis: 'columns', by, width })

function matrix(
  name: string,
  buffer: BufferName,
  shape: number[],
  split: TensorSplit | null,
  { whole = shape, firstRow = 0 } = {},
): TensorLayout {
  return { name, shape, whole, firstRow, split, layer: null, buffer, offset: 0 }
}

function bias(name: string, buffer: BufferName, length: number, split: TensorSplit): TensorLayout {
  return matrix(`${name}.bias`, buffer, [length], split)
}

function norm(
  { normOffset }: ModelConfig,
  name: string,
  buffer: BufferName,
  length: number,
  split: TensorSplit | null = null,
): TensorLayout {
  return { ...matrix(`${name}.weight`, buffer, [length], split), offset: normOffset }
}

/** The norms of a layer. Where there are two of attention and two of the MLP, Transformers gives them other names. */
function normsOf(config: ModelConfig) {
  const before = config.norms !== 'after'
  const after = config.norms !== 'before'
  const one = (name: string, buffer: BufferName, isThere: boolean) =>
    isThere ? [norm(config, name, buffer, config.hiddenSize)] : []
  const beforeMlp = after ? 'pre_feedforward_layernorm' : 'post_attention_layernorm'
  return {
    beforeAttention: one('input_layernorm', 'inputNorm', before),
    betweenAttentionAndMlp: [
      ...one('post_attention_layernorm', 'afterAttentionNorm', after),
      ...one(beforeMlp, 'mlpNorm', before),
    ],
    afterMlp: one('post_feedforward_layernorm', 'afterMlpNorm', after),
  }
}

function attentionTensors(config: ModelConfig): TensorLayout[] {
  const { hiddenSize: D, headDim: d, biases, fused, queryKeyNorm } = config
  const Q = config.heads * d
  const K = config.keyValueHeads * d
  const whole = [Q + 2 * K, D]
  const projections = [
    { name: 'q_proj', height: Q, split: rows('queryHeads', d), firstRow: 0, biased: biases.query },
    { name: 'k_proj', height: K, split: rows('keyValueHeads', d), firstRow: Q, biased: biases.key },
    { name: 'v_proj', height: K, split: rows('keyValueHeads', d), firstRow: Q + K, biased: biases.value },
  ]
  const inOne = fused.queryKeyValue
  const norms = (width: (size: number) => number, split: (split: TensorSplit) => TensorSplit | null) => [
    norm(config, 'self_attn.q_norm', 'queryKeyNorm', width(Q), split(rows('queryHeads', d))),
    norm(config, 'self_attn.k_norm', 'queryKeyNorm', width(K), split(rows('keyValueHeads', d))),
  ]
  return [
    ...projections.flatMap(({ name, height, split, firstRow, biased }) => {
      const called = `self_attn.${inOne ? 'qkv_proj' : name}`
      const part = inOne ? { whole, firstRow } : {}
      return [
        matrix(`${called}.weight`, 'qkv', [height, D], split, part),
        ...(biased ? [bias(called, 'qkvBias', height, split)] : []),
      ]
    }),
    ...(queryKeyNorm === 'head'
      ? norms(
          () => d,
          () => null,
        )
      : []),
    ...(queryKeyNorm === 'full'
      ? norms(
          size => size,
          split => split,
        )
      : []),
    matrix('self_attn.o_proj.weight', 'output', [D, Q], columns('queryHeads', d)),
    ...(biases.output ? [bias('self_attn.o_proj', 'outputBias', D, rows('firstRank', D))] : []),
  ]
}

function mlpTensors({ hiddenSize: D, intermediateSize: F, biases, fused }: ModelConfig): TensorLayout[] {
  const whole = [2 * F, D]
  const biased = (...tensors: TensorLayout[]) => (biases.mlp ? tensors : [])
  const gateUp = fused.gateUp
    ? [0, F].map(firstRow =>
        matrix('mlp.gate_up_proj.weight', 'gateUp', [F, D], rows('mlp'), { whole, firstRow }),
      )
    : [
        matrix('mlp.gate_proj.weight', 'gateUp', [F, D], rows('mlp')),
        matrix('mlp.up_proj.weight', 'gateUp', [F, D], rows('mlp')),
      ]
  return [
    ...gateUp,
    ...biased(
      bias('mlp.gate_proj', 'gateUpBias', F, rows('mlp')),
      bias('mlp.up_proj', 'gateUpBias', F, rows('mlp')),
    ),
    matrix('mlp.down_proj.weight', 'down', [D, F], columns('mlp')),
    ...biased(bias('mlp.down_proj', 'downBias', D, rows('firstRank', D))),
  ]
}

function expertTensors({ family, hiddenSize: D, experts }: ModelConfig): TensorLayout[] {
  if (!experts) return []
  const { count, width: X, shared } = experts
  const names = expertNames(family)
  const named = (name: string, expert: number) => `${name.replace('N', String(expert))}.weight`
  const numbers = Array.from({ length: count }, (_, expert) => expert)
  const own = (name: string) => `mlp.shared_expert.${name}_proj.weight`
  return [
    matrix(`${names.router}.weight`, 'router', [count, D], null),
    ...numbers.flatMap(expert => [
      matrix(named(names.gate, expert), 'expertGateUp', [X, D], rows('expert')),
      matrix(named(names.up, expert), 'expertGateUp', [X, D], rows('expert')),
    ]),
    ...numbers.map(expert => matrix(named(names.down, expert), 'expertDown', [D, X], columns('expert'))),
    ...(shared
      ? [
          matrix(own('gate'), 'sharedGateUp', [shared.width, D], rows('sharedExpert')),
          matrix(own('up'), 'sharedGateUp', [shared.width, D], rows('sharedExpert')),
          matrix(own('down'), 'sharedDown', [D, shared.width], columns('sharedExpert')),
        ]
      : []),
    ...(shared?.gated ? [matrix('mlp.shared_expert_gate.weight', 'sharedGate', [1, D], null)] : []),
  ]
}

/** What messages and tools call a buffer; one that is missing goes by the name of its tensor. */
const bufferLabels: Partial<Record<BufferName, string>> = {
  embedding: 'embedding',
  qkv: 'query, key, value',
  qkvBias: 'query, key, value bias',
  queryKeyNorm: 'query, key norm',
  output: 'output',
  gateUp: 'gate, up',
  gateUpBias: 'gate, up bias',
  down: 'down',
  expertGateUp: "experts' gate, up",
  expertDown: "experts' down",
  sharedGateUp: 'shared gate, up',
  sharedDown: 'shared down',
  lmHead: 'lm_head',
}
/** Buffers in which the rows of two tensors alternate, and of the next two; in others the tensors follow one another. */
const interleaved: ReadonlySet<BufferName> = new Set(['gateUp', 'gateUpBias', 'expertGateUp', 'sharedGateUp'])

/** The part of a checkpoint's tensor that a rank reads; empty where a range counts 0. */
export interface TensorShard {
  name: string
  /** Of the whole tensor, in which the ranges count. */
  shape: number[]
  rows: Range
  /** Of a vector, which has rows only, the one column there is. */
  columns: Range
}

/** What a rank reads of every tensor of the checkpoint, in the order of the forward pass. */
export function shardTensors(config: ModelConfig, plan: ShardPlan, rank: number): TensorShard[] {
  const shard = rankShard(plan, rank)
  return layout(config).map(tensor => {
    const { rows, columns } = rangesOf(tensor, shard)
    const { name, whole, firstRow } = tensor
    return { name, shape: whole, rows: { ...rows, first: firstRow + rows.first }, columns }
  })
}

function rangesOf({ shape, split }: TensorLayout, shard: RankShard): Pick<TensorShard, 'rows' | 'columns'> {
  const [rows = 0, columns = 1] = shape
  const whole = { rows: { first: 0, count: rows }, columns: { first: 0, count: columns } }
  if (!split) return whole
  const range = split.by === 'firstRank' ? { first: 0, count: shard.rank === 0 ? 1 : 0 } : shard[split.by]
  return { ...whole, [split.axis]: scaleRange(range, split.width) }
}

/** A rank's part of a tensor, and its place in a buffer. */
export interface BufferPart extends TensorLayout {
  /** The tensor's number in the layout. */
  index: number
  /** What this rank holds of it. */
  rows: Range
  columns: Range
  /** Rows among those that no rank before holds: this rank accounts for them. */
  owned: Range
  /** Where the first row goes, and the distance to the next. */
  firstOutput: number
  outputStride: number
}

/** A buffer of one rank: a matrix [outputs, inputs] in the checkpoint's type, or a vector [outputs] in f32. */
export interface RankBuffer {
  name: BufferName
  layer: number | null
  label: string
  outputs: number
  /** Null of a vector. */
  inputs: number | null
  parts: BufferPart[]
}

/** All buffers of a rank's weights, in the order in which they are made: of `layers` alone, where these are given. */
export function rankBuffers(
  config: ModelConfig,
  plan: ShardPlan,
  rank: number,
  layers?: number[],
): RankBuffer[] {
  const shard = rankShard(plan, rank)
  const held = layout(config, layers).map((tensor, index) => {
    const ranges = rangesOf(tensor, shard)
    return { ...tensor, index, ...ranges, owned: ownedRows(tensor, ranges.rows, plan, rank) }
  })
  const tensors = held.filter(({ split }) => split?.by !== 'firstRank' || rank === 0)
  const together = Map.groupBy(tensors, ({ layer, buffer }) => `${layer} ${buffer}`)
  return Array.from(together.values(), ofBuffer => {
    const { name, shape, columns, layer, buffer } = ofBuffer[0]!
    const label = bufferLabels[buffer]
    const stride = interleaved.has(buffer) ? 2 : 1
    let outputs = 0
    const parts = ofBuffer.map((tensor, place): BufferPart => {
      // Two that alternate are of one height.
      const turn = place % stride
      const firstOutput = outputs - turn * tensor.rows.count + turn
      outputs += tensor.rows.count
      return { ...tensor, firstOutput, outputStride: stride }
    })
    return {
      name: buffer,
      layer,
      label: label === undefined ? name : layer === null ? label : `model.layers.${layer} ${label}`,
      outputs,
      inputs: shape.length === 1 ? null : columns.count,
      parts,
    }
  })
}

/** Of what several ranks hold each row is one rank's to account for: the first that holds it. */
function ownedRows({ split }: TensorLayout, rows: Range, plan: ShardPlan, rank: number): Range {
  if (!split) return rank === 0 ? rows : { first: 0, count: 0 }
  return split.by === 'keyValueHeads' ? scaleRange(ownedKeyValueHeads(plan, rank), split.width) : rows
}

/** The type that a checkpoint holds its tensors in: one of all, or of each by its name. */
export type WeightTypes = WeightType | ((tensorName: string) => WeightType)

/** Bytes of the buffers that hold a rank's weights: exactly what a device allocates for them, where each is of one type. */
export function rankWeightBytes(...of: Parameters<typeof rankWeightParts>): number {
  const { embedding, decoder, experts, lmHead } = rankWeightParts(...of)
  return embedding + decoder + experts + lmHead
}

/** The same by what reads them. */
export function rankWeightParts(config: ModelConfig, plan: ShardPlan, rank: number, types: WeightTypes) {
  const parts = {
    /** Of which a token reads one row; 0 where lm_head is the same buffer. */
    embedding: 0,
    /** Decoder layers but for their experts, and the final norm: what every step reads whole. */
    decoder: 0,
    /** Experts of all layers, of which a row reads some. */
    experts: 0,
    lmHead: 0,
    /** Dispatches that matrices of several types take beyond one each, whose neighbours of one type are a piece. */
    furtherPieces: 0,
  }
  // Of one type, one layer speaks for all that are like it.
  const alike =
    typeof types === 'string' ? alikeLayers(config) : allLayers(config).map(layer => ({ layer, count: 1 }))
  const countOf = new Map(alike.map(({ layer, count }) => [layer, count]))
  for (const buffer of rankBuffers(config, plan, rank, [...countOf.keys()])) {
    const count = buffer.layer === null ? 1 : countOf.get(buffer.layer)!
    const { bytes, pieces } = bufferBytes(buffer, types)
    parts[readerOf(buffer.name, config)] += count * bytes
    if (buffer.name !== 'embedding' || config.tieWordEmbeddings) parts.furtherPieces += count * (pieces - 1)
  }
  return parts
}

/** Experts' matrices, of which a row is multiplied with some. */
const expertBuffers: ReadonlySet<BufferName> = new Set(['expertGateUp', 'expertDown'])

function readerOf(name: BufferName, { tieWordEmbeddings }: ModelConfig) {
  if (name === 'embedding' || name === 'lmHead') return tieWordEmbeddings ? 'lmHead' : name
  return holdsExperts(name) ? 'experts' : 'decoder'
}

/** What a device allocates for a buffer: whole 16 bytes, and 16 for none. */
function bufferBytes({ outputs, inputs, parts }: RankBuffer, types: WeightTypes) {
  if (inputs === null) return { bytes: Math.max(16, Math.ceil(outputs / 4) * 16), pieces: 1 }
  const firstInput = parts[0]!.columns.first
  const pieces = joinOutputs(
    parts.map(({ name, rows, firstOutput, outputStride }) => ({
      dtype: typeof types === 'string' ? types : types(name),
      outputs: rows.count,
      firstOutput,
      outputStride,
    })),
  )
  const sizes = pieces.map(piece => packedWeightBytes(piece.dtype, piece.outputs, inputs, firstInput))
  return { bytes: sizes.reduce((sum, size) => sum + Math.max(16, size), 0), pieces: pieces.length }
}
