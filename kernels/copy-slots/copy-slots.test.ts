import { describe, expect, it } from 'vitest'
import { testDevice } from '../../test/support/device.ts'
import { expectAgreement } from '../../test/support/expect-close.ts'
import { Recorder } from '../gpu/recorder.ts'
import { copySlotsCases, prepareCopySlots } from './copy-slots.cases.ts'

describe('copy-slots', async () => {
  const device = await testDevice()

  it.each(copySlotsCases.checks)('copies positions in use and leaves all others: $shape', async check => {
    expectAgreement(await check.run(device))
  })

  it.each([
    [
      [
        { from: 0, to: 1, length: 2 },
        { from: 1, to: 2, length: 2 },
      ],
    ],
    [[{ from: 0, to: 0, length: 2 }]],
    [
      [
        { from: 0, to: 1, length: 2 },
        { from: 2, to: 1, length: 2 },
      ],
    ],
    [[{ from: 0, to: 3, length: 2 }]],
  ])('refuses %j', async copies => {
    const prepared = await prepareCopySlots(device, { slots: 3, heads: 1, width: 4, capacity: 8, copies })
    expect(() => prepared.record(new Recorder(device, 'test'))).toThrow(/copy-slots: .* none of them read/)
  })
})
