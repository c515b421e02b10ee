import type { Tensor } from '../../kernels/gpu/tensor.ts'
import { type PackedWeight, packedWeightBytes } from '../../kernels/pack-weight/pack-weight.ts'
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

/** A rank's weights of one decoder layer. D hidden, d head width; H, K and F are the rank's query heads, key-value heads and MLP columns. */
export interface LayerWeights {
  /** [D] */
  inputNorm: Tensor
  /** Query, key and value in one: [(H + 2K)·d, D], and its bias. */
  qkv: PackedWeight
  qkvBias: Tensor
  /** [D, H·d] */
  output: PackedWeight
  /** [D] */
  postAttentionNorm: Tensor
  /** Gate and up interleaved, row 2i the gate and 2i + 1 the up of MLP column i: [2F, D]. */
  gateUp: PackedWeight
  /** [D, F] */
  down: PackedWeight
}

/** A rank's weights of a Qwen2 model. Norms and biases are f32; the rest keeps the checkpoint's type. V is the rank's vocabulary. */
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

/** How a tensor is divided over ranks: along which axis, by which of a shard's ranges, in units of so many elements. */
export interface TensorSplit {
  axis: 'rows' | 'columns'
  by: 'queryHeads' | 'keyValueHeads' | 'mlp' | 'vocabulary'
  width: number
}

/** A tensor of a checkpoint, and all that becomes of it. */
export interface TensorLayout {
  /** Name and shape are those that Transformers gives it. A matrix is a linear weight, [out, in]; a vector is a norm's or a bias. */
  name: string
  shape: number[]
  /** Null where every rank holds all of it. */
  split: TensorSplit | null
  /** Number of the decoder layer, or null. */
  layer: number | null
  /** What it becomes part of: tensors of one buffer are computed with in one, in the order of the table. */
  buffer: BufferName
}

/**
 * Every tensor of a Qwen2 checkpoint of this config, in the order of the forward pass: the one table from which names,
 * checks, shards, loading, sizes and random weights follow. Biases are divided with the rows of their weights.
 */
export function layout(config: ModelConfig): TensorLayout[] {
  const { vocabSize: V, hiddenSize: D, intermediateSize: F, headDim: d } = config
  const Q = config.heads * d
  const K = config.keyValueHeads * d
  const rows = (by: TensorSplit['by'], width = 1): TensorSplit => ({ axis: 'rows', by, width })
  const columns = (by: TensorSplit['by'], width = 1): TensorSplit => ({ axis: 'columns', by, width })
  type Row = [name: string, shape: number[], split: TensorSplit | null, buffer: BufferName]
  const layerRows: Row[] = [
    ['input_layernorm.weight', [D], null, 'inputNorm'],
    ['self_attn.q_proj.weight', [Q, D], rows('queryHeads', d), 'qkv'],
    ['self_attn.q_proj.bias', [Q], rows('queryHeads', d), 'qkvBias'],
    ['self_attn.k_proj.weight', [K, D], rows('keyValueHeads', d), 'qkv'],
    ['self_attn.k_proj.bias', [K], rows('keyValueHeads', d), 'qkvBias'],
    ['self_attn.v_proj.weight', [K, D], rows('keyValueHeads', d), 'qkv'],
    ['self_attn.v_proj.bias', [K], rows('keyValueHeads', d), 'qkvBias'],
    ['self_attn.o_proj.weight', [D, Q], columns('queryHeads', d), 'output'],
    ['post_attention_layernorm.weight', [D], null, 'postAttentionNorm'],
    ['mlp.gate_proj.weight', [F, D], rows('mlp'), 'gateUp'],
    ['mlp.up_proj.weight', [F, D], rows('mlp'), 'gateUp'],
    ['mlp.down_proj.weight', [D, F], columns('mlp'), 'down'],
  ]
  const embedding: Row = ['model.embed_tokens.weight', [V, D], rows('vocabulary'), 'embedding']
  const lmHead: Row = ['lm_head.weight', [V, D], rows('vocabulary'), 'lmHead']
  const tensors = (layer: number | null, table: Row[]): TensorLayout[] =>
    table.map(([own, shape, split, buffer]) => {
      const name = layer === null ? own : `model.layers.${layer}.${own}`
      return { name, shape, split, layer, buffer }
    })
  return [
    ...tensors(null, [embedding]),
    ...Array.from({ length: config.layers }, (_, layer) => tensors(layer, layerRows)).flat(),
    ...tensors(null, [['model.norm.weight', [D], null, 'finalNorm']]),
    ...tensors(null, config.tieWordEmbeddings ? [] : [lmHead]),
  ]
}

