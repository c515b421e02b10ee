import { describe, expect, it } from 'vitest'
import { testDevice } from '../../test/support/device.ts'
import { expectClose } from '../../test/support/expect-close.ts'
import { Random } from '../../test/support/random.ts'
import { packStored, storedWeight } from '../../test/support/weights.ts'
import { Recorder } from '../gpu/recorder.ts'
import { createTensor, tensorFrom } from '../gpu/tensor.ts'
import { linearReference, linearShapes } from './linear.reference.ts'
import { type LinearEpilogue, type LinearVariant, linear } from './linear.ts'

const variants: LinearVariant[] = ['few-rows', 'tiled', 'serial']

describe('linear', async () => {
  const device = await testDevice()

  for (const { name, rows, inputs, outputs, dtype } of linearShapes) {
    it(`agrees with float64 and between its variants, with and without epilogue: ${name}`, async () => {
      const random = new Random(1)
      const stored = storedWeight(random, dtype, outputs * inputs, 1)
      const weight = await packStored(device, stored, dtype, outputs, inputs)
      const numbers = random.normals(rows * inputs)
      const x = await tensorFrom(device, 'x', [rows, inputs], numbers)
      const biasNumbers = random.normals(outputs)
      const bias = await tensorFrom(device, 'bias', [outputs], biasNumbers)
      const run = async (variant: LinearVariant, epilogue: LinearEpilogue) => {
        const width = epilogue.kind === 'silu-mul' ? outputs / 2 : outputs
        const y = await createTensor(device, 'y', 'f32', [rows, width])
        const recorder = new Recorder(device, 'linear test')
        linear(device, recorder, x, weight, y, epilogue, variant)
        const [bytes] = await recorder.submitAndRead(y)
        return new Float32Array(bytes!)
      }
      const { y, magnitude } = linearReference(numbers, stored.values, rows, inputs, outputs)
      const plain = await run('few-rows', { kind: 'none' })
      const tolerance = { absolute: 1e-6, relative: 1e-6, scale: magnitude }
      expectClose(`linear ${name}`, plain, y, tolerance)
      const withBias = await run('few-rows', { kind: 'bias', bias })
      expect(withBias).toEqual(plain.map((value, i) => value + biasNumbers[i % outputs]!))
      const gated = outputs % 2 === 0 ? await run('few-rows', { kind: 'silu-mul' }) : null
      if (gated) {
        const expected = Float64Array.from(
          gated,
          (_, i) => (y[2 * i]! / (1 + Math.exp(-y[2 * i]!))) * y[2 * i + 1]!,
        )
        // The product of two sums carries both errors.
        const scale = Float64Array.from(
          gated,
          (_, i) => (magnitude[2 * i]! + 1) * (magnitude[2 * i + 1]! + 1),
        )
        expectClose(`linear silu-mul ${name}`, gated, expected, { absolute: 1e-6, relative: 2e-6, scale })
      }
      for (const variant of variants) {
        expect(await run(variant, { kind: 'none' }), `${variant}: bits of few-rows`).toEqual(plain)
        expect(await run(variant, { kind: 'bias', bias }), `${variant}: bits of few-rows, bias`).toEqual(
          withBias,
        )
        if (gated)
          expect(await run(variant, { kind: 'silu-mul' }), `${variant}: bits, silu-mul`).toEqual(gated)
      }
    })
  }

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
