import { describe, expect, it } from 'vitest'
import type { Generation } from '../../core/generate/generate.ts'
import type { TokenRecord } from '../../core/record/token.ts'
import { agreementOf } from './acceptance-checks.ts'

/** An answer of tokens of which only what is compared matters. */
function answer(...tokens: [id: number, margin: number, entropyNats: number][]): Generation {
  const records = tokens.map(([id, margin, entropyNats]) => ({ id, margin, entropyNats }) as TokenRecord)
  return { tokens: records, finishReason: 'length', error: null, durationMs: 1 }
}

describe('agreementOf', () => {
  const bounds = { margin: 1e-3 }
  const baseline = [answer([4, 0.5, 1], [5, 1e-4, 2], [6, 0.5, 3])]

  it('finds the same answers the same', () => {
    expect(agreementOf(baseline, baseline, bounds)).toEqual({
      tokens: 3,
      wrongTokens: 0,
      closeCalls: 0,
      largestEntropyDifferenceNats: 0,
    })
  })

  it('compares no further than where answers part, and there too', () => {
    const parted = [answer([4, 0.5, 1], [7, 1e-4, 2.5], [8, 0.5, 9])]
    expect(agreementOf(baseline, parted, bounds)).toEqual({
      tokens: 2,
      wrongTokens: 0,
      closeCalls: 1,
      largestEntropyDifferenceNats: 0.5,
    })
  })

  it('counts a token that differs above the margin, and one that is missing', () => {
    expect(agreementOf(baseline, [answer([9, 0.5, 1])], bounds).wrongTokens).toBe(1)
    const short = agreementOf(baseline, [answer([4, 0.5, 1], [5, 1e-4, 2])], bounds)
    expect(short).toMatchObject({ wrongTokens: 1, largestEntropyDifferenceNats: Number.POSITIVE_INFINITY })
  })
})
