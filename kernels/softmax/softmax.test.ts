import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { testDevice } from '../../test/support/device.ts'
import { expectAgreement } from '../../test/support/expect-close.ts'
import { runPrepared } from '../gpu/prepared-kernel.ts'
import { Recorder } from '../gpu/recorder.ts'
import { createTensor } from '../gpu/tensor.ts'
import { prepareSoftmax, softmaxCases } from './softmax.cases.ts'
import { softmax } from './softmax.ts'

describe('softmax', async () => {
  const device = await testDevice()

  async function run(rows: number, width: number, x: Float32Array<ArrayBuffer>) {
    return new Float32Array(
      (await runPrepared(device, await prepareSoftmax(device, { rows, width }), { x }, 'y')).y,
    )
  }

  it.each(softmaxCases.checks)('agrees with float64 on every distribution: $shape', async check => {
    expectAgreement(await check.run(device))
  })

  it('sums to 1', async () => {
    const logits = fc.float({ min: -100, max: 100, noNaN: true })
    await fc.assert(
      fc.asyncProperty(fc.array(logits, { minLength: 1, maxLength: 700 }), async row => {
        const y = await run(1, row.length, new Float32Array(row))
        expect(y.reduce((sum, p) => sum + p, 0)).toBeCloseTo(1, 5)
        expect(Math.min(...y)).toBeGreaterThanOrEqual(0)
      }),
      { numRuns: 15, seed: 1 },
    )
  })

  it('refuses an output of another shape', async () => {
    const x = await createTensor(device, 'x', 'f32', [2, 3])
    const y = await createTensor(device, 'y', 'f32', [2, 4])
    expect(() => softmax(new Recorder(device, 'test'), x, y)).toThrow(
      /softmax: y is \[2,4\], expected \[2,3\]/,
    )
  })
})
