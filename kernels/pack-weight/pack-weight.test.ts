import { describe, expect, it } from 'vitest'
import { testDevice } from '../../test/support/device.ts'
import { expectAgreement } from '../../test/support/expect-close.ts'
import { Recorder } from '../gpu/recorder.ts'
import { createTensor } from '../gpu/tensor.ts'
import { packWeightCases } from './pack-weight.cases.ts'
import { createPackedWeight, packWeight } from './pack-weight.ts'

describe('pack-weight', async () => {
  const device = await testDevice()

  it.each(packWeightCases.checks)('moves every bit to its place and no other: $shape', async check => {
    expectAgreement(await check.run(device))
  })

  it('refuses rows that do not fit, naming both', async () => {
    const weight = await createPackedWeight(device, 'weight', 'bf16', 4, 8)
    const recorder = new Recorder(device, 'test')
    const rows = await createTensor(device, 'rows', 'bf16', [3, 8])
    expect(() => packWeight(recorder, rows, weight, { firstOutput: 2 })).toThrow(
      /rows is bf16 \[3,8\], expected bf16 \[rows, 8\] with row 2 \+ i·1 below 4 of weight/,
    )
    const narrow = await createTensor(device, 'narrow', 'bf16', [3, 7])
    expect(() => packWeight(recorder, narrow, weight)).toThrow(/narrow is bf16 \[3,7\]/)
    const f16 = await createTensor(device, 'halves', 'f16', [3, 8])
    expect(() => packWeight(recorder, f16, weight)).toThrow(/halves is f16/)
  })
})
