import { describe, expect, it } from 'vitest'
import { testDevice } from '../../test/support/device.ts'
import { expectClose } from '../../test/support/expect-close.ts'
import { expectSameBits } from '../../test/support/expect-same-bits.ts'
import { Random } from '../../test/support/random.ts'
import { runPrepared } from '../../test/support/run-prepared.ts'
import { packInto, packStored, storedWeight } from '../../test/support/weights.ts'
import { Recorder } from '../gpu/recorder.ts'
import { createTensor } from '../gpu/tensor.ts'
import { type LinearShape, linearVariants, prepareLinear } from './linear.bench.ts'
import { linearReference, linearShapes } from './linear.reference.ts'
import { chooseLinearVariant, type LinearEpilogue, type LinearVariant, linear } from './linear.ts'

/** Shapes of at most so many products, and of pairs, also try every epilogue, which does not depend on what was summed. */
const epilogueProducts = 1.1e6
/**
 * Outputs that every variant computes; wider shapes are whole in the adapter's own variant. On a CPU adapter a workgroup
 * with barriers costs a millisecond, and thousands of them show nothing that a few do not.
 */
const outputsOfAllVariants = 512

describe('linear', async () => {
  const device = await testDevice()

  /** One random product of a shape: its inputs, and how to run it. */
  function makeProduct(shape: LinearShape, xScale = 1) {
    const { rows, inputs, outputs, dtype } = shape
    const random = new Random(1)
    const stored = storedWeight(random, dtype, outputs * inputs, 1)
    const x = random.normals(rows * inputs, xScale)
    const bias = random.normals(outputs)
    const reference = linearReference(x, stored.values, rows, inputs, outputs)
    const run = async (variant: LinearVariant, epilogue: LinearEpilogue['kind'], leading = outputs) => {
      const prepared = await prepareLinear(device, { ...shape, outputs: leading, epilogue }, variant)
      const words = stored.words.subarray(0, Math.ceil((stored.words.length * leading) / outputs))
      await packInto(device, { ...stored, words }, prepared.weight)
      const used = { x, bias: bias.subarray(0, leading) }
      return new Float32Array((await runPrepared(device, prepared, used, 'y')).y)
    }
    return { bias, reference, run }
  }

  for (const shape of linearShapes) {
    const { name, rows, inputs, outputs } = shape

    it(`agrees with float64 and between its variants: ${name}`, async () => {
      const { reference, run } = makeProduct(shape)
      const plain = await run(chooseLinearVariant(device, rows), 'none')
      const tolerance = { absolute: 1e-6, relative: 1e-6, scale: reference.magnitude }
      expectClose(`linear ${name}`, plain, reference.y, tolerance)
      const leading = Math.min(outputs, outputsOfAllVariants)
      const leadingBits = plain.filter((_, i) => i % outputs < leading)
      for (const variant of linearVariants)
        expectSameBits(`linear ${name}, ${variant}`, await run(variant, 'none', leading), leadingBits)
    })

    if (rows * inputs * outputs > epilogueProducts || outputs % 2 !== 0) continue

    it(`adds a bias to the same bits in every variant: ${name}`, async () => {
      const { bias, run } = makeProduct(shape)
      const plain = await run('few-rows', 'none')
      const expected = plain.map((value, i) => value + bias[i % outputs]!)
      for (const variant of linearVariants)
        expectSameBits(`linear ${name}, bias, ${variant}`, await run(variant, 'bias'), expected)
    })

    it(`gates pairs of outputs, with the same bits in every variant: ${name}`, async () => {
      const { reference, run } = makeProduct(shape)
      const gated = await run('few-rows', 'silu-mul')
      const [y, magnitude] = [reference.y, reference.magnitude]
      const silu = (value: number) => value / (1 + Math.exp(-value))
      const expected = Float64Array.from(gated, (_, i) => silu(y[2 * i]!) * y[2 * i + 1]!)
      // The product of two sums carries both errors.
      const scale = Float64Array.from(gated, (_, i) => (magnitude[2 * i]! + 1) * (magnitude[2 * i + 1]! + 1))
      expectClose(`linear silu-mul ${name}`, gated, expected, { absolute: 1e-6, relative: 2e-6, scale })
      for (const variant of linearVariants)
        expectSameBits(`linear ${name}, silu-mul, ${variant}`, await run(variant, 'silu-mul'), gated)
    })
  }

  it('keeps its bound with inputs of 1e4', async () => {
    const shape = { rows: 3, inputs: 515, outputs: 20, dtype: 'bf16' } as const
    const { reference, run } = makeProduct(shape, 1e4)
    const tolerance = { absolute: 1e-6, relative: 1e-6, scale: reference.magnitude }
    for (const variant of linearVariants)
      expectClose(`linear ${variant}`, await run(variant, 'none'), reference.y, tolerance)
  })

  it('gives a row the same bits alone and in company', async () => {
    const shape = { rows: 9, inputs: 300, outputs: 40, dtype: 'bf16' } as const
    const weight = await packStored(device, storedWeight(new Random(3), 'bf16', 12_000, 1), 'bf16', 40, 300)
    const x = new Random(4).normals(9 * 300)
    const run = async (rows: number, variant: LinearVariant, numbers: Float32Array<ArrayBuffer>) => {
      const { tensors, destroy } = await prepareLinear(device, { ...shape, rows }, variant)
      const record = (recorder: Recorder) =>
        linear(device, recorder, tensors.x, weight, tensors.y, { kind: 'none' }, variant)
      const found = await runPrepared(device, { tensors, record, destroy }, { x: numbers }, 'y')
      return new Float32Array(found.y)
    }
    const together = await run(9, 'tiled', x)
    for (const variant of linearVariants) {
      for (const [first, rows] of [
        [4, 1],
        [5, 4],
      ] as const) {
        const alone = await run(rows, variant, x.slice(first * 300, (first + rows) * 300))
        expectSameBits(`${variant}, ${rows} rows`, alone, together.slice(first * 40, (first + rows) * 40))
      }
    }
  })

  it('refuses shapes that do not fit, naming them', async () => {
    const random = new Random(2)
    const weight = await packStored(device, storedWeight(random, 'f32', 6, 1), 'f32', 2, 3)
    const x = await createTensor(device, 'x', 'f32', [1, 4])
    const y = await createTensor(device, 'y', 'f32', [1, 2])
    expect(() => linear(device, new Recorder(device, 'test'), x, weight, y)).toThrow(
      /x is \[1,4\], expected \[1,3\]/,
    )
  })
})
