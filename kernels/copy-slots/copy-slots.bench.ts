import { benchCases } from '../gpu/bench.ts'
import type { Device } from '../gpu/device.ts'
import { createFilledTensors, type PreparedKernel } from '../gpu/prepared-kernel.ts'
import { uploadTensor } from '../gpu/tensor.ts'
import { copySlotsShapes } from './copy-slots.reference.ts'
import { copySlots, type SlotCopy } from './copy-slots.ts'

/** Copies within a layer's cache, with their table. */
export async function prepareCopySlots(
  device: Device,
  shape: { slots: number; heads: number; width: number; capacity: number; copies: readonly SlotCopy[] },
): Promise<PreparedKernel<'keys' | 'values' | 'table'>> {
  const { slots, heads, width, capacity, copies } = shape
  const { tensors, destroy } = await createFilledTensors(device, {
    keys: ['f32', [slots, heads, width / 4, capacity, 4]],
    values: ['f32', [slots, heads, capacity, width]],
    table: ['u32', [copies.length, 3]],
  })
  uploadTensor(
    device,
    tensors.table,
    new Uint32Array(copies.flatMap(({ from, to, length }) => [from, to, length])),
  )
  return { tensors, record: recorder => copySlots(recorder, tensors, tensors.table, copies), destroy }
}

/** What `entrace bench` times of this kernel. */
export const copySlotsBench = benchCases('copy-slots', copySlotsShapes, prepareCopySlots)
