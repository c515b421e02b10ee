import { benchCasesOfVariants } from '../gpu/bench.ts'
import type { Device } from '../gpu/device.ts'
import { createFilledTensors, type PreparedKernel } from '../gpu/prepared-kernel.ts'
import { uploadTensor } from '../gpu/tensor.ts'
import { attentionShapes } from './attention.reference.ts'
import { attention, createAttentionScratch, createHeadGroups } from './attention.ts'

/** Sizes of an attention: one row at each of these positions, each in a cache slot of its own. */
export interface AttentionShape {
  heads: number
  keyValueHeads: number
  width: number
  capacity: number
  positions: readonly number[]
  /** Slots of the cache, where there are more than rows. */
  slotCount?: number
}

/** The variants of the kernel. */
export const attentionVariants = ['split', 'serial'] as const

/** An attention with its tensors. */
export async function prepareAttention(
  device: Device,
  { heads, keyValueHeads, width, capacity, positions, slotCount = positions.length }: AttentionShape,
  variant: (typeof attentionVariants)[number],
): Promise<PreparedKernel<'q' | 'keys' | 'values' | 'positions' | 'slots' | 'out'>> {
  const rows = positions.length
  const { tensors, destroy } = await createFilledTensors(device, {
    q: ['f32', [rows, heads, width]],
    keys: ['f32', [slotCount, keyValueHeads, width / 4, capacity, 4]],
    values: ['f32', [slotCount, keyValueHeads, capacity, width]],
    positions: ['u32', [rows]],
    slots: ['u32', [rows]],
    out: ['f32', [rows, heads, width]],
  })
  uploadTensor(device, tensors.positions, new Uint32Array(positions))
  uploadTensor(device, tensors.slots, Uint32Array.from(positions.keys()))
  const lastPosition = Math.max(...positions)
  const scratch = await createAttentionScratch(device, rows, heads, width, lastPosition + 1)
  // Query heads share key-value heads in equal groups.
  const keyValueHeadOfQuery = Array.from({ length: heads }, (_, h) => Math.floor(h / (heads / keyValueHeads)))
  const groups = await createHeadGroups(device, keyValueHeadOfQuery, keyValueHeads)
  const { keys, values, ...others } = tensors
  const use = { ...others, cache: { keys, values }, groups, scratch, lastPosition }
  return {
    tensors,
    record: recorder => attention(recorder, use, variant),
    destroy() {
      destroy()
      device.destroyBuffer(scratch.sums.buffer)
      device.destroyBuffer(scratch.outputs.buffer)
      device.destroyBuffer(groups.tensor.buffer)
    },
  }
}

/** What `entrace bench` times of this kernel. */
export const attentionBench = benchCasesOfVariants(
  'attention',
  attentionShapes,
  attentionVariants,
  prepareAttention,
)
