import { describe, expect, it } from 'vitest'
import { testDevice } from '../../test/support/device.ts'
import { expectAgreement } from '../../test/support/expect-close.ts'
import { Recorder } from '../gpu/recorder.ts'
import { createTensor } from '../gpu/tensor.ts'
import { rankChecks } from './rank.check.ts'
import { rank } from './rank.ts'

describe('rank', async () => {
  const device = await testDevice()

  it.each(rankChecks)(
    'counts the likelier logits, ties by the lower id, on every distribution: $shape',
    async check => {
      expectAgreement(await check.run(device))
    },
  )

  it('refuses choices of another number of rows', async () => {
    const logits = await createTensor(device, 'logits', 'f32', [2, 3])
    const choices = await createTensor(device, 'choices', 'u32', [1, 3])
    const ranks = await createTensor(device, 'ranks', 'u32', [2])
    expect(() => rank(new Recorder(device, 'test'), logits, choices, ranks)).toThrow(
      /rank: choices is \[1,3\], expected \[2,4\]/,
    )
  })
})
