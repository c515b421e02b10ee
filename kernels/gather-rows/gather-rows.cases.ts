import { kernelCases } from '../gpu/cases.ts'
import { compareBits } from '../gpu/check.ts'
import type { Device } from '../gpu/device.ts'
import { prepareKernel, runPrepared } from '../gpu/prepared-kernel.ts'
import { Random } from '../gpu/random.ts'
import { gatherRows } from './gather-rows.ts'

const gatherRowsShapes = [
  { name: 'one of one', given: 1, width: 1, rows: [0] },
  { name: 'odd, any order, one twice', given: 7, width: 131, rows: [6, 0, 3, 3, 5] },
  { name: '7B, the last rows of 4 prompts', given: 512, width: 3584, rows: [127, 255, 383, 511] },
] as const

/** Rows of a tensor, by their numbers, and where they are gathered. */
export function prepareGatherRows(
  device: Device,
  { given, width, rows }: { given: number; width: number; rows: readonly number[] },
) {
  return prepareKernel(
    device,
    {
      x: ['f32', [given, width]],
      rows: ['u32', [rows.length], Uint32Array.from(rows)],
      y: ['f32', [rows.length, width]],
    },
    (recorder, tensors) => gatherRows(recorder, tensors.x, tensors.rows, tensors.y),
  )
}

/** The rows, to the bit. */
export const gatherRowsCases = kernelCases('gather-rows', gatherRowsShapes, {
  prepare: prepareGatherRows,
  async check(device, shape) {
    const { given, width, rows } = shape
    const x = new Random(61).normals(given * width)
    const { y } = await runPrepared(device, await prepareGatherRows(device, shape), { x }, 'y')
    const expected = Float32Array.from(rows.flatMap(row => [...x.subarray(row * width, (row + 1) * width)]))
    return [compareBits('y', new Float32Array(y), expected)]
  },
})
