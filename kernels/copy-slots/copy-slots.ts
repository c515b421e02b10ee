import { defineKernel } from '../gpu/kernel.ts'
import type { Recorder } from '../gpu/recorder.ts'
import { checkTensor, type Tensor } from '../gpu/tensor.ts'
import type { LayerCache } from '../rope/rope.ts'
import source from './copy-slots.wgsl?raw'

const kernel = defineKernel('copy-slots', source)

/** A slot whose positions another one takes over. */
export interface SlotCopy {
  from: number
  to: number
  /** Positions in use, from the first on. A cache that they go round is copied whole. */
  length: number
}

/**
 * Records that slots of a layer's cache take over others' keys and values: `table` [copies, 3] u32 holds from, to and
 * length of each. Throws where a slot is read and written, which no order of threads would survive.
 */
export function copySlots(
  recorder: Recorder,
  { keys, values }: LayerCache,
  table: Tensor,
  copies: readonly SlotCopy[],
): void {
  const [slots = 0, heads = 0, perHead = 0, capacity = 0] = keys.shape
  checkTensor('copy-slots', keys, ['f32'], [slots, heads, perHead, capacity, 4])
  checkTensor('copy-slots', values, ['f32'], [slots, heads, capacity, perHead * 4])
  checkTensor('copy-slots', table, ['u32'], [copies.length, 3])
  const written = copies.map(({ to }) => to)
  const bad = copies.find(({ from, to }) => written.includes(from) || Math.max(from, to) >= slots)
  if (bad || new Set(written).size < written.length)
    throw new Error(
      `copy-slots: ${JSON.stringify(bad ?? copies)}; expected slots below ${slots}, each written once and none of them read`,
    )
  const places = copies.map(({ length }) => Math.min(length, capacity))
  const longest = Math.max(0, ...places)
  recorder.dispatch(kernel, {
    params: { blocks: heads * perHead, per_head: perHead, capacity },
    tensors: { copies: table, keys, values },
    workgroups: [Math.ceil(longest / 64), heads * perHead, copies.length],
    cost: { bytes: places.reduce((sum, count) => sum + count, 0) * heads * perHead * 16 * 4, flops: 0 },
  })
}
