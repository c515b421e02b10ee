import type { Device } from '../gpu/device.ts'
import { defineKernel } from '../gpu/kernel.ts'
import type { Recorder } from '../gpu/recorder.ts'
import { bytesPerElement, createTensor, type DType, type Tensor, tensorBytes } from '../gpu/tensor.ts'
import source from './pack-weight.wgsl?raw'

const kernel = defineKernel('pack-weight', source)

/** Types that a weight may have. */
export type WeightDType = Extract<DType, 'f32' | 'f16' | 'bf16'>

/**
 * A weight W of y = W x as the linear and embed kernels read it: `blocks` is [⌈inputs / blockSize⌉, outputs] blocks of
 * 16 bytes, each holding blockSize = 8 (16-bit types) or 4 (f32) neighbouring inputs of one output. Threads of
 * neighbouring outputs so read neighbouring memory, and each sums its inputs in order.
 */
export interface PackedWeight {
  readonly name: string
  readonly dtype: WeightDType
  readonly outputs: number
  readonly inputs: number
  readonly blocks: Tensor
}

/** The value of the linear and embed kernels' override WEIGHT_TYPE. */
export function weightTypeConstant(weight: PackedWeight): number {
  return { f32: 0, f16: 1, bf16: 2 }[weight.dtype]
}

/** Bytes of a packed weight. */
export function packedWeightBytes(dtype: WeightDType, outputs: number, inputs: number): number {
  return Math.ceil((inputs * bytesPerElement(dtype)) / 16) * 16 * outputs
}

/** Makes an empty packed weight. */
export async function createPackedWeight(
  device: Device,
  name: string,
  dtype: WeightDType,
  outputs: number,
  inputs: number,
): Promise<PackedWeight> {
  const blocksOfOutput = Math.ceil((inputs * bytesPerElement(dtype)) / 16)
  const blocks = await createTensor(device, name, 'u32', [blocksOfOutput, outputs, 4])
  return { name, dtype, outputs, inputs, blocks }
}

/**
 * Records the packing of `rows` [rows, inputs] (row-major, as a checkpoint holds them) into `weight`: row r becomes
 * output firstOutput + r · outputStride. Throws where they do not fit.
 */
export function packWeight(
  recorder: Recorder,
  rows: Tensor,
  weight: PackedWeight,
  { firstOutput = 0, outputStride = 1 } = {},
): void {
  const [count = 0, inputs] = rows.shape
  const last = firstOutput + (count - 1) * outputStride
  if (
    rows.shape.length !== 2 ||
    inputs !== weight.inputs ||
    last >= weight.outputs ||
    rows.dtype !== weight.dtype
  )
    throw new Error(
      `pack-weight: ${rows.name} is ${rows.dtype} [${rows.shape}], expected ${weight.dtype} [rows, ${weight.inputs}] ` +
        `with row ${firstOutput} + i·${outputStride} below ${weight.outputs} of ${weight.name}`,
    )
  const blocks = weight.blocks.shape[0] ?? 0
  recorder.dispatch(kernel, {
    params: {
      rows: count,
      inputs,
      outputs: weight.outputs,
      first_output: firstOutput,
      output_stride: outputStride,
    },
    tensors: { source: rows, packed: weight.blocks },
    constants: { ELEMENT_BYTES: bytesPerElement(weight.dtype) },
    workgroups: [Math.ceil(count / 16), Math.ceil(blocks / 16)],
    cost: { bytes: 2 * tensorBytes(rows), flops: 0 },
  })
}
