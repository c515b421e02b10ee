import { combineExperts } from '../../kernels/combine-experts/combine-experts.ts'
import type { Device } from '../../kernels/gpu/device.ts'
import type { Recorder } from '../../kernels/gpu/recorder.ts'
import { createTensor, type DType, type Tensor, viewTensor } from '../../kernels/gpu/tensor.ts'
import { linear } from '../../kernels/linear/linear.ts'
import { expertListWords, routeExperts } from '../../kernels/route-experts/route-experts.ts'
import type { RankShard } from '../parallel/plan-shards.ts'
import type { ModelConfig } from './config.ts'
import type { LayerWeights } from './layout.ts'

/**
 * What a row of a rank's layer of experts computes on the way, by type and shape; nothing in a model without. D hidden, E
 * experts, k experts of a row; X and S are the rank's columns of an expert and of the shared one.
 */
export function expertShapes({ experts, hiddenSize: D }: ModelConfig, shard: RankShard) {
  if (!experts) return null
  const { count: E, perToken: k, shared } = experts
  return {
    /** The router's. */
    logits: ['f32', [E]],
    /** Of the experts that compute the row: ids, weights, and tiles of all rows' by expert. */
    ids: ['u32', [k]],
    weights: ['f32', [k]],
    tiles: ['u32', [expertListWords(k)]],
    gated: ['f32', [k, shard.expert.count]],
    /** The rank's part of what each of them gives. */
    outputs: ['f32', [k, D]],
    /** The same of the shared expert, and its gate's logit. */
    sharedGated: ['f32', [shared ? shard.sharedExpert.count : 0]],
    sharedOutputs: ['f32', [shared ? D : 0]],
    sharedGates: ['f32', [shared?.gated ? 1 : 0]],
  } as const satisfies Record<string, [DType, number[]]>
}

/** Those of N rows, each [N, its shape]; null in a model without experts. */
export type ExpertActivations = Record<keyof NonNullable<ReturnType<typeof expertShapes>>, Tensor>

/** Makes a rank's activations of at most `rows` rows in layers of experts. */
export async function createExpertActivations(
  device: Device,
  config: ModelConfig,
  shard: RankShard,
  rows: number,
): Promise<ExpertActivations | null> {
  const shapes = expertShapes(config, shard)
  if (!shapes) return null
  const made: [string, Tensor][] = []
  for (const [name, [dtype, shape]] of Object.entries(shapes))
    made.push([name, await createTensor(device, `experts' ${name}`, dtype, [rows, ...shape])])
  return Object.fromEntries(made) as ExpertActivations
}

/** The tensors of a layer of experts: `x` [N, D] normalised; `delta` [N, D], the rank's part of what the layer adds. */
interface MixtureOfExperts {
  config: ModelConfig
  layer: LayerWeights
  activations: ExpertActivations
  x: Tensor
  delta: Tensor
}

/**
 * Records delta = Σ over a row's experts of weight · expert(x), in the order of their ids, and the shared expert's after
 * them (arXiv 2101.03961). Every rank holds the router and its own columns of every expert, so it chooses what the others
 * choose, and delta is partial. Five dispatches, six where experts' rows are gathered in tiles, and two or three for a
 * shared expert.
 */
export function mixtureOfExperts(
  stream: Recorder,
  { config, layer, activations, x, delta }: MixtureOfExperts,
) {
  const { logits, ids, weights, tiles, gated, outputs, sharedGated, sharedOutputs, sharedGates } = activations
  const { normalised, shared } = config.experts!
  const finish = `${config.gate}-mul` as const
  const [rows = 0, perRow = 0] = ids.shape
  const ofPairs = (tensor: Tensor) => viewTensor(tensor, [rows * perRow, tensor.shape[2] ?? 0])

  linear(stream, x, layer.router!, logits) // logits [N, E]
  const experts = routeExperts(stream, logits, { experts: ids, weights, list: tiles }, normalised) // [N, k]
  linear(stream, x, layer.expertGateUp!, ofPairs(gated), { finish, experts }) // gated [N·k, X]
  linear(stream, ofPairs(gated), layer.expertDown!, ofPairs(outputs), { experts }) // outputs [N·k, D] partial
  if (shared) {
    linear(stream, x, layer.sharedGateUp!, sharedGated, { finish }) // [N, S]
    linear(stream, sharedGated, layer.sharedDown!, sharedOutputs) // [N, D] partial
    if (shared.gated) linear(stream, x, layer.sharedGate!, sharedGates) // [N, 1]
  }
  combineExperts(stream, {
    outputs: ofPairs(outputs),
    weights,
    shared: shared && { outputs: sharedOutputs, gates: shared.gated ? sharedGates : null },
    y: delta,
  }) // delta [N, D] partial
}
