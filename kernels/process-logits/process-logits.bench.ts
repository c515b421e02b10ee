import { benchCases } from '../gpu/bench.ts'
import type { Device } from '../gpu/device.ts'
import { createFilledTensors, type PreparedKernel } from '../gpu/prepared-kernel.ts'
import { processLogitsShapes } from './process-logits.reference.ts'
import { processLogits, seenWords } from './process-logits.ts'

/** Logits to be processed, with their tensors. */
export async function prepareProcessLogits(
  device: Device,
  shape: { rows: number; width: number; firstId: number; slots: number },
  penalty = 1.1,
  temperature = 0.7,
): Promise<PreparedKernel<'logits' | 'shifts' | 'slots' | 'seen' | 'processed'>> {
  const { rows, width, firstId, slots } = shape
  const { tensors, destroy } = await createFilledTensors(device, {
    logits: ['f32', [rows, width]],
    shifts: ['f32', [rows]],
    slots: ['u32', [rows]],
    seen: ['u32', [slots, seenWords(firstId + width)]],
    processed: ['f32', [rows, width]],
  })
  const use = { ...tensors, penalty, temperature, firstId }
  return { tensors, record: recorder => processLogits(recorder, use), destroy }
}

/** What `entrace bench` times of this kernel. */
export const processLogitsBench = benchCases('process-logits', processLogitsShapes, (device, shape) =>
  prepareProcessLogits(device, shape),
)
