import { describe, expect, it } from 'vitest'
import { testDevice } from '../../test/support/device.ts'
import { expectAgreement } from '../../test/support/expect-close.ts'
import { Recorder } from '../gpu/recorder.ts'
import { createTensor } from '../gpu/tensor.ts'
import { tokenRankCases } from './token-rank.cases.ts'
import { tokenRank } from './token-rank.ts'

describe('token-rank', async () => {
  const device = await testDevice()

  it.each(tokenRankCases.checks)(
    'counts the likelier logits, ties by the lower id, on every distribution: $shape',
    async check => {
      expectAgreement(await check.run(device))
    },
  )

  it('refuses choices of another number of rows', async () => {
    const logits = await createTensor(device, 'logits', 'f32', [2, 3])
    const choices = await createTensor(device, 'choices', 'u32', [1, 3])
    const ranks = await createTensor(device, 'ranks', 'u32', [2])
    expect(() => tokenRank(new Recorder(device, 'test'), logits, choices, ranks)).toThrow(
      /rank: choices is \[1,3\], expected \[2,4\]/,
    )
  })
})
