import { describe, expect, it } from 'vitest'
import { testDevice } from '../../test/support/device.ts'
import { expectAgreement } from '../../test/support/expect-close.ts'
import { Recorder } from '../gpu/recorder.ts'
import { tensorFrom, viewTensor } from '../gpu/tensor.ts'
import { gatherRowsCases } from './gather-rows.cases.ts'
import { gatherRows } from './gather-rows.ts'

describe('gather-rows', async () => {
  const device = await testDevice()

  it.each(gatherRowsCases.checks)('gathers rows in the order of their numbers: $shape', async check => {
    expectAgreement(await check.run(device))
  })

  it('refuses a goal of another width', async () => {
    const x = await tensorFrom(device, 'x', [2, 4], new Float32Array(8))
    const rows = await tensorFrom(device, 'rows', [1], new Uint32Array(1))
    expect(() => gatherRows(new Recorder(device, 'test'), x, rows, viewTensor(x, [1, 3]))).toThrow(
      'gather-rows: x is [1,3], expected [1,4]',
    )
  })
})
