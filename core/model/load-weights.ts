import type { Device } from '../../kernels/gpu/device.ts'
import type { Tensor } from '../../kernels/gpu/tensor.ts'
import type { PackedWeight } from '../../kernels/pack-weight/pack-weight.ts'
import type { TensorEntry } from '../formats/safetensors.ts'
import type { Exchange } from '../parallel/exchange.ts'
import type { ShardPlan } from '../parallel/plan-shards.ts'
import { type Range, scaleRange } from '../parallel/split-range.ts'
import type { ModelConfig } from './config.ts'
import { checkTensors, expectedTensors } from './tensor-names.ts'
import { type OnRows, WeightReader } from './weight-reader.ts'
import type { WeightSource } from './weight-source.ts'

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

/** Bytes that all ranks of a group account for while loading: a checkpoint may hold further tensors. */
export function weightBytes(config: ModelConfig, entries: Map<string, TensorEntry>): number {
  return expectedTensors(config).reduce((total, { name }) => total + (entries.get(name)?.byteLength ?? 0), 0)
}

/**
 * Reads a rank's part of a checkpoint onto its device. All ranks of the group load together. Throws InputError for a
 * tensor that is missing or of another shape, OutOfMemoryError where the device has no room.
 */
export async function loadWeights(
  device: Device,
  config: ModelConfig,
  plan: ShardPlan,
  entries: Map<string, TensorEntry>,
  where: string,
  exchange: Exchange,
  onRows: OnRows = () => {},
): Promise<ModelWeights> {
  checkTensors(config, entries, where)
  return assembleWeights(new WeightReader(device, entries, exchange, onRows), config, plan, exchange.rank)
}

/** Makes all of a rank's weights from where they come from, which is used up: the parts of every buffer, in order. */
export async function assembleWeights(
  source: WeightSource,
  config: ModelConfig,
  plan: ShardPlan,
  rank: number,
): Promise<ModelWeights> {
  const shard = plan.ranks[rank]!
  const { hiddenSize: D, headDim: d } = config
  const heads = scaleRange(shard.queryHeads, d)
  const keyValues = scaleRange(shard.keyValueHeads, d)
  const ownKeyValues = scaleRange(ownedKeyValueHeads(plan, rank), d)
  const hidden: Range = { first: 0, count: D }
  const ownHidden: Range = { first: 0, count: rank === 0 ? D : 0 }
  const norm = (name: string) => source.vector(name, [{ name, range: hidden, owned: ownHidden }])
  const vocabulary = (label: string, name: string) =>
    source.packed(label, shard.vocabulary.count, D, [{ name, rows: shard.vocabulary }])

  const embedding = await vocabulary('embedding', 'model.embed_tokens.weight')
  const layers: LayerWeights[] = []
  for (let index = 0; index < config.layers; index++) {
    const layer = `model.layers.${index}`
    const attention = `${layer}.self_attn`
    layers.push({
      inputNorm: await norm(`${layer}.input_layernorm.weight`),
      qkv: await source.packed(`${layer} query, key, value`, heads.count + 2 * keyValues.count, D, [
        { name: `${attention}.q_proj.weight`, rows: heads },
        {
          name: `${attention}.k_proj.weight`,
          rows: keyValues,
          owned: ownKeyValues,
          firstOutput: heads.count,
        },
        {
          name: `${attention}.v_proj.weight`,
          rows: keyValues,
          owned: ownKeyValues,
          firstOutput: heads.count + keyValues.count,
        },
      ]),
      qkvBias: await source.vector(`${layer} query, key, value bias`, [
        { name: `${attention}.q_proj.bias`, range: heads, owned: heads },
        { name: `${attention}.k_proj.bias`, range: keyValues, owned: ownKeyValues },
        { name: `${attention}.v_proj.bias`, range: keyValues, owned: ownKeyValues },
      ]),
      output: await source.packed(`${layer} output`, D, heads.count, [
        { name: `${attention}.o_proj.weight`, rows: hidden, columns: heads },
      ]),
      postAttentionNorm: await norm(`${layer}.post_attention_layernorm.weight`),
      gateUp: await source.packed(`${layer} gate, up`, 2 * shard.mlp.count, D, [
        { name: `${layer}.mlp.gate_proj.weight`, rows: shard.mlp, outputStride: 2 },
        { name: `${layer}.mlp.up_proj.weight`, rows: shard.mlp, outputStride: 2, firstOutput: 1 },
      ]),
      down: await source.packed(`${layer} down`, D, shard.mlp.count, [
        { name: `${layer}.mlp.down_proj.weight`, rows: hidden, columns: shard.mlp },
      ]),
    })
  }
  const finalNorm = await norm('model.norm.weight')
  const lmHead = config.tieWordEmbeddings ? embedding : await vocabulary('lm_head', 'lm_head.weight')
  source.destroy()
  return { embedding, firstId: shard.vocabulary.first, layers, finalNorm, lmHead }
}

/** A rank's key-value heads that no rank before it holds too. */
function ownedKeyValueHeads(plan: ShardPlan, rank: number): Range {
  const { first, count } = plan.ranks[rank]!.keyValueHeads
  const end = first + count
  const heldBefore = plan.ranks
    .slice(0, rank)
    .reduce((held, { keyValueHeads: k }) => (k.count > 0 ? Math.max(held, k.first + k.count) : held), 0)
  const ownFirst = Math.min(end, Math.max(first, heldBefore))
  return { first: ownFirst, count: end - ownFirst }
}
