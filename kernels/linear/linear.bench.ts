import { benchCasesOfVariants } from '../gpu/bench.ts'
import type { Device } from '../gpu/device.ts'
import { createFilledTensors, noiseWords, type PreparedKernel } from '../gpu/prepared-kernel.ts'
import { elementCount, uploadTensor } from '../gpu/tensor.ts'
import { createPackedWeight, type PackedWeight, type WeightDType } from '../pack-weight/pack-weight.ts'
import { linearShapes } from './linear.reference.ts'
import { type LinearEpilogue, type LinearVariant, linear } from './linear.ts'

/** Sizes of a product. */
export interface LinearShape {
  rows: number
  inputs: number
  outputs: number
  dtype: WeightDType
  epilogue?: LinearEpilogue['kind']
}

/** The variants of the kernel. */
export const linearVariants = ['few-rows', 'tiled', 'serial'] as const satisfies LinearVariant[]

/** A product with its tensors. */
export async function prepareLinear(
  device: Device,
  { rows, inputs, outputs, dtype, epilogue = 'none' }: LinearShape,
  variant: LinearVariant,
): Promise<PreparedKernel<'x' | 'bias' | 'y'> & { weight: PackedWeight }> {
  const { tensors, destroy } = await createFilledTensors(device, {
    x: ['f32', [rows, inputs]],
    bias: ['f32', [outputs]],
    y: ['f32', [rows, epilogue === 'silu-mul' ? outputs / 2 : outputs]],
  })
  const weight = await createPackedWeight(device, 'weight', dtype, outputs, inputs)
  uploadTensor(device, weight.blocks, noiseWords(dtype, elementCount(weight.blocks.shape)))
  const { x, bias, y } = tensors
  const chosen = epilogue === 'bias' ? { kind: epilogue, bias } : { kind: epilogue }
  return {
    tensors,
    weight,
    record: recorder => linear(recorder, x, weight, y, chosen, variant),
    destroy() {
      destroy()
      device.destroyBuffer(weight.blocks.buffer)
    },
  }
}

/** What `entrace bench` times of this kernel: plain products. */
export const linearBench = benchCasesOfVariants('linear', linearShapes, linearVariants, prepareLinear)
