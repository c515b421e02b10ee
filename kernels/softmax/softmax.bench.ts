import { benchCases } from '../gpu/bench.ts'
import type { Device } from '../gpu/device.ts'
import { createFilledTensors, type PreparedKernel } from '../gpu/prepared-kernel.ts'
import { softmaxShapes } from './softmax.reference.ts'
import { softmax } from './softmax.ts'

/** A softmax with its tensors. */
export async function prepareSoftmax(
  device: Device,
  { rows, width }: { rows: number; width: number },
): Promise<PreparedKernel<'x' | 'y'>> {
  const { tensors, destroy } = await createFilledTensors(device, {
    x: ['f32', [rows, width]],
    y: ['f32', [rows, width]],
  })
  return { tensors, record: recorder => softmax(recorder, tensors.x, tensors.y), destroy }
}

/** What `entrace bench` times of this kernel. */
export const softmaxBench = benchCases('softmax', softmaxShapes, prepareSoftmax)
