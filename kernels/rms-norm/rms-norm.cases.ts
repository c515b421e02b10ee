import { addReference } from '../add/add.cases.ts'
import { kernelCases } from '../gpu/cases.ts'
import { compareBits, compareClose, kernelTolerance } from '../gpu/check.ts'
import type { Device } from '../gpu/device.ts'
import { prepareKernel, runPrepared } from '../gpu/prepared-kernel.ts'
import { overDistributions, Random } from '../gpu/random.ts'
import { rmsNorm } from './rms-norm.ts'

/** Shapes to test and time. */
export const rmsNormShapes = [
  { name: 'width 1', rows: 1, width: 1 },
  { name: 'odd', rows: 5, width: 131 },
  { name: 'one more than the workgroup', rows: 3, width: 257 },
  { name: '0.5B width', rows: 16, width: 896 },
  { name: '7B width', rows: 1, width: 3584 },
  { name: '7B width, prefill', rows: 64, width: 3584 },
] as const

/** y[r, d] = x[r, d] / √(mean_d x² + ε) · weight[d] in float64. */
function rmsNormReference(
  x: ArrayLike<number>,
  weight: ArrayLike<number>,
  rows: number,
  epsilon: number,
): Float64Array {
  const width = weight.length
  const y = new Float64Array(rows * width)
  for (let r = 0; r < rows; r++) {
    let squares = 0
    for (let d = 0; d < width; d++) squares += x[r * width + d]! ** 2
    const scale = 1 / Math.sqrt(squares / width + epsilon)
    for (let d = 0; d < width; d++) y[r * width + d] = x[r * width + d]! * scale * weight[d]!
  }
  return y
}

/** The variants of the kernel. */
export const rmsNormVariants = ['parallel', 'serial'] as const

/** A normalisation with its tensors, with or without a delta. */
export function prepareRmsNorm(
  device: Device,
  shape: { rows: number; width: number; epsilon?: number; withDelta?: boolean },
  variant: (typeof rmsNormVariants)[number],
) {
  const { rows, width, epsilon = 1e-6, withDelta = true } = shape
  return prepareKernel(
    device,
    {
      x: ['f32', [rows, width]],
      delta: ['f32', [rows, width]],
      weight: ['f32', [width]],
      y: ['f32', [rows, width]],
    },
    (recorder, { delta, ...tensors }) =>
      rmsNorm(recorder, { ...tensors, ...(withDelta ? { delta } : {}), epsilon }, variant),
  )
}

const epsilon = 1e-6

/**
 * Norms of every distribution, and of a residual stream to which a layer's output is added first.
 * What is timed: as a layer uses it, with the residual added.
 */
export const rmsNormCases = kernelCases('rms-norm', rmsNormShapes, {
  variants: rmsNormVariants,
  prepare: prepareRmsNorm,
  async check(device, shape, variant) {
    const { rows, width } = shape
    const plain = await overDistributions({ ...shape, seed: 27 }, async ({ kind, matrix: x, random }) => {
      const weight = random.normals(width)
      const prepared = await prepareRmsNorm(device, { ...shape, epsilon, withDelta: false }, variant)
      const found = await runPrepared(device, prepared, { x, weight }, 'x', 'y')
      const expected = rmsNormReference(x, weight, rows, epsilon)
      return [
        compareClose(kind, new Float32Array(found.y), expected, kernelTolerance),
        compareBits(`${kind}: x`, new Float32Array(found.x), x),
      ]
    })
    const random = new Random(28)
    const [x, delta] = [random.normals(rows * width), random.normals(rows * width)]
    const weight = random.normals(width)
    const prepared = await prepareRmsNorm(device, { ...shape, epsilon }, variant)
    const found = await runPrepared(device, prepared, { x, delta, weight }, 'x', 'y')
    const sum = addReference(x, delta)
    const expected = rmsNormReference(sum, weight, rows, epsilon)
    return [
      ...plain,
      compareClose('with a delta: sum', new Float32Array(found.x), sum, kernelTolerance),
      compareClose('with a delta', new Float32Array(found.y), expected, kernelTolerance),
    ]
  },
})
