import { kernelCases } from '../gpu/cases.ts'
import { compareClose } from '../gpu/check.ts'
import type { Device } from '../gpu/device.ts'
import { prepareKernel, runPrepared } from '../gpu/prepared-kernel.ts'
import { overDistributions } from '../gpu/random.ts'
import { softmax } from './softmax.ts'

const softmaxShapes = [
  { name: 'width 1', rows: 1, width: 1 },
  { name: 'odd', rows: 5, width: 331 },
  { name: '0.5B vocabulary', rows: 1, width: 151936 },
  { name: '7B vocabulary, rank of 8', rows: 4, width: 19008 },
  { name: '7B vocabulary', rows: 1, width: 152064 },
] as const

/** Softmax of each row in float64. */
export function softmaxReference(x: ArrayLike<number>, rows: number): Float64Array {
  const width = x.length / rows
  const y = new Float64Array(x.length)
  for (let r = 0; r < rows; r++) {
    let largest = -Infinity
    for (let i = 0; i < width; i++) largest = Math.max(largest, x[r * width + i]!)
    let total = 0
    for (let i = 0; i < width; i++) {
      y[r * width + i] = Math.exp(x[r * width + i]! - largest)
      total += y[r * width + i]!
    }
    for (let i = 0; i < width; i++) y[r * width + i] = y[r * width + i]! / total
  }
  return y
}

/** A softmax with its tensors. */
export function prepareSoftmax(device: Device, { rows, width }: { rows: number; width: number }) {
  const shape = [rows, width]
  return prepareKernel(device, { x: ['f32', shape], y: ['f32', shape] }, (recorder, { x, y }) =>
    softmax(recorder, x, y),
  )
}

/** Most probabilities of a whole vocabulary lie below 1e-5, so the absolute part must be far below that. */
const tolerance = { absolute: 1e-10, relative: 1e-5 }

/** Probabilities of every distribution. */
export const softmaxCases = kernelCases('softmax', softmaxShapes, {
  prepare: prepareSoftmax,
  check: (device, shape) =>
    overDistributions({ ...shape, seed: 24 }, async ({ kind, matrix: x }) => {
      const { y } = await runPrepared(device, await prepareSoftmax(device, shape), { x }, 'y')
      return [compareClose(kind, new Float32Array(y), softmaxReference(x, shape.rows), tolerance)]
    }),
})
