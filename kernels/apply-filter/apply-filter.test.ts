import { describe, expect, it } from 'vitest'
import { testDevice } from '../../test/support/device.ts'
import { expectAgreement } from '../../test/support/expect-close.ts'
import { runPrepared } from '../gpu/prepared-kernel.ts'
import { applyFilterCases, prepareApplyFilter } from './apply-filter.cases.ts'

describe('apply-filter', async () => {
  const device = await testDevice()

  it.each(applyFilterCases.checks)('keeps what comes no later than a bound: $shape', async check => {
    expectAgreement(await check.run(device))
  })

  it('leaves what is not finite as it is, and keeps everything at bounds of zero', async () => {
    const scores = new Float32Array([1, Number.NaN, -1e30, Number.POSITIVE_INFINITY])
    const prepared = await prepareApplyFilter(device, { rows: 1, width: 4, firstId: 0 }, 0)
    const { scores: left } = await runPrepared(device, prepared, { scores }, 'scores')
    expect([...new Float32Array(left)]).toEqual([1, Number.NaN, Math.fround(-1e30), Number.POSITIVE_INFINITY])
  })
})
