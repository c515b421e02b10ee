import { benchCasesOfVariants } from '../gpu/bench.ts'
import type { Device } from '../gpu/device.ts'
import { createFilledTensors, type PreparedKernel } from '../gpu/prepared-kernel.ts'
import { rmsNormShapes } from './rms-norm.reference.ts'
import { rmsNorm } from './rms-norm.ts'

/** The variants of the kernel. */
export const rmsNormVariants = ['parallel', 'serial'] as const

/** A normalisation with its tensors, with or without a delta. */
export async function prepareRmsNorm(
  device: Device,
  {
    rows,
    width,
    epsilon = 1e-6,
    withDelta = true,
  }: { rows: number; width: number; epsilon?: number; withDelta?: boolean },
  variant: (typeof rmsNormVariants)[number],
): Promise<PreparedKernel<'x' | 'delta' | 'weight' | 'y'>> {
  const { tensors, destroy } = await createFilledTensors(device, {
    x: ['f32', [rows, width]],
    delta: ['f32', [rows, width]],
    weight: ['f32', [width]],
    y: ['f32', [rows, width]],
  })
  const { delta, ...others } = tensors
  const use = withDelta ? { ...others, delta, epsilon } : { ...others, epsilon }
  return { tensors, record: recorder => rmsNorm(recorder, use, variant), destroy }
}

/** What `entrace bench` times of this kernel: as a layer uses it, with the residual added. */
export const rmsNormBench = benchCasesOfVariants('rms-norm', rmsNormShapes, rmsNormVariants, prepareRmsNorm)
