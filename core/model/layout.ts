import type { Tensor } from '../../kernels/gpu/tensor.ts'
import {
  type PackedWeight,
  packedWeightBytes,
  type WeightDType,
} from '../../kernels/pack-weight/pack-weight.ts'
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

/** A buffer of a rank's weights: what it is called in LayerWeights, or in ModelWeights where `layer` is null. */
export interface BufferLayout {
  layer: number | null
  name: keyof LayerWeights | 'embedding' | 'finalNorm' | 'lmHead'
  /** What messages and tools call it. */
  label: string
  /** Whether rows of its tensors alternate; else its tensors follow one another. */
  interleaved: boolean
}

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
  /** Tensors of the same one are computed with in one, in the order of the table. */
  buffer: BufferLayout
}

/**
 * Every tensor of a Qwen2 checkpoint of this config, in the order of the forward pass: the one table from which names,
 * checks, shards, loading, sizes and random weights follow.
 */
export function layout(config: ModelConfig): TensorLayout[] {
  const { vocabSize: V, hiddenSize: D } = config
  const split: TensorSplit = { axis: 'rows', by: 'vocabulary', width: 1 }
  const whole = (name: BufferLayout['name'], label: string): BufferLayout => ({
    layer: null,
    name,
    label,
    interleaved: false,
  })
  const embedding = whole('embedding', 'embedding')
  const finalNorm = whole('finalNorm', 'model.norm.weight')
  const lmHead = whole('lmHead', 'lm_head')
  return [
    { name: 'model.embed_tokens.weight', shape: [V, D], split, buffer: embedding },
    ...Array.from({ length: config.layers }, (_, layer) => layerLayout(config, layer)).flat(),
    { name: 'model.norm.weight', shape: [D], split: null, buffer: finalNorm },
    ...(config.tieWordEmbeddings ? [] : [{ name: 'lm_head.weight', shape: [V, D], split, buffer: lmHead }]),
  ]
}

/** The same of one decoder layer. Biases are divided with the rows of their weights; norms are not divided. */
function layerLayout(config: ModelConfig, layer: number): TensorLayout[] {
  const { hiddenSize: D, intermediateSize: F, headDim: d } = config
  const Q = config.heads * d
  const K = config.keyValueHeads * d
  const queries = { axis: 'rows', by: 'queryHeads', width: d } as const
  const keyValues = { axis: 'rows', by: 'keyValueHeads', width: d } as const
  const attended = { axis: 'columns', by: 'queryHeads', width: d } as const
  const mlpRows = { axis: 'rows', by: 'mlp', width: 1 } as const
  const mlpColumns = { axis: 'columns', by: 'mlp', width: 1 } as const

  const at = `model.layers.${layer}`
  const buffer = (name: keyof LayerWeights, label: string): BufferLayout => ({
    layer,
    name,
    label: `${at}${label}`,
    interleaved: name === 'gateUp',
  })
  const inputNorm = buffer('inputNorm', '.input_layernorm.weight')
  const qkv = buffer('qkv', ' query, key, value')
  const qkvBias = buffer('qkvBias', ' query, key, value bias')
  const output = buffer('output', ' output')
  const postAttentionNorm = buffer('postAttentionNorm', '.post_attention_layernorm.weight')
  const gateUp = buffer('gateUp', ' gate, up')
  const down = buffer('down', ' down')

  const rows: [name: string, shape: number[], split: TensorSplit | null, buffer: BufferLayout][] = [
    ['input_layernorm.weight', [D], null, inputNorm],
    ['self_attn.q_proj.weight', [Q, D], queries, qkv],
    ['self_attn.q_proj.bias', [Q], queries, qkvBias],
    ['self_attn.k_proj.weight', [K, D], keyValues, qkv],
    ['self_attn.k_proj.bias', [K], keyValues, qkvBias],
    ['self_attn.v_proj.weight', [K, D], keyValues, qkv],
    ['self_attn.v_proj.bias', [K], keyValues, qkvBias],
    ['self_attn.o_proj.weight', [D, Q], attended, output],
    ['post_attention_layernorm.weight', [D], null, postAttentionNorm],
    ['mlp.gate_proj.weight', [F, D], mlpRows, gateUp],
    ['mlp.up_proj.weight', [F, D], mlpRows, gateUp],
    ['mlp.down_proj.weight', [D, F], mlpColumns, down],
  ]
  return rows.map(([name, shape, split, buffer]) => ({ name: `${at}.${name}`, shape, split, buffer }))
}

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
export interface RankBuffer extends BufferLayout {
  outputs: number
  /** Null of a vector. */
  inputs: number | null
  parts: BufferPart[]
}

/** All buffers of a rank's weights, in the order in which they are made. */
export function rankBuffers(config: ModelConfig, plan: ShardPlan, rank: number): RankBuffer[] {
  const shard = rankShard(plan, rank)
  const parts = layout(config).map((tensor, index) => {
    const ranges = rangesOf(tensor, shard)
    return { ...tensor, index, ...ranges, owned: ownedRows(tensor, ranges.rows, plan, rank) }
  })
  return [...Map.groupBy(parts, part => part.buffer)].map(([buffer, tensors]) => {
    let outputs = 0
    const placed = tensors.map((part, place): BufferPart => {
      const firstOutput = buffer.interleaved ? place : outputs
      outputs += part.rows.count
      return { ...part, firstOutput, outputStride: buffer.interleaved ? tensors.length : 1 }
    })
    const [{ shape, columns }] = placed as [BufferPart]
    return { ...buffer, outputs, inputs: shape.length === 1 ? null : columns.count, parts: placed }
  })
}

/** Of what several ranks hold each row is one rank's to account for: the first that holds it. */
function ownedRows({ split }: TensorLayout, rows: Range, plan: ShardPlan, rank: number): Range {
  if (!split) return rank === 0 ? rows : { first: 0, count: 0 }
  return split.by === 'keyValueHeads' ? scaleRange(ownedKeyValueHeads(plan, rank), split.width) : rows
}

/** Bytes of a rank's weights on its device, by what reads them. */
export interface RankWeightBytes {
  /** Of which a token reads one row; 0 where lm_head is the same buffer. */
  embedding: number
  /** Decoder layers and the final norm: what every step reads whole. */
  decoder: number
  lmHead: number
  /** The largest of the buffers, which an adapter has to bind whole. */
  largestBuffer: number
}

/** Bytes of the buffers that hold a rank's weights: exactly what a device allocates for them. */
export function rankWeightBytes(
  config: ModelConfig,
  plan: ShardPlan,
  rank: number,
  dtype: WeightDType,
): number {
  const { embedding, decoder, lmHead } = rankWeightParts(config, plan, rank, dtype)
  return embedding + decoder + lmHead
}

/** The same by part. */
export function rankWeightParts(
  config: ModelConfig,
  plan: ShardPlan,
  rank: number,
  dtype: WeightDType,
): RankWeightBytes {
  const bytes = { embedding: 0, decoder: 0, lmHead: 0, largestBuffer: 0 }
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
