import { describe, expect, it } from 'vitest'
import { testDevice } from '../../test/support/device.ts'
import { expectClose } from '../../test/support/expect-close.ts'
import { expectSameBits } from '../../test/support/expect-same-bits.ts'
import { Recorder } from '../gpu/recorder.ts'
import { createTensor } from '../gpu/tensor.ts'
import { createPackedWeight } from '../pack-weight/pack-weight.ts'
import { expertLinearShapes, expertLinearVariants, makeExpertProducts } from './expert-linear.cases.ts'
import { gatedReference } from './linear.cases.ts'
import { linear } from './linear.ts'

describe('linear with experts', async () => {
  const device = await testDevice()

  for (const shape of expertLinearShapes) {
    const { name, outputs, perRow } = shape

    it(`agrees with float64, with the same bits in every variant, alone and in company: ${name}`, async () => {
      const { reference, run } = makeExpertProducts(device, shape)
      const tolerance = { absolute: 1e-6, relative: 1e-6, scale: reference.magnitude }
      const plain = await run('serial')
      expectClose(name, plain, reference.y, tolerance)
      for (const variant of expertLinearVariants) {
        expectSameBits(`${name}, ${variant}`, await run(variant), plain)
        expectSameBits(
          `first row, ${variant}`,
          await run(variant, 'none', 1),
          plain.slice(0, perRow * outputs),
        )
      }
    })

    if (outputs % 2 !== 0) continue

    it(`gates pairs of outputs, with the same bits in every variant: ${name}`, async () => {
      const { reference, run } = makeExpertProducts(device, shape)
      const gated = await run('serial', 'silu-mul')
      expectClose(`${name}, gated`, gated, ...gatedReference(reference.y, reference.magnitude))
      for (const variant of expertLinearVariants)
        expectSameBits(`${name}, gated, ${variant}`, await run(variant, 'silu-mul'), gated)
    })
  }

  it('refuses a weight that its experts do not divide, and rows that x does not', async () => {
    const weight = await createPackedWeight(device, 'weight', 'f32', 7, 4)
    const [x, y] = [
      await createTensor(device, 'x', 'f32', [2, 4]),
      await createTensor(device, 'y', 'f32', [3, 7]),
    ]
    const routes = await createTensor(device, 'routes', 'u32', [4])
    const record = (experts: number) => () =>
      linear(new Recorder(device, 'test'), x, weight, y, { kind: 'none' }, null, {
        experts,
        tileRows: 1,
        tiles: 3,
        routes,
      })
    expect(record(2)).toThrow(/weight has 7 outputs of 2 experts/)
    expect(record(7)).toThrow(/y 3 rows of 2 of x/)
  })
})
