import { benchCases } from '../gpu/bench.ts'
import type { Device } from '../gpu/device.ts'
import { createFilledTensors, type PreparedKernel } from '../gpu/prepared-kernel.ts'
import { boundWords } from '../likeliest/likeliest.ts'
import { keepLikeliestShapes } from './keep-likeliest.reference.ts'
import { keepLikeliest } from './keep-likeliest.ts'

/** Scores and bounds; of zeros, these keep everything. */
export async function prepareKeepLikeliest(
  device: Device,
  { rows, width, firstId }: { rows: number; width: number; firstId: number },
  minP = 0.05,
): Promise<PreparedKernel<'scores' | 'bounds'>> {
  const { tensors, destroy } = await createFilledTensors(device, {
    scores: ['f32', [rows, width]],
    bounds: ['u32', [rows, boundWords]],
  })
  const use = { ...tensors, minP, firstId }
  return { tensors, record: recorder => keepLikeliest(recorder, use), destroy }
}

/** What `entrace bench` times of this kernel. */
export const keepLikeliestBench = benchCases('keep-likeliest', keepLikeliestShapes, (device, shape) =>
  prepareKeepLikeliest(device, shape),
)
