import { choiceWords } from '../choose/choose.ts'
import { benchCases } from '../gpu/bench.ts'
import type { Device } from '../gpu/device.ts'
import { createFilledTensors, type PreparedKernel } from '../gpu/prepared-kernel.ts'
import { rankShapes } from './rank.reference.ts'
import { rank } from './rank.ts'

/** A ranking with its tensors; every row has chosen id 0 of logit 0. */
export async function prepareRank(
  device: Device,
  { rows, width }: { rows: number; width: number },
): Promise<PreparedKernel<'logits' | 'choices' | 'ranks'>> {
  const { tensors, destroy } = await createFilledTensors(device, {
    logits: ['f32', [rows, width]],
    choices: ['u32', [rows, choiceWords]],
    ranks: ['u32', [rows]],
  })
  const { logits, choices, ranks } = tensors
  return { tensors, record: recorder => rank(recorder, logits, choices, ranks), destroy }
}

/** What `entrace bench` times of this kernel. */
export const rankBench = benchCases('rank', rankShapes, prepareRank)
