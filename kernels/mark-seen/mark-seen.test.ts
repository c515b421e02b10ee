import { describe, expect, it } from 'vitest'
import { testDevice } from '../../test/support/device.ts'
import { expectAgreement } from '../../test/support/expect-close.ts'
import { Recorder } from '../gpu/recorder.ts'
import { createTensor } from '../gpu/tensor.ts'
import { markSeenCases } from './mark-seen.cases.ts'
import { markSeen } from './mark-seen.ts'

describe('mark-seen', async () => {
  const device = await testDevice()

  it.each(markSeenCases.checks)('marks tokens that are known and that were chosen: $shape', async check => {
    expectAgreement(await check.run(device))
  })

  it('refuses slots of another number of rows', async () => {
    const u32 = (...shape: number[]) => createTensor(device, 'slots', 'u32', shape)
    const use = { ids: await u32(3), slots: await u32(2), seen: await u32(2, 4) }
    expect(() => markSeen(new Recorder(device, 'test'), use)).toThrow(
      /mark-seen: slots is \[2\], expected \[3\]/,
    )
  })
})
