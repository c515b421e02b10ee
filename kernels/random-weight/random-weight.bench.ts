import { benchCases } from '../gpu/bench.ts'
import type { Device } from '../gpu/device.ts'
import type { PreparedKernel } from '../gpu/prepared-kernel.ts'
import { createPackedWeight, type WeightDType } from '../pack-weight/pack-weight.ts'
import { randomWeightShapes } from './random-weight.reference.ts'
import { type RandomWeight, randomWeight } from './random-weight.ts'

/** A part of a tensor, and the weight it goes to; keys and unit where they matter. */
export interface RandomWeightShape extends Omit<RandomWeight, 'seed' | 'tensorKey' | 'unit'> {
  inputs: number
  outputs: number
  seed?: number
  tensorKey?: number
  unit?: number
}

/** A weight of random numbers with its tensor. */
export async function prepareRandomWeight(
  device: Device,
  { inputs, outputs, ...numbers }: RandomWeightShape,
  dtype: WeightDType = 'bf16',
): Promise<PreparedKernel<'packed'>> {
  const weight = await createPackedWeight(device, 'weight', dtype, outputs, inputs)
  return {
    tensors: { packed: weight.blocks },
    record: recorder => randomWeight(recorder, weight, { seed: 1, tensorKey: 1, unit: 2 ** -11, ...numbers }),
    destroy: () => device.destroyBuffer(weight.blocks.buffer),
  }
}

/** What `entrace bench` times of this kernel. */
export const randomWeightBench = benchCases('random-weight', randomWeightShapes, (device, shape) =>
  prepareRandomWeight(device, shape),
)
