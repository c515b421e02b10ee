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
    const words = await createTensor(device, 'words', 'u32', [12])
    const rows = { name: 'rows', dtype: 'bf16', rows: 3, words } as const
    expect(() => packWeight(recorder, rows, weight, { firstOutput: 2 })).toThrow(
      /rows is 3 rows of bf16, expected rows with row 2 \+ i·1 below 4 of weight, which is bf16/,
    )
    const narrow = await createTensor(device, 'narrow', 'u32', [11])
    expect(() => packWeight(recorder, { ...rows, words: narrow }, weight)).toThrow(
      /rows is 44 bytes, expected 3 rows of 16 \(8 inputs\)/,
    )
    expect(() => packWeight(recorder, { ...rows, dtype: 'f16' }, weight)).toThrow(/3 rows of f16/)
  })
})
