import type { Device } from '../../kernels/gpu/device.ts'
import { Recorder } from '../../kernels/gpu/recorder.ts'
import { createTensor, type Tensor, tensorFrom } from '../../kernels/gpu/tensor.ts'
import {
  createPackedWeight,
  type PackedWeight,
  weightTensors,
} from '../../kernels/pack-weight/pack-weight.ts'
import { randomWeight, randomWeightDeviation } from '../../kernels/random-weight/random-weight.ts'
import type { ShardPlan } from '../parallel/plan-shards.ts'
import type { ModelConfig } from './config.ts'
import { type DecoderFeatures, plainDecoder } from './decoder-features.ts'
import type { BufferPart, ModelWeights, RankBuffer } from './layout.ts'
import { makeWeights } from './weights.ts'

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
  /** What keys a tensor's numbers: its place in the checkpoint. */
  const numbersOf = (part: BufferPart) => ({ seed, tensorKey: part.index, unit: unitOf(deviationOf(part)) })

  async function matrix({ label, outputs, parts }: RankBuffer, inputs: number): Promise<PackedWeight> {
    const weight = await createPackedWeight(device, label, config.dtype ?? 'bf16', outputs, inputs)
    const recorder = new Recorder(device, `make ${label}`)
    for (const part of parts) {
      const { rows, columns, firstOutput, outputStride } = part
      const from = { rows: rows.count, firstRow: rows.first, firstColumn: columns.first }
      randomWeight(recorder, weight, { ...numbersOf(part), ...from, firstOutput, outputStride })
    }
    recorder.submit()
    // One at a time, so that a progress bar tells what is done.
    await device.idle()
    onBytes(weightTensors(weight).reduce((sum, { buffer }) => sum + buffer.size, 0))
    return weight
  }

  /** Norms multiply by one. Of biases each part is made as a column range of a matrix of one row, then copied to its place. */
  async function vector({ name: buffer, label, outputs, parts }: RankBuffer): Promise<Tensor> {
    const isBias = buffer.endsWith('Bias')
    const made = isBias
      ? await createTensor(device, label, 'f32', [outputs])
      : await tensorFrom(device, label, [outputs], new Float32Array(outputs).fill(1))
    for (const part of isBias ? parts : []) {
      const { name, rows, firstOutput, outputStride } = part
      if (rows.count === 0) continue
      const row = await createPackedWeight(device, name, 'f32', 1, rows.count)
      const recorder = new Recorder(device, `make ${name}`)
      randomWeight(recorder, row, { ...numbersOf(part), rows: 1, firstColumn: rows.first })
      const { blocks } = row.pieces[0]!
      if (outputStride === 1) recorder.copy(blocks, 0, made, firstOutput * 4, rows.count * 4)
      else
        for (let i = 0; i < rows.count; i++)
          recorder.copy(blocks, i * 4, made, (firstOutput + i * outputStride) * 4, 4)
      recorder.submit()
      device.destroyBuffer(blocks.buffer)
    }
    onBytes(made.buffer.size)
    return made
  }

  return makeWeights({ matrix, vector }, config, plan, rank)
}

/**
 * What tells random models of one seed from others. A plain Qwen2 goes by its sizes alone, as it did when there was no other
 * family.
 */
export function dummyName(config: ModelConfig, seed: number): string {
  const { vocabSize, hiddenSize, intermediateSize, layers, heads, keyValueHeads, headDim } = config
  const { rmsNormEps, maxPositionEmbeddings, tieWordEmbeddings, eosTokenIds, bosTokenId, dtype } = config
  const ropeTheta = config.ropes[0]?.theta ?? null
  const sizes = { vocabSize, hiddenSize, intermediateSize, layers, heads, keyValueHeads, headDim, ropeTheta }
  const others = { rmsNormEps, maxPositionEmbeddings, tieWordEmbeddings, eosTokenIds, bosTokenId, dtype }
  const plain = plainDecoder(layers, headDim, ropeTheta ?? 0)
  const plainQwen2 = { ...plain, biases: { ...plain.biases, query: true, key: true, value: true } }
  const features = Object.keys(plain).map(name => [name, config[name as keyof DecoderFeatures]] as const)
  const told = features.filter(
    ([name, value]) => JSON.stringify(value) !== JSON.stringify(plainQwen2[name as keyof DecoderFeatures]),
  )
  const named = told.length > 0 ? [Object.fromEntries(told)] : []
  return JSON.stringify(['dummy', seed, { ...sizes, ...others }, ...named])
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
