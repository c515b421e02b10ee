import { benchCasesOfVariants } from '../gpu/bench.ts'
import type { Device } from '../gpu/device.ts'
import { createFilledTensors, type PreparedKernel } from '../gpu/prepared-kernel.ts'
import { entropyShapes } from './entropy.reference.ts'
import { entropy, entropyPartialWords, entropyWords } from './entropy.ts'

/** The variants of the kernel. */
export const entropyVariants = ['slices', 'serial'] as const

/** An entropy with its tensors. */
export async function prepareEntropy(
  device: Device,
  { rows, width }: { rows: number; width: number },
  variant: (typeof entropyVariants)[number],
): Promise<PreparedKernel<'logits' | 'partials' | 'statistics'>> {
  const { tensors, destroy } = await createFilledTensors(device, {
    logits: ['f32', [rows, width]],
    partials: ['u32', [entropyPartialWords(rows, width)]],
    statistics: ['u32', [rows, entropyWords]],
  })
  const { logits, partials, statistics } = tensors
  return {
    tensors,
    record: recorder => entropy(recorder, logits, partials, statistics, variant),
    destroy,
  }
}

/** What `entrace bench` times of this kernel. */
export const entropyBench = benchCasesOfVariants('entropy', entropyShapes, entropyVariants, prepareEntropy)
