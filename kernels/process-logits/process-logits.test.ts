import { describe, expect, it } from 'vitest'
import { testDevice } from '../../test/support/device.ts'
import { expectAgreement } from '../../test/support/expect-close.ts'
import { runPrepared } from '../gpu/prepared-kernel.ts'
import { prepareProcessLogits, processLogitsCases } from './process-logits.cases.ts'

describe('process-logits', async () => {
  const device = await testDevice()

  it.each(processLogitsCases.checks)(
    'penalises, shifts and scales every distribution: $shape',
    async check => {
      expectAgreement(await check.run(device))
    },
  )

  it('makes a seen token less likely whatever its sign, and leaves the others to the bit', async () => {
    const prepared = await prepareProcessLogits(device, { rows: 1, width: 4, firstId: 0, slots: 2 }, 2, 1)
    const inputs = {
      logits: new Float32Array([3, 3, -3, -3]),
      shifts: new Float32Array(1),
      slots: new Uint32Array([1]),
      seen: new Uint32Array([0b1111, 0b0101]),
    }
    const { processed } = await runPrepared(device, prepared, inputs, 'processed')
    expect([...new Float32Array(processed)]).toEqual([1.5, 3, -6, -3])
  })

  it('keeps what is not finite so', async () => {
    const prepared = await prepareProcessLogits(device, { rows: 1, width: 3, firstId: 0, slots: 1 }, 1, 0.5)
    const logits = new Float32Array([Number.NaN, Number.NEGATIVE_INFINITY, 1])
    const inputs = { logits, shifts: new Float32Array(1) }
    const { processed } = await runPrepared(device, prepared, inputs, 'processed')
    expect([...new Float32Array(processed)].map(Number.isFinite)).toEqual([false, false, true])
  })
})
