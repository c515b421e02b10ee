import { kernelCases } from '../gpu/cases.ts'
import { compareClose, type Tolerance } from '../gpu/check.ts'
import type { Device } from '../gpu/device.ts'
import { prepareKernel, runPrepared } from '../gpu/prepared-kernel.ts'
import { Random } from '../gpu/random.ts'
import { createNoiseWeight, packInto, storedWeight } from '../pack-weight/pack-weight.cases.ts'
import { weightTensors } from '../pack-weight/pack-weight.ts'
import { type WeightType, weightTypeNames, weightTypes } from '../pack-weight/weight-types.ts'
import { type LinearFinish, type LinearVariant, linear } from './linear.ts'

/** Shapes to test and time. Qwen2.5-7B's are those of one of eight ranks, so that they also run on a CPU adapter. */
export const linearShapes: readonly (LinearShape & { name: string })[] = [
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
  // Every type of blocks, over more than a chunk.
  ...weightTypeNames
    .filter(dtype => weightTypes[dtype].inputs > 1)
    .map(dtype => ({ name: dtype, rows: 5, inputs: 512 + weightTypes[dtype].inputs, outputs: 37, dtype })),
  { name: 'q4_0, 0.5B gate and up', rows: 1, inputs: 896, outputs: 9728, dtype: 'q4_0' },
  { name: 'bf16, 64 rows', rows: 64, inputs: 896, outputs: 1152, dtype: 'bf16' },
  { name: 'q4_0, 64 rows', rows: 64, inputs: 896, outputs: 1152, dtype: 'q4_0' },
]

/** y[r, n] = Σ_k W[n, k] x[r, k] in float64, and Σ_k |W[n, k] x[r, k]|, which scales the error bound. */
export function linearReference(
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
  dtype: WeightType
  follows?: LinearFollows
}

/** What follows a product's sum; a bias is random. */
export interface LinearFollows {
  bias?: boolean
  finish?: LinearFinish
}

/** The variants of the kernel. */
export const linearVariants = ['few-rows', 'tiled', 'serial'] as const satisfies LinearVariant[]

/** A product with its tensors. */
export async function prepareLinear(
  device: Device,
  { rows, inputs, outputs, dtype, follows = {} }: LinearShape,
  variant: LinearVariant,
) {
  const weight = await createNoiseWeight(device, 'weight', dtype, outputs, inputs)
  const { finish } = follows
  const prepared = await prepareKernel(
    device,
    {
      x: ['f32', [rows, inputs]],
      bias: ['f32', [outputs]],
      y: ['f32', [rows, typeof finish === 'string' ? outputs / 2 : outputs]],
    },
    (recorder, { x, bias, y }) => {
      linear(recorder, x, weight, y, { ...(follows.bias && { bias }), ...(finish && { finish }) }, variant)
    },
    weightTensors(weight),
  )
  return { ...prepared, weight }
}

/** Shapes of at most so many products, and of pairs, also try all that may follow, which does not depend on what was summed. */
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
  const run = async (variant: LinearVariant, follows: LinearFollows = {}, leading = outputs) => {
    const prepared = await prepareLinear(device, { ...shape, outputs: leading, follows }, variant)
    const words = stored.words.subarray(0, Math.ceil((stored.words.length * leading) / outputs))
    await packInto(device, { ...stored, words }, prepared.weight)
    const used = { x, bias: bias.subarray(0, leading) }
    return new Float32Array((await runPrepared(device, prepared, used, 'y')).y)
  }
  return { bias, reference, run }
}

/** What may follow a sum, each with its name. */
export const linearFollows: readonly (LinearFollows & { name: string })[] = [
  { name: 'a bias', bias: true },
  { name: 'SiLU gates', finish: 'silu-mul' },
  { name: 'a bias and GELU gates', bias: true, finish: 'gelu-tanh-mul' },
  { name: 'a scale', finish: { scale: 0.25, cap: null } },
  { name: 'a bias, a scale and a cap', bias: true, finish: { scale: 0.5, cap: 30 } },
]

/** The functions that follow a sum, in float64. */
const gates = {
  'silu-mul': (value: number) => value / (1 + Math.exp(-value)),
  'gelu-tanh-mul': (value: number) =>
    0.5 * value * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (value + 0.044715 * value ** 3))),
}

/** What follows sums whose errors scale with `magnitude`, in float64, and its tolerance: a product of two carries both errors. */
export function followingReference(
  { y, magnitude }: { y: Float64Array; magnitude: Float64Array },
  { bias, finish }: { bias: ArrayLike<number> | null; finish?: LinearFinish | undefined },
): readonly [ArrayLike<number>, Tolerance] {
  const added = bias ? y.map((value, i) => value + bias[i % bias.length]!) : y
  const scale = bias ? magnitude.map((value, i) => value + Math.abs(bias[i % bias.length]!)) : magnitude
  if (finish === undefined) return [added, { absolute: 1e-6, relative: 1e-6, scale }]
  if (typeof finish === 'object') {
    const { scale: factor, cap } = finish
    const values = added.map(value =>
      cap === null ? factor * value : cap * Math.tanh((factor * value) / cap),
    )
    return [values, { absolute: 1e-6, relative: 1e-6, scale: scale.map(value => value * factor) }]
  }
  const pairs = Array.from({ length: y.length / 2 }, (_, i) => i)
  const values = pairs.map(i => gates[finish](added[2 * i]!) * added[2 * i + 1]!)
  const products = pairs.map(i => (scale[2 * i]! + 1) * (scale[2 * i + 1]! + 1))
  return [values, { absolute: 1e-6, relative: 2e-6, scale: products }]
}

/**
 * Products, where the shape allows with all that may follow.
 * What is timed: plain products.
 */
export const linearCases = kernelCases('linear', linearShapes, {
  variants: linearVariants,
  prepare: prepareLinear,
  async check(device, shape, variant) {
    const { rows, inputs, outputs } = shape
    const { bias, reference, run } = makeProduct(device, shape)
    const compare = async (name: string, follows: LinearFollows) => {
      const expected = followingReference(reference, { ...follows, bias: follows.bias ? bias : null })
      return compareClose(name, await run(variant, follows), ...expected)
    }
    const plain = await compare('product', {})
    if (rows * inputs * outputs > epilogueProducts || outputs % 2 !== 0) return [plain]
    const comparisons = [plain]
    for (const follows of linearFollows) comparisons.push(await compare(`with ${follows.name}`, follows))
    return comparisons
  },
})
