import { checkCasesOfVariants } from '../gpu/check.ts'
import { compareClose } from '../gpu/compare.ts'
import type { Device } from '../gpu/device.ts'
import { Random } from '../gpu/random.ts'
import { runPrepared } from '../gpu/run-prepared.ts'
import { packInto, storedWeight } from '../pack-weight/stored-weight.ts'
import { type LinearShape, linearVariants, prepareLinear } from './linear.bench.ts'
import { linearReference, linearShapes } from './linear.reference.ts'
import type { LinearEpilogue, LinearVariant } from './linear.ts'

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

/** Products, where the shape allows with every epilogue. */
export const linearChecks = checkCasesOfVariants(
  'linear',
  linearShapes,
  linearVariants,
  async (device, shape, variant) => {
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
)

/** silu(gate) · up of pairs of outputs, and its tolerance: the product of two sums carries both errors. */
export function gatedReference(y: Float64Array, magnitude: Float64Array) {
  const silu = (value: number) => value / (1 + Math.exp(-value))
  const pairs = Array.from({ length: y.length / 2 }, (_, i) => i)
  const expected = pairs.map(i => silu(y[2 * i]!) * y[2 * i + 1]!)
  const scale = pairs.map(i => (magnitude[2 * i]! + 1) * (magnitude[2 * i + 1]! + 1))
  return [expected, { absolute: 1e-6, relative: 2e-6, scale }] as const
}
