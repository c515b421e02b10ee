import { benchCases } from '../gpu/bench.ts'
import type { Device } from '../gpu/device.ts'
import { createFilledTensors, type PreparedKernel } from '../gpu/prepared-kernel.ts'
import { addShapes } from './add.reference.ts'
import { add } from './add.ts'

/** An addition with its tensors. */
export async function prepareAdd(
  device: Device,
  { rows, width }: { rows: number; width: number },
): Promise<PreparedKernel<'x' | 'delta'>> {
  const { tensors, destroy } = await createFilledTensors(device, {
    x: ['f32', [rows, width]],
    delta: ['f32', [rows, width]],
  })
  return { tensors, record: recorder => add(recorder, tensors.x, tensors.delta), destroy }
}

/** What `entrace bench` times of this kernel. */
export const addBench = benchCases('add', addShapes, prepareAdd)
