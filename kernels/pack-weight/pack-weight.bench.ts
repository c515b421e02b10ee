import { benchCases } from '../gpu/bench.ts'
import type { Device } from '../gpu/device.ts'
import { createFilledTensors, type PreparedKernel } from '../gpu/prepared-kernel.ts'
import { packWeightShapes } from './pack-weight.reference.ts'
import { createPackedWeight, packWeight, type WeightDType } from './pack-weight.ts'

/** Sizes of a packing. */
export interface PackWeightShape {
  rows: number
  inputs: number
  outputs: number
  firstOutput: number
  outputStride: number
  dtype: WeightDType
}

/** A packing with its tensors. */
export async function preparePackWeight(
  device: Device,
  { rows, inputs, outputs, firstOutput, outputStride, dtype }: PackWeightShape,
): Promise<PreparedKernel<'source' | 'packed'>> {
  const { tensors, destroy } = await createFilledTensors(device, { source: [dtype, [rows, inputs]] })
  const weight = await createPackedWeight(device, 'weight', dtype, outputs, inputs)
  return {
    tensors: { ...tensors, packed: weight.blocks },
    record: recorder => packWeight(recorder, tensors.source, weight, { firstOutput, outputStride }),
    destroy() {
      destroy()
      device.destroyBuffer(weight.blocks.buffer)
    },
  }
}

/** What `entrace bench` times of this kernel. */
export const packWeightBench = benchCases('pack-weight', packWeightShapes, preparePackWeight)