/** What messages and tools call a buffer; one that is missing goes by the name of its tensor. */
const bufferLabels: Partial<Record<BufferName, string>> = {
  embedding: 'embedding',
  qkv: 'query, key, value',
  qkvBias: 'query, key, value bias',
  output: 'output',
  gateUp: 'gate, up',
  down: 'down',
  lmHead: 'lm_head',
}
/** Buffers in which rows of the tensors alternate; in others the tensors follow one another. */
const interleaved: ReadonlySet<BufferName> = new Set(['gateUp'])

/** The part of a checkpoint's tensor that a rank reads; empty where a range counts 0. */
export interface TensorShard extends Pick<TensorLayout, 'name' | 'shape'> {
  rows: Range
  /** Of a vector, which has rows only, the one column there is. */
  columns: Range
}

/** What a rank reads of every tensor of the checkpoint, in the order of the forward pass. */
export function shardTensors(config: ModelConfig, plan: ShardPlan, rank: number): TensorShard[] {
  const shard = rankShard(plan, rank)
  return layout(config).map(tensor => ({
    name: tensor.name,
    shape: tensor.shape,
    ...rangesOf(tensor, shard),
  }))
}

function rangesOf({ shape, split }: TensorLayout, shard: RankShard): Pick<TensorShard, 'rows' | 'columns'> {
  const [rows = 0, columns = 1] = shape
  const whole = { rows: { first: 0, count: rows }, columns: { first: 0, count: columns } }
  return split ? { ...whole, [split.axis]: scaleRange(shard[split.by], split.width) } : whole
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

/** All buffers of a rank's weights, in the order in which they are made. */
export function rankBuffers(config: ModelConfig, plan: ShardPlan, rank: number): RankBuffer[] {
  const shard = rankShard(plan, rank)
  const tensors = layout(config).map((tensor, index) => {
    const ranges = rangesOf(tensor, shard)
    return { ...tensor, index, ...ranges, owned: ownedRows(tensor, ranges.rows, plan, rank) }
  })
  const together = Map.groupBy(tensors, ({ layer, buffer }) => `${layer} ${buffer}`)
  return Array.from(together.values(), ofBuffer => {
    const { name, shape, columns, layer, buffer } = ofBuffer[0]!
    const label = bufferLabels[buffer]
    const alternate = interleaved.has(buffer)
    let outputs = 0
    const parts = ofBuffer.map((tensor, place): BufferPart => {
      const firstOutput = alternate ? place : outputs
      outputs += tensor.rows.count
      return { ...tensor, firstOutput, outputStride: alternate ? ofBuffer.length : 1 }
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

/** Bytes of the buffers that hold a rank's weights: exactly what a device allocates for them. */
export function rankWeightBytes(...of: Parameters<typeof rankWeightParts>): number {
  const { embedding, decoder, lmHead } = rankWeightParts(...of)
  return embedding + decoder + lmHead
}

/** The same by what reads them. */
export function rankWeightParts(config: ModelConfig, plan: ShardPlan, rank: number, dtype: WeightType) {
  const bytes = {
    /** Of which a token reads one row; 0 where lm_head is the same buffer. */
    embedding: 0,
    /** Decoder layers and the final norm: what every step reads whole. */
    decoder: 0,
    lmHead: 0,
    /** The largest of the buffers, which an adapter has to bind whole. */
    largestBuffer: 0,
  }
  // Layers are alike.
  for (const { layer, name, outputs, inputs } of rankBuffers({ ...config, layers: 1 }, plan, rank)) {
    const sizeBytes = inputs === null ? outputs * 4 : packedWeightBytes(dtype, outputs, inputs)
    // What a device allocates: whole 16 bytes, and 16 for none.
    const allocated = Math.max(16, Math.ceil(sizeBytes / 16) * 16)
    bytes.largestBuffer = Math.max(bytes.largestBuffer, allocated)
    if (layer !== null) bytes.decoder += config.layers * allocated
    else if (name === 'finalNorm') bytes.decoder += allocated
    else if (name === 'embedding' && !config.tieWordEmbeddings) bytes.embedding = allocated
    else bytes.lmHead = allocated
  }
  return bytes
}
