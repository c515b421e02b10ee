import { kernelCases } from '../gpu/cases.ts'
import { compareBits } from '../gpu/check.ts'
import type { Device } from '../gpu/device.ts'
import { prepareKernel, runPrepared } from '../gpu/prepared-kernel.ts'
import { Random } from '../gpu/random.ts'
import { elementCount } from '../gpu/tensor.ts'
import { copySlots, type SlotCopy } from './copy-slots.ts'

const copySlotsShapes = [
  {
    name: 'one position',
    slots: 2,
    heads: 1,
    width: 4,
    capacity: 1,
    copies: [{ from: 0, to: 1, length: 1 }],
  },
  {
    name: 'odd',
    slots: 8,
    heads: 3,
    width: 20,
    capacity: 77,
    copies: [
      { from: 2, to: 0, length: 70 },
      { from: 2, to: 6, length: 70 },
      { from: 3, to: 5, length: 77 },
      { from: 1, to: 4, length: 0 },
      // Round the cache and further.
      { from: 3, to: 7, length: 200 },
    ],
  },
  {
    name: '7B, rank of 4, 4 beams after 500 tokens',
    slots: 4,
    heads: 1,
    width: 128,
    capacity: 512,
    copies: [
      { from: 1, to: 0, length: 500 },
      { from: 1, to: 3, length: 500 },
    ],
  },
] as const

/** Keys [slots, heads, width / 4, capacity, 4] or, with `isKeys` false, values [slots, heads, capacity, width] after the copies. */
function copySlotsReference(
  cache: Float32Array,
  isKeys: boolean,
  { slots, width, capacity }: { slots: number; width: number; capacity: number },
  copies: readonly SlotCopy[],
): Float32Array {
  const result = cache.slice()
  const perSlot = cache.length / slots
  for (const { from, to, length } of copies) {
    for (let i = 0; i < perSlot; i++) {
      const position = isKeys ? Math.floor(i / 4) % capacity : Math.floor(i / width) % capacity
      if (position < length) result[to * perSlot + i] = cache[from * perSlot + i]!
    }
  }
  return result
}

/** Copies within a layer's cache, with their table. */
export function prepareCopySlots(
  device: Device,
  shape: { slots: number; heads: number; width: number; capacity: number; copies: readonly SlotCopy[] },
) {
  const { slots, heads, width, capacity, copies } = shape
  const words = new Uint32Array(copies.flatMap(({ from, to, length }) => [from, to, length]))
  return prepareKernel(
    device,
    {
      keys: ['f32', [slots, heads, width / 4, capacity, 4]],
      values: ['f32', [slots, heads, capacity, width]],
      table: ['u32', [copies.length, 3], words],
    },
    (recorder, tensors) => copySlots(recorder, tensors, tensors.table, copies),
  )
}

/** Keys and values of every slot after the copies, to the bit. */
export const copySlotsCases = kernelCases('copy-slots', copySlotsShapes, {
  prepare: prepareCopySlots,
  async check(device, shape) {
    const random = new Random(49)
    const prepared = await prepareCopySlots(device, shape)
    const keys = random.normals(elementCount(prepared.tensors.keys.shape))
    const values = random.normals(keys.length)
    const found = await runPrepared(device, prepared, { keys, values }, 'keys', 'values')
    const { copies } = shape
    return [
      compareBits('keys', new Float32Array(found.keys), copySlotsReference(keys, true, shape, copies)),
      compareBits('values', new Float32Array(found.values), copySlotsReference(values, false, shape, copies)),
    ]
  },
})
