import type { ModelConfig } from '../model/config.ts'
import { type ExpectedTensor, expectedTensors } from '../model/tensor-names.ts'
import { type RankShard, rankShard, type ShardPlan } from './plan-shards.ts'
import { type Range, scaleRange } from './split-range.ts'

/** The part of a checkpoint's tensor that a rank reads; empty where a range counts 0. */
export interface TensorShard extends ExpectedTensor {
  rows: Range
  /** Of a vector, which has rows only, the one column there is. */
  columns: Range
}

/** What a rank reads of every tensor of the checkpoint, in the order of the forward pass. */
export function shardTensors(config: ModelConfig, plan: ShardPlan, rank: number): TensorShard[] {
  const shard = rankShard(plan, rank)
  return expectedTensors(config).map(({ name, shape }) => {
    const [rows = 0, columns = 1] = shape
    const whole = { rows: { first: 0, count: rows }, columns: { first: 0, count: columns } }
    return { name, shape, ...whole, ...splitOf(name, shard, config.headDim) }
  })
}

/** The dimension in which a tensor is split. Biases are split with the rows of their weights; norms are not split. */
function splitOf(name: string, shard: RankShard, headDim: number): { rows?: Range; columns?: Range } {
  const module = name.split('.').at(-2)
  switch (module) {
    case 'embed_tokens':
    case 'lm_head':
      return { rows: shard.vocabulary }
    case 'q_proj':
      return { rows: scaleRange(shard.queryHeads, headDim) }
    case 'k_proj':
    case 'v_proj':
      return { rows: scaleRange(shard.keyValueHeads, headDim) }
    case 'o_proj':
      return { columns: scaleRange(shard.queryHeads, headDim) }
    case 'gate_proj':
    case 'up_proj':
      return { rows: shard.mlp }
    case 'down_proj':
      return { columns: shard.mlp }
    case 'input_layernorm':
    case 'post_attention_layernorm':
    case 'norm':
      return {}
    default:
      throw new Error(`shard plan: tensor ${name} is of no module that it knows how to split`)
  }
}
