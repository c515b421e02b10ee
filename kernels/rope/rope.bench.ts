import { benchCases } from '../gpu/bench.ts'
import type { Device } from '../gpu/device.ts'
import { createFilledTensors, type PreparedKernel } from '../gpu/prepared-kernel.ts'
import { uploadTensor } from '../gpu/tensor.ts'
import { ropeShapes } from './rope.reference.ts'
import { rope } from './rope.ts'
import { ropeTable } from './rope-table.ts'

/** Sizes of a rotation. */
export interface RopeShape {
  rows: number
  queryHeads: number
  keyValueHeads: number
  width: number
  /** Positions of the table and of each of the `rows` slots of the cache. */
  capacity: number
  theta: number
}

/** A rotation with its tensors; all rows stand at position 0 of slot 0 until others are uploaded. */
export async function prepareRope(
  device: Device,
  { rows, queryHeads, keyValueHeads, width, capacity, theta }: RopeShape,
): Promise<PreparedKernel<'qkv' | 'positions' | 'slots' | 'table' | 'q' | 'keys' | 'values'>> {
  const { tensors, destroy } = await createFilledTensors(device, {
    qkv: ['f32', [rows, (queryHeads + 2 * keyValueHeads) * width]],
    positions: ['u32', [rows]],
    slots: ['u32', [rows]],
    table: ['f32', [capacity, width / 2, 2]],
    q: ['f32', [rows, queryHeads, width]],
    keys: ['f32', [rows, keyValueHeads, width / 4, capacity, 4]],
    values: ['f32', [rows, keyValueHeads, capacity, width]],
  })
  uploadTensor(device, tensors.table, ropeTable(width, theta, capacity))
  const { keys, values, ...others } = tensors
  return { tensors, record: recorder => rope(recorder, { ...others, cache: { keys, values } }), destroy }
}

/** What `entrace bench` times of this kernel. */
export const ropeBench = benchCases('rope', ropeShapes, prepareRope)
