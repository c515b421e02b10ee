import { benchCasesOfVariants } from '../gpu/bench.ts'
import type { Device } from '../gpu/device.ts'
import { createFilledTensors, type PreparedKernel } from '../gpu/prepared-kernel.ts'
import { topKShapes } from './top-k.reference.ts'
import { topK, topKCandidateWords } from './top-k.ts'

/** The variants of the kernel. */
export const topKVariants = ['slices', 'serial'] as const

/** A choice of the largest logits with its tensors. */
export async function prepareTopK(
  device: Device,
  { rows, width, k }: { rows: number; width: number; k: number },
  variant: (typeof topKVariants)[number],
): Promise<PreparedKernel<'logits' | 'candidates' | 'top'>> {
  const { tensors, destroy } = await createFilledTensors(device, {
    logits: ['f32', [rows, width]],
    candidates: ['u32', [topKCandidateWords(rows, width, k)]],
    top: ['u32', [rows, k, 2]],
  })
  const { logits, candidates, top } = tensors
  return { tensors, record: recorder => topK(recorder, logits, candidates, top, variant), destroy }
}

/** What `entrace bench` times of this kernel. */
export const topKBench = benchCasesOfVariants('top-k', topKShapes, topKVariants, prepareTopK)
