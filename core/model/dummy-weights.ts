import type { Device } from '../../kernels/gpu/device.ts'
import { Recorder } from '../../kernels/gpu/recorder.ts'
import { createTensor, type Tensor, tensorFrom } from '../../kernels/gpu/tensor.ts'
import { createPackedWeight, type PackedWeight } from '../../kernels/pack-weight/pack-weight.ts'
import { randomWeight, randomWeightDeviation } from '../../kernels/random-weight/random-weight.ts'
import type { ShardPlan } from '../parallel/plan-shards.ts'
import type { ModelConfig } from './config.ts'
import { assembleWeights, type ModelWeights } from './load-weights.ts'
import { expectedTensors } from './tensor-names.ts'
import type { VectorPart, WeightPart, WeightSource } from './weight-source.ts'

/**
 * Makes a rank's weights on its device out of a seed: same structures and sizes as a checkpoint's, every rank its part of
 * one and the same random model, whatever the plan. In the type that config.json states, else bf16. `onBytes` is called
 * with the bytes of each buffer made. Throws OutOfMemoryError where the device has no room.
 */
export async function createDummyWeights(
  device: Device,
  config: ModelConfig,
  plan: ShardPlan,
  rank: number,
  seed: number,
  onBytes: (sizeBytes: number) => void = () => {},
): Promise<ModelWeights> {
  return assembleWeights(new DummyWeightSource(device, config, seed, onBytes), config, plan, rank)
}

/** A tensor of the random model. */
interface DummyTensor {
  /** Its place in the checkpoint, which keys its numbers. */
  tensorKey: number
  unit: number
}

/** Random weights of a seed; norms are ones. */
class DummyWeightSource implements WeightSource {
  readonly #device: Device
  readonly #config: ModelConfig
  readonly #seed: number
  readonly #onBytes: (sizeBytes: number) => void
  readonly #tensors: ReadonlyMap<string, DummyTensor>

  constructor(device: Device, config: ModelConfig, seed: number, onBytes: (sizeBytes: number) => void) {
    this.#device = device
    this.#config = config
    this.#seed = seed
    this.#onBytes = onBytes
    this.#tensors = new Map(
      expectedTensors(config).map(({ name, shape: [, inputs = 1] }, tensorKey) => [
        name,
        { tensorKey, unit: unitOf(deviationOf(name, inputs)) },
      ]),
    )
  }

  async packed(label: string, outputs: number, inputs: number, parts: WeightPart[]): Promise<PackedWeight> {
    const weight = await createPackedWeight(
      this.#device,
      label,
      this.#config.dtype ?? 'bf16',
      outputs,
      inputs,
    )
    const recorder = new Recorder(this.#device, `make ${label}`)
    for (const { name, rows, columns, ...place } of parts)
      randomWeight(recorder, weight, {
        ...this.#keys(name),
        rows: rows.count,
        firstRow: rows.first,
        firstColumn: columns?.first ?? 0,
        firstOutput: place.firstOutput ?? 0,
        outputStride: place.outputStride ?? 1,
      })
    recorder.submit()
    // One at a time, so that a progress bar tells what is done.
    await this.#device.idle()
    this.#onBytes(weight.blocks.buffer.size)
    return weight
  }

  async vector(label: string, parts: VectorPart[]): Promise<Tensor> {
    const length = parts.reduce((sum, { range }) => sum + range.count, 0)
    const vector = parts.every(({ name }) => name.endsWith('norm.weight'))
      ? await tensorFrom(this.#device, label, [length], new Float32Array(length).fill(1))
      : await this.#randomVector(label, length, parts)
    this.#onBytes(vector.buffer.size)
    return vector
  }

  destroy(): void {}

  /** Each part is made as a column range of a matrix of one row, then copied to its place. */
  async #randomVector(label: string, length: number, parts: VectorPart[]): Promise<Tensor> {
    const vector = await createTensor(this.#device, label, 'f32', [length])
    let done = 0
    for (const { name, range } of parts) {
      if (range.count === 0) continue
      const row = await createPackedWeight(this.#device, name, 'f32', 1, range.count)
      const recorder = new Recorder(this.#device, `make ${name}`)
      randomWeight(recorder, row, { ...this.#keys(name), rows: 1, firstColumn: range.first })
      recorder.copy(row.blocks, 0, vector, done * 4, range.count * 4)
      recorder.submit()
      this.#device.destroyBuffer(row.blocks.buffer)
      done += range.count
    }
    return vector
  }

  #keys(name: string): DummyTensor & { seed: number } {
    const tensor = this.#tensors.get(name)
    if (!tensor) throw new Error(`dummy weights: no tensor ${name} in a model of this config`)
    return { ...tensor, seed: this.#seed }
  }
}

/**
 * Standard deviation of a tensor's numbers. Inputs are of unit size after a norm, so 1/√inputs keeps outputs of unit size;
 * what is added to the residual stream is half of that, and logits have a deviation of 2: entropy is then about
 * ln V − 2²/2, neither nothing nor everything.
 */
function deviationOf(name: string, inputs: number): number {
  if (name.endsWith('.bias')) return 0.1
  if (name === 'model.embed_tokens.weight' || name === 'lm_head.weight') return 2 / Math.sqrt(inputs)
  if (name.endsWith('o_proj.weight') || name.endsWith('down_proj.weight')) return 0.5 / Math.sqrt(inputs)
  return 1 / Math.sqrt(inputs)
}

/** The power of two that makes random numbers of about this deviation. */
function unitOf(deviation: number): number {
  return 2 ** Math.min(0, Math.max(-14, Math.round(Math.log2(deviation / randomWeightDeviation))))
}
