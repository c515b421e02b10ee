import { packedWeightBytes } from '../../kernels/pack-weight/pack-weight.ts'
import type { WeightDtype } from '../formats/safetensors.ts'
import type { ModelConfig } from '../model/config.ts'
import { rankShard, type ShardPlan } from './plan-shards.ts'

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
  dtype: WeightDtype,
): number {
  const { embedding, decoder, lmHead } = rankWeightParts(config, plan, rank, dtype)
  return embedding + decoder + lmHead
}

/** The same by part. */
export function rankWeightParts(
  config: ModelConfig,
  plan: ShardPlan,
  rank: number,
  dtype: WeightDtype,
): RankWeightBytes {
  const shard = rankShard(plan, rank)
  const { hiddenSize: D, headDim: d } = config
  const queryWidth = shard.queryHeads.count * d
  const qkvWidth = queryWidth + 2 * shard.keyValueHeads.count * d
  const mlpWidth = shard.mlp.count
  const packed = (outputs: number, inputs: number) => bufferBytes(packedWeightBytes(dtype, outputs, inputs))
  const vector = (length: number) => bufferBytes(length * 4)
  const norm = vector(D)
  const layer = [
    norm,
    norm,
    packed(qkvWidth, D),
    vector(qkvWidth),
    packed(D, queryWidth),
    packed(2 * mlpWidth, D),
    packed(D, mlpWidth),
  ]
  const vocabulary = packed(shard.vocabulary.count, D)
  return {
    embedding: config.tieWordEmbeddings ? 0 : vocabulary,
    decoder: config.layers * layer.reduce((sum, size) => sum + size, 0) + norm,
    lmHead: vocabulary,
    largestBuffer: Math.max(...layer, vocabulary),
  }
}

/** What a device allocates for so many bytes: whole 16 bytes, and 16 for none. */
function bufferBytes(sizeBytes: number): number {
  return Math.max(16, Math.ceil(sizeBytes / 16) * 16)
}
