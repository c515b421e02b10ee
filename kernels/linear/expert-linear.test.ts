import { describe, expect, it } from 'vitest'
import { testDevice } from '../../test/support/device.ts'
import { expectClose } from '../../test/support/expect-close.ts'
import { expectSameBits } from '../../test/support/expect-same-bits.ts'
import { Random } from '../gpu/random.ts'
import { Recorder } from '../gpu/recorder.ts'
import { createTensor, tensorFrom } from '../gpu/tensor.ts'
import { storedWeight } from '../pack-weight/pack-weight.cases.ts'
import { createPackedWeight, packWeight } from '../pack-weight/pack-weight.ts'
import { createExpertRoutes, routeExperts } from '../route-experts/route-experts.ts'
import { expertLinearShapes, expertLinearVariants, makeExpertProducts } from './expert-linear.cases.ts'
import { followingReference } from './linear.cases.ts'
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
          await run(variant, undefined, 1),
          plain.slice(0, perRow * outputs),
        )
      }
    })

    if (outputs % 2 !== 0) continue

    it(`gates pairs of outputs, with the same bits in every variant: ${name}`, async () => {
      const { reference, run } = makeExpertProducts(device, shape)
      const gated = await run('serial', 'silu-mul')
      expectClose(
        `${name}, gated`,
        gated,
        ...followingReference(reference, { bias: null, finish: 'silu-mul' }),
      )
      for (const variant of expertLinearVariants)
        expectSameBits(`${name}, gated, ${variant}`, await run(variant, 'silu-mul'), gated)
    })
  }

  it('takes gates of one type and the outputs beside them of another', async () => {
    const [experts, width, inputs] = [3, 9, 40]
    const outputs = experts * width
    const random = new Random(6)
    const logits = await tensorFrom(device, 'logits', [5, experts], random.normals(5 * experts))
    const x = await tensorFrom(device, 'x', [5, inputs], random.normals(5 * inputs))
    const y = await createTensor(device, 'y', 'f32', [10, width])
    const tensors = [0, 1].map(() => storedWeight(random, 'bf16', outputs * inputs, 1))
    const run = async (upType: 'bf16' | 'f32') => {
      const types = ['bf16', upType] as const
      const parts = types.map((dtype, firstOutput) => ({ dtype, firstOutput, outputStride: 2, outputs }))
      const weight = await createPackedWeight(device, 'weight', parts, 2 * outputs, inputs)
      expect(weight.pieces).toHaveLength(upType === 'bf16' ? 1 : 2)
      const recorder = new Recorder(device, 'gates of another type')
      for (const [place, { words, values }] of tensors.entries()) {
        const dtype = types[place]!
        const stored = dtype === 'f32' ? new Uint32Array(Float32Array.from(values).buffer) : words
        const rows = {
          name: 'rows',
          dtype,
          rows: outputs,
          words: await tensorFrom(device, 'rows', [stored.length], stored),
        }
        packWeight(recorder, rows, weight, { firstOutput: place, outputStride: 2 })
      }
      const routes = await createExpertRoutes(device, 5, 2)
      const expertRows = routeExperts(recorder, logits, routes, true, 4)
      linear(recorder, x, weight, y, { finish: 'gelu-tanh-mul', experts: expertRows })
      return new Float32Array((await recorder.submitAndRead(y))[0]!)
    }
    expectSameBits('pairs of two types', await run('f32'), await run('bf16'))
  })

  it('refuses a weight that its experts do not divide, and rows that x does not', async () => {
    const weight = await createPackedWeight(device, 'weight', 'f32', 7, 4)
    const [x, y] = [
      await createTensor(device, 'x', 'f32', [2, 4]),
      await createTensor(device, 'y', 'f32', [3, 7]),
    ]
    const routes = await createTensor(device, 'routes', 'u32', [4])
    const record = (experts: number) => () =>
      linear(new Recorder(device, 'test'), x, weight, y, {
        experts: { experts, tileRows: 1, tiles: 3, routes },
      })
    expect(record(2)).toThrow(/weight has 7 outputs of 2 experts/)
    expect(record(7)).toThrow(/y 3 rows of 2 of x/)
  })
})
