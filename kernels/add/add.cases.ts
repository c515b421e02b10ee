import { kernelCases } from '../gpu/cases.ts'
import { compareClose, kernelTolerance } from '../gpu/check.ts'
import type { Device } from '../gpu/device.ts'
import { prepareKernel, runPrepared } from '../gpu/prepared-kernel.ts'
import { Random } from '../gpu/random.ts'
import { add } from './add.ts'

const addShapes = [
  { name: 'width 1', rows: 1, width: 1 },
  { name: 'odd', rows: 5, width: 131 },
  { name: '0.5B width', rows: 16, width: 896 },
  { name: '7B width', rows: 64, width: 3584 },
  { name: 'more than 65,535 workgroups', rows: 1200, width: 3584 },
] as const

/** x + delta in float64. */
export function addReference(x: ArrayLike<number>, delta: ArrayLike<number>): Float64Array {
  return Float64Array.from({ length: x.length }, (_, i) => x[i]! + delta[i]!)
}

/** An addition with its tensors. */
export function prepareAdd(device: Device, { rows, width }: { rows: number; width: number }) {
  const shape = [rows, width]
  return prepareKernel(device, { x: ['f32', shape], delta: ['f32', shape] }, (recorder, { x, delta }) =>
    add(recorder, x, delta),
  )
}

/** Sums of numbers of either sign, one of them large. */
export const addCases = kernelCases('add', addShapes, {
  prepare: prepareAdd,
  async check(device, shape) {
    const random = new Random(21)
    const count = shape.rows * shape.width
    const x = Float32Array.from({ length: count }, () => random.uniform() - 0.5)
    const delta = Float32Array.from({ length: count }, () => random.uniform() - 0.5)
    x[0] = 1e4
    const found = await runPrepared(device, await prepareAdd(device, shape), { x, delta }, 'x')
    return [compareClose('add', new Float32Array(found.x), addReference(x, delta), kernelTolerance)]
  },
})
