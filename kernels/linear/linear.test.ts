import { describe, expect, it } from 'vitest'
import { testDevice } from '../../test/support/device.ts'
import { expectClose } from '../../test/support/expect-close.ts'
import { expectSameBits } from '../../test/support/expect-same-bits.ts'
import { runPrepared } from '../gpu/prepared-kernel.ts'
import { Random } from '../gpu/random.ts'
import { Recorder } from '../gpu/recorder.ts'
import { createTensor } from '../gpu/tensor.ts'
import { packInto, storedWeight } from '../pack-weight/pack-weight.cases.ts'
import { createPackedWeight } from '../pack-weight/pack-weight.ts'
import {
  epilogueProducts,
  followingReference,
  linearFollows,
  linearShapes,
  linearVariants,
  makeProduct,
  prepareLinear,
} from './linear.cases.ts'
import { chooseLinearVariant, type LinearVariant, linear } from './linear.ts'

/**
 * Outputs that every variant computes; wider shapes are whole in the adapter's own variant. On a CPU adapter a workgroup
 * with barriers costs a millisecond, and thousands of them show nothing that a few do not.
 */
const outputsOfAllVariants = 512

describe('linear', async () => {
  const device = await testDevice()

  for (const shape of linearShapes) {
    const { name, rows, inputs, outputs } = shape

    it(`agrees with float64 and between its variants: ${name}`, async () => {
      const { reference, run } = makeProduct(device, shape)
      const plain = await run(chooseLinearVariant(device, rows))
      const tolerance = { absolute: 1e-6, relative: 1e-6, scale: reference.magnitude }
      expectClose(`linear ${name}`, plain, reference.y, tolerance)
      const leading = Math.min(outputs, outputsOfAllVariants)
      const leadingBits = plain.filter((_, i) => i % outputs < leading)
      for (const variant of linearVariants)
        expectSameBits(`linear ${name}, ${variant}`, await run(variant, {}, leading), leadingBits)
    })

    if (rows * inputs * outputs > epilogueProducts || outputs % 2 !== 0) continue

    it(`adds a bias to the same bits in every variant: ${name}`, async () => {
      const { bias, run } = makeProduct(device, shape)
      const plain = await run('few-rows')
      const expected = plain.map((value, i) => value + bias[i % outputs]!)
      for (const variant of linearVariants)
        expectSameBits(`linear ${name}, bias, ${variant}`, await run(variant, { bias: true }), expected)
    })

    it.each(linearFollows)(
      `follows the sum, with the same bits in every variant: ${name}, $name`,
      async follows => {
        const { reference, bias, run } = makeProduct(device, shape)
        const found = await run('few-rows', follows)
        const expected = followingReference(reference, { ...follows, bias: follows.bias ? bias : null })
        expectClose(`linear ${name}, ${follows.name}`, found, ...expected)
        for (const variant of linearVariants)
          expectSameBits(`linear ${name}, ${follows.name}, ${variant}`, await run(variant, follows), found)
      },
    )
  }

  it('keeps its bound with inputs of 1e4', async () => {
    const shape = { rows: 3, inputs: 515, outputs: 20, dtype: 'bf16' } as const
    const { reference, run } = makeProduct(device, shape, 1e4)
    const tolerance = { absolute: 1e-6, relative: 1e-6, scale: reference.magnitude }
    for (const variant of linearVariants)
      expectClose(`linear ${variant}`, await run(variant), reference.y, tolerance)
  })

  it('gives a row the same bits alone and in company', async () => {
    const shape = { rows: 9, inputs: 300, outputs: 40, dtype: 'bf16' } as const
    const weight = await createPackedWeight(device, 'weight', 'bf16', 40, 300)
    await packInto(device, storedWeight(new Random(3), 'bf16', 12_000, 1), weight)
    const x = new Random(4).normals(9 * 300)
    const run = async (rows: number, variant: LinearVariant, numbers: Float32Array<ArrayBuffer>) => {
      const { tensors, destroy } = await prepareLinear(device, { ...shape, rows }, variant)
      const record = (recorder: Recorder) => linear(recorder, tensors.x, weight, tensors.y, {}, variant)
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
    const weight = await createPackedWeight(device, 'weight', 'f32', 2, 3)
    const x = await createTensor(device, 'x', 'f32', [1, 4])
    const y = await createTensor(device, 'y', 'f32', [1, 2])
    expect(() => linear(new Recorder(device, 'test'), x, weight, y)).toThrow(/x is \[1,4\], expected \[1,3\]/)
  })
})
