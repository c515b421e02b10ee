import { benchCases } from '../gpu/bench.ts'
import type { Device } from '../gpu/device.ts'
import { createFilledTensors, type PreparedKernel } from '../gpu/prepared-kernel.ts'
import { siluMulShapes } from './silu-mul.reference.ts'
import { siluMul } from './silu-mul.ts'

/** A gated unit with its tensors. */
export async function prepareSiluMul(
  device: Device,
  { rows, width }: { rows: number; width: number },
): Promise<PreparedKernel<'x' | 'y'>> {
  const { tensors, destroy } = await createFilledTensors(device, {
    x: ['f32', [rows, 2 * width]],
    y: ['f32', [rows, width]],
  })
  return { tensors, record: recorder => siluMul(recorder, tensors.x, tensors.y), destroy }
}

/** What `entrace bench` times of this kernel. */
export const siluMulBench = benchCases('silu-mul', siluMulShapes, prepareSiluMul)
