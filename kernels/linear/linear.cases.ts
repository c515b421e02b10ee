import { kernelCases } from '../gpu/cases.ts'
import { compareClose } from '../gpu/check.ts'
import type { Device } from '../gpu/device.ts'
import { prepareKernel, runPrepared } from '../gpu/prepared-kernel.ts'
import { Random } from '../gpu/random.ts'
import { createNoiseWeight, packInto, storedWeight } from '../pack-weight/pack-weight.cases.ts'
import type { WeightDType } from '../pack-weight/pack-weight.ts'
import { type LinearEpilogue, type LinearVariant, linear } from './linear.ts'

/** Shapes to test and time. Qwen2.5-7B's are those of one of eight ranks, so that they also run on a CPU adapter. */
export const linearShapes = [
  { name: 'width 1', rows: 1, inputs: 1, outputs: 1, dtype: 'f32' },
  { name: 'width 1 bf16', rows: 3, inputs: 1, outputs: 1, dtype: 'bf16' },
  { name: 'odd', rows: 5, inputs: 131, outputs: 37, dtype: 'f16' },
  { name: 'odd f32', rows: 2, inputs: 257, outputs: 66, dtype: 'f32' },
  { name: 'odd bf16, many rows', rows: 67, inputs: 129, outputs: 70, dtype: 'bf16' },
  { name: '0.5B query, key and value', rows: 1, inputs: 896, outputs: 1152, dtype: 'bf16' },
  { name: '0.5B down, 18 rows', rows: 18, inputs: 4864, outputs: 896, dtype: 'bf16' },
  { name: '0.5B gate and up', rows: 1, inputs: 896, outputs: 9728, dtype: 'bf16' },
  { name: '0.5B vocabulary, few inputs', rows: 1, inputs: 8, outputs: 151936, dtype: 'bf16' },
  { name: '7B output, rank of 8', rows: 1, inputs: 512, outputs: 3584, dtype: 'bf16' },
  { name: '7B gate and up, rank of 8', rows: 1, inputs: 3584, outputs: 4736, dtype: 'bf16' },
  { name: '7B down, whole', rows: 2, inputs: 18944, outputs: 512, dtype: 'bf16' },
] as const

/** y[r, n] = Σ_k W[n, k] x[r, k] in float64, and Σ_k |W[n, k] x[r, k]|, which scales the error bound. */
function linearReference(
  x: ArrayLike<number>,
  weight: ArrayLike<number>,
  rows: number,
  inputs: number,
  outputs: number,
): { y: Float64Array; magnitude: Float64Array } {
  const y = new Float64Array(rows * outputs)
  const magnitude = new Float64Array(rows * outputs)
  for (let r = 0; r < rows; r++) {
    for (let n = 0; n < outputs; n++) {
      let sum = 0
      let absolute = 0
      for (let k = 0; k < inputs; k++) {
        const product = weight[n * inputs + k]! * x[r * inputs + k]!
        sum += product
        absolute += Math.abs(product)
      }
      y[r * outputs + n] = sum
      magnitude[r * outputs + n] = absolute
    }
  }
  return { y, magnitude }
}

interface LinearShape {
  rows: number
  inputs: number
  outputs: number
  dtype: WeightDType
  epilogue?: LinearEpilogue['kind']
}

/** The variants of the kernel. */
export const linearVariants = ['few-rows', 'tiled', 'serial'] as const satisfies LinearVariant[]

/** A product with its tensors. */
export async function prepareLinear(
  device: Device,
  { rows, inputs, outputs, dtype, epilogue = 'none' }: LinearShape,
  variant: LinearVariant,
) {
  const weight = await createNoiseWeight(device, 'weight', dtype, outputs, inputs)
  const prepared = await prepareKernel(
    device,
    {
      x: ['f32', [rows, inputs]],
      bias: ['f32', [outputs]],
      y: ['f32', [rows, epilogue === 'silu-mul' ? outputs / 2 : outputs]],
    },
    (recorder, { x, bias, y }) => {
      const chosen = epilogue === 'bias' ? { kind: epilogue, bias } : { kind: epilogue }
      linear(recorder, x, weight, y, chosen, variant)
    },
    [weight.blocks],
  )
  return { ...prepared, weight }
}

/** Shapes of at most so many products, and of pairs, also try every epilogue, which does not depend on what was summed. */
export const epilogueProducts = 1.1e6

/** One random product of a shape: its inputs, what float64 makes of them, and how to run it. */
export function makeProduct(device: Device, shape: LinearShape, xScale = 1) {
  const { rows, inputs, outputs, dtype } = shape
  const random = new Random(1)
  const stored = storedWeight(random, dtype, outputs * inputs, 1)
  const x = random.normals(rows * inputs, xScale)
  const bias = random.normals(outputs)
  const reference = linearReference(x, stored.values, rows, inputs, outputs)
  /** With `leading`, only the first outputs. */
  const run = async (variant: LinearVariant, epilogue: LinearEpilogue['kind'], leading = outputs) => {
    const prepared = await prepareLinear(device, { ...shape, outputs: leading, epilogue }, variant)
    const words = stored.words.subarray(0, Math.ceil((stored.words.length * leading) / outputs))
    await packInto(device, { ...stored, words }, prepared.weight)
    const used = { x, bias: bias.subarray(0, leading) }
    return new Float32Array((await runPrepared(device, prepared, used, 'y')).y)
  }
  return { bias, reference, run }
}

/**
 * Products, where the shape allows with every epilogue.
 * What is timed: plain products.
 */
export const linearCases = kernelCases('linear', linearShapes, {
  variants: linearVariants,
  prepare: prepareLinear,
  async check(device, shape, variant) {
    const { rows, inputs, outputs } = shape
    const { bias, reference, run } = makeProduct(device, shape)
    const { y, magnitude } = reference
    const tolerance = { absolute: 1e-6, relative: 1e-6, scale: magnitude }
    const plain = compareClose('product', await run(variant, 'none'), y, tolerance)
    if (rows * inputs * outputs > epilogueProducts || outputs % 2 !== 0) return [plain]
    const biased = y.map((value, i) => value + bias[i % outputs]!)
    const scale = magnitude.map((value, i) => value + Math.abs(bias[i % outputs]!))
    return [
      plain,
      compareClose('with a bias', await run(variant, 'bias'), biased, { ...tolerance, scale }),
      compareClose('gated', await run(variant, 'silu-mul'), ...gatedReference(y, magnitude)),
    ]
  },
})

/** silu(gate) · up of pairs of outputs, and its tolerance: the product of two sums carries both errors. */
export function gatedReference(y: Float64Array, magnitude: Float64Array) {
  const silu = (value: number) => value / (1 + Math.exp(-value))
  const pairs = Array.from({ length: y.length / 2 }, (_, i) => i)
  const expected = pairs.map(i => silu(y[2 * i]!) * y[2 * i + 1]!)
  const scale = pairs.map(i => (magnitude[2 * i]! + 1) * (magnitude[2 * i + 1]! + 1))
  return [expected, { absolute: 1e-6, relative: 2e-6, scale }] as const
}
