import { benchCases } from '../gpu/bench.ts'
import type { Device } from '../gpu/device.ts'
import { createFilledTensors, type PreparedKernel } from '../gpu/prepared-kernel.ts'
import { likeliestShapes } from './likeliest.reference.ts'
import { boundWords, type LikeliestBounds, likeliest } from './likeliest.ts'

/** A search for the likeliest tokens with its tensors. */
export async function prepareLikeliest(
  device: Device,
  { rows, width }: { rows: number; width: number },
  bounds: LikeliestBounds = { topK: 0, topP: 0.9 },
): Promise<PreparedKernel<'scores' | 'bounds'>> {
  const { tensors, destroy } = await createFilledTensors(device, {
    scores: ['f32', [rows, width]],
    bounds: ['u32', [rows, boundWords]],
  })
  return {
    tensors,
    record: recorder => likeliest(recorder, tensors.scores, tensors.bounds, bounds),
    destroy,
  }
}

/** What `entrace bench` times of this kernel: top-p over logits that are nearly alike, its worst case. */
export const likeliestBench = benchCases('likeliest', likeliestShapes, (device, shape) =>
  prepareLikeliest(device, shape),
)
