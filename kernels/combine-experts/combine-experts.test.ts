import { describe, expect, it } from 'vitest'
import { testDevice } from '../../test/support/device.ts'
import { expectAgreement } from '../../test/support/expect-close.ts'
import { expectSameBits } from '../../test/support/expect-same-bits.ts'
import { runPrepared } from '../gpu/prepared-kernel.ts'
import { Random } from '../gpu/random.ts'
import { Recorder } from '../gpu/recorder.ts'
import { createTensor } from '../gpu/tensor.ts'
import { combineExpertsCases, prepareCombineExperts } from './combine-experts.cases.ts'
import { combineExperts } from './combine-experts.ts'

describe('combine-experts', async () => {
  const device = await testDevice()

  it.each(combineExpertsCases.checks)('agrees with float64: $shape', async check => {
    expectAgreement(await check.run(device))
  })

  it('adds in the order of the experts', async () => {
    const prepared = await prepareCombineExperts(device, { rows: 1, width: 1, perRow: 3, shared: 'none' })
    // In another order the small numbers would add up before the large one takes them.
    const inputs = { outputs: new Float32Array([2 ** 24, 1, 1]), weights: new Float32Array([1, 1, 1]) }
    const { y } = await runPrepared(device, prepared, inputs, 'y')
    expect([...new Float32Array(y)]).toEqual([2 ** 24])
  })

  it('gives a row the same bits alone and in company', async () => {
    const shape = { width: 70, perRow: 2, shared: 'gated' } as const
    const random = new Random(7)
    const [outputs, weights] = [random.normals(3 * 2 * 70), random.normals(3 * 2)]
    const [sharedOutputs, gates] = [random.normals(3 * 70), random.normals(3)]
    const run = async (first: number, rows: number) => {
      const part = (numbers: Float32Array<ArrayBuffer>, of: number) =>
        numbers.slice(first * of, (first + rows) * of)
      const inputs = {
        outputs: part(outputs, 140),
        weights: part(weights, 2),
        sharedOutputs: part(sharedOutputs, 70),
        gates: part(gates, 1),
      }
      const { y } = await runPrepared(
        device,
        await prepareCombineExperts(device, { rows, ...shape }),
        inputs,
        'y',
      )
      return new Float32Array(y)
    }
    expectSameBits('row 1', await run(1, 1), (await run(0, 3)).slice(70, 140))
  })

  it('refuses shapes that do not fit, naming them', async () => {
    const tensor = (shape: number[]) => createTensor(device, `t${shape}`, 'f32', shape)
    const [outputs, weights, y] = [await tensor([3, 4]), await tensor([2, 2]), await tensor([2, 4])]
    expect(() => combineExperts(new Recorder(device, 'test'), { outputs, weights, y })).toThrow(
      /combine-experts: t3,4 is \[3,4\], expected \[4,4\]/,
    )
  })
})
