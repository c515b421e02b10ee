import { describe, expect, it } from 'vitest'
import type { TokenColumns } from '../../core/record/token.ts'
import { textsOfIds, tokenChoices } from './token-choices.ts'

const tokens = {
  tokenId: [4, 9],
  tokenText: ['four', null],
  logprob: [Math.log(0.3), Math.log(0.05)],
  rank: [1, 3],
  topIds: [
    [2, 4],
    [2, 4],
  ],
  topLogprobs: [
    [Math.log(0.6), Math.log(0.3)],
    [Math.log(0.6), Math.log(0.3)],
  ],
  tailMass: [0.1, 0.1],
} as unknown as TokenColumns

describe('tokenChoices', () => {
  it('marks the chosen token among the likeliest', () => {
    const choices = tokenChoices(tokens, 0)
    expect(choices.map(({ kind, id, rank }) => [kind, id, rank])).toEqual([
      ['likely', 2, 0],
      ['chosen', 4, 1],
      ['rest', null, null],
    ])
    expect(choices.reduce((sum, choice) => sum + choice.probability, 0)).toBeCloseTo(1, 12)
  })

  it('takes a chosen token outside of them from the rest', () => {
    const choices = tokenChoices(tokens, 1)
    expect(choices.map(({ kind, id, rank }) => [kind, id, rank])).toEqual([
      ['likely', 2, 0],
      ['likely', 4, 1],
      ['chosen', 9, 3],
      ['rest', null, null],
    ])
    expect(choices.at(-1)!.probability).toBeCloseTo(0.05, 12)
  })
})

it('textsOfIds knows what was chosen and what was likely', () => {
  expect([...textsOfIds(tokens)]).toEqual([[4, 'four']])
  expect([...textsOfIds(tokens, { 2: ' two' })]).toEqual([
    [2, ' two'],
    [4, 'four'],
  ])
})
