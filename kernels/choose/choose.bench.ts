import { benchCases } from '../gpu/bench.ts'
import type { Device } from '../gpu/device.ts'
import { createFilledTensors, type PreparedKernel } from '../gpu/prepared-kernel.ts'
import { chooseShapes } from './choose.reference.ts'
import { choiceWords, choose } from './choose.ts'

/** A choice with its tensors. */
export async function prepareChoose(
  device: Device,
  { rows, width, seed = 1 }: { rows: number; width: number; seed?: number | null },
): Promise<PreparedKernel<'logits' | 'scores' | 'sequences' | 'steps' | 'choices'>> {
  const { tensors, destroy } = await createFilledTensors(device, {
    logits: ['f32', [rows, width]],
    scores: ['f32', [rows, width]],
    sequences: ['u32', [rows]],
    steps: ['u32', [rows]],
    choices: ['u32', [rows, choiceWords]],
  })
  return { tensors, record: recorder => choose(recorder, { ...tensors, seed }), destroy }
}

/** What `entrace bench` times of this kernel: sampling, which costs more than the argmax. */
export const chooseBench = benchCases('choose', chooseShapes, prepareChoose)
