import type { Device } from '../../kernels/gpu/device.ts'
import { Recorder } from '../../kernels/gpu/recorder.ts'
import { createTensor, type Tensor, tensorFrom } from '../../kernels/gpu/tensor.ts'
import { createPackedWeight, type PackedWeight } from '../../kernels/pack-weight/pack-weight.ts'
import { randomWeight, randomWeightDeviation } from '../../kernels/random-weight/random-weight.ts'
import type { ShardPlan } from '../parallel/plan-shards.ts'
import type { ModelConfig } from './config.ts'
import type { BufferPart, ModelWeights, RankBuffer } from './layout.ts'
import { makeWeights, type WeightSource } from './weights.ts'

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
  return makeWeights(new DummyWeightSource(device, config, seed, onBytes), config, plan, rank)
}

/** Random weights of a seed; norms are ones. */
class DummyWeightSource implements WeightSource {
  readonly #device: Device
  readonly #config: ModelConfig
  readonly #seed: number
  readonly #onBytes: (sizeBytes: number) => void

  constructor(device: Device, config: ModelConfig, seed: number, onBytes: (sizeBytes: number) => void) {
    this.#device = device
    this.#config = config
    this.#seed = seed
    this.#onBytes = onBytes
  }

  async matrix({ label, outputs, parts }: RankBuffer, inputs: number): Promise<PackedWeight> {
    const dtype = this.#config.dtype ?? 'bf16'
    const weight = await createPackedWeight(this.#device, label, dtype, outputs, inputs)
    const recorder = new Recorder(this.#device, `make ${label}`)
    for (const part of parts)
      randomWeight(recorder, weight, {
        ...this.#numbersOf(part),
        rows: part.rows.count,
        firstRow: part.rows.first,
        firstColumn: part.columns.first,
        firstOutput: part.firstOutput,
        outputStride: part.outputStride,
      })
    recorder.submit()
    // One at a time, so that a progress bar tells what is done.
    await this.#device.idle()
    this.#onBytes(weight.blocks.buffer.size)
    return weight
  }

  async vector({ label, outputs, parts }: RankBuffer): Promise<Tensor> {
    const vector = parts.every(({ split }) => split === null)
      ? await tensorFrom(this.#device, label, [outputs], new Float32Array(outputs).fill(1))
      : await this.#randomVector(label, outputs, parts)
    this.#onBytes(vector.buffer.size)
    return vector
  }

  destroy(): void {}

  /** Each part is made as a column range of a matrix of one row, then copied to its place. */
  async #randomVector(label: string, length: number, parts: BufferPart[]): Promise<Tensor> {
    const vector = await createTensor(this.#device, label, 'f32', [length])
    for (const part of parts) {
      const { name, rows, firstOutput } = part
      if (rows.count === 0) continue
      const row = await createPackedWeight(this.#device, name, 'f32', 1, rows.count)
      const recorder = new Recorder(this.#device, `make ${name}`)
      randomWeight(recorder, row, { ...this.#numbersOf(part), rows: 1, firstColumn: rows.first })
      recorder.copy(row.blocks, 0, vector, firstOutput * 4, rows.count * 4)
      recorder.submit()
      this.#device.destroyBuffer(row.blocks.buffer)
    }
    return vector
  }

  /** What keys a tensor's numbers: its place in the checkpoint. */
  #numbersOf(part: BufferPart): { seed: number; tensorKey: number; unit: number } {
    return { seed: this.#seed, tensorKey: part.index, unit: unitOf(deviationOf(part)) }
  }
}

/**
 * Standard deviation of a tensor's numbers. Inputs are of unit size after a norm, so 1/√inputs keeps outputs of unit size;
 * what is added to the residual stream (split by columns) is half of that, and logits have a deviation of 2: entropy is
 * then about ln V − 2²/2, neither nothing nor everything.
 */
function deviationOf({ shape: [, inputs], split }: BufferPart): number {
  if (inputs === undefined) return 0.1
  const outputSize = split?.by === 'vocabulary' ? 2 : split?.axis === 'columns' ? 0.5 : 1
  return outputSize / Math.sqrt(inputs)
}

/** The power of two that makes random numbers of about this deviation. */
function unitOf(deviation: number): number {
  return 2 ** Math.min(0, Math.max(-14, Math.round(Math.log2(deviation / randomWeightDeviation))))
}
