import { addReference } from '../add/add.cases.ts'
import { kernelCases } from '../gpu/cases.ts'
import { type Comparison, compareBits, compareClose, kernelTolerance } from '../gpu/check.ts'
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

/** What a residual stream holds after a sum was added to it, in float64: x + scale · (sum, or sum normalised by `after`). */
function residualReference(
  x: ArrayLike<number> | null,
  parts: readonly ArrayLike<number>[],
  rows: number,
  { scale, after, epsilon }: { scale: number; after: ArrayLike<number> | null; epsilon: number },
): Float64Array {
  const sum = Float64Array.from(parts[0]!, (_, i) => parts.reduce((total, part) => total + part[i]!, 0))
  const added = after ? rmsNormReference(sum, after, rows, epsilon) : sum
  return added.map((value, i) => (x?.[i] ?? 0) + scale * value)
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

/** What is asked of a norm beyond x += delta, y = norm(x). */
const forms = [
  { name: 'three parts, scaled', parts: 3, scale: 0.7, fresh: false, after: false, weighted: true },
  { name: 'first of a stream, scaled', parts: 1, scale: 12, fresh: true, after: false, weighted: true },
  { name: 'first of a stream, no norm', parts: 2, scale: 1, fresh: true, after: false, weighted: false },
  { name: 'sum normalised first', parts: 3, scale: 1, fresh: false, after: true, weighted: true },
  { name: 'sum alone normalised', parts: 1, scale: 0.5, fresh: false, after: true, weighted: false },
] as const

/** Compares the residual stream and its norm in one of the forms. */
async function checkForm(
  device: Device,
  { rows, width }: { rows: number; width: number },
  { name, parts, scale, fresh, after, weighted }: (typeof forms)[number],
  variant: (typeof rmsNormVariants)[number],
) {
  const prepared = await prepareKernel(
    device,
    {
      x: ['f32', [rows, width]],
      delta: ['f32', [parts, rows, width]],
      after: ['f32', [width]],
      weight: ['f32', [width]],
      y: ['f32', [rows, width]],
    },
    (recorder, { after: afterWeight, weight, ...tensors }) => {
      const norms = { after: after ? afterWeight : undefined, weight: weighted ? weight : undefined }
      rmsNorm(recorder, { ...tensors, ...norms, fresh, scale, epsilon }, variant)
    },
  )
  const random = new Random(29)
  const normals = (count: number) => random.normals(count)
  const inputs = {
    x: normals(rows * width),
    delta: normals(parts * rows * width),
    after: normals(width),
    weight: normals(width),
  }
  const found = await runPrepared(device, prepared, inputs, 'x', 'y')
  const ofPart = Array.from({ length: parts }, (_, part) =>
    inputs.delta.subarray(part * rows * width, (part + 1) * rows * width),
  )
  const sums = { scale, after: after ? inputs.after : null, epsilon }
  const x = residualReference(fresh ? null : inputs.x, ofPart, rows, sums)
  const y = weighted ? rmsNormReference(x, inputs.weight, rows, epsilon) : x
  return [
    compareClose(`${name}: sum`, new Float32Array(found.x), x, kernelTolerance),
    compareClose(name, new Float32Array(found.y), y, kernelTolerance),
  ]
}

/**
 * Norms of every distribution, and of a residual stream to which a layer's output is added first,
 * in all forms of that.
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
    const ofForms: Comparison[] = []
    for (const form of forms) ofForms.push(...(await checkForm(device, shape, form, variant)))
    return [
      ...plain,
      ...ofForms,
      compareClose('with a delta: sum', new Float32Array(found.x), sum, kernelTolerance),
      compareClose('with a delta', new Float32Array(found.y), expected, kernelTolerance),
    ]
  },
})
