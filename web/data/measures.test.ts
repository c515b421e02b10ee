import { describe, expect, it } from 'vitest'
import type { TokenColumns } from '../../core/record/token.ts'
import { largestTokens, rangeStatistics, runningMeans } from './measures.ts'

const tokens = {
  entropyNats: Float64Array.of(0, 1, 3, 0.5, 0.5),
  logprob: Float64Array.of(0, -1, -2, -0.25, -0.5),
  margin: Float64Array.of(1, 0.5, 0.1, 0.9, 0.8),
} as unknown as TokenColumns

describe('rangeStatistics', () => {
  it('says what the tokens of a range are like', () => {
    const found = rangeStatistics(tokens, { start: 1, end: 4 })!
    expect(found).toMatchObject({
      n: 3,
      medianEntropy: 1,
      maxEntropy: 3,
      sumLogprob: -3.25,
      entropyShare: 0.9,
    })
    expect(found.meanEntropy).toBeCloseTo(1.5, 12)
    expect(found.meanMargin).toBeCloseTo(0.5, 12)
  })

  it('is null of no tokens and has no share of an entropy of 0', () => {
    expect(rangeStatistics(tokens, { start: 2, end: 2 })).toBeNull()
    const certain = { ...tokens, entropyNats: Float64Array.of(0, 0) }
    expect(rangeStatistics(certain, { start: 0, end: 2 })!.entropyShare).toBeNull()
  })
})

it('runningMeans are those of each beginning', () => {
  expect([...runningMeans([1, 3, 2, 6])]).toEqual([1, 2, 2, 3])
})

it('largestTokens go by value, then by place', () => {
  expect(largestTokens([1, 5, 3, 5, 0], 3)).toEqual([1, 3, 2])
})
