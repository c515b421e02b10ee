import { benchCases } from '../gpu/bench.ts'
import type { Device } from '../gpu/device.ts'
import { createFilledTensors, type PreparedKernel } from '../gpu/prepared-kernel.ts'
import { chooseShapes } from './choose.reference.ts'
import { choose } from './choose.ts'

/** A choice with its tensors. */
export async function prepareChoose(
  device: Device,
  {
    rows,
    width,
    temperature = 1,
    seed = 1,
  }: { rows: number; width: number; temperature?: number; seed?: number },
): Promise<PreparedKernel<'logits' | 'sequences' | 'steps' | 'choices'>> {
  const { tensors, destroy } = await createFilledTensors(device, {
    logits: ['f32', [rows, width]],
    sequences: ['u32', [rows]],
    steps: ['u32', [rows]],
    choices: ['u32', [rows, 3]],
  })
  return { tensors, record: recorder => choose(recorder, { ...tensors, temperature, seed }), destroy }
}

/** What `entrace bench` times of this kernel: sampling, which costs more than the argmax. */
export const chooseBench = benchCases('choose', chooseShapes, prepareChoose)
