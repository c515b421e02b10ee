import { expect, it } from 'vitest'
import type { TokenColumns } from '../../core/record/token.ts'
import { columnChoices } from './column-panel.ts'

/** One token, chosen from six recorded ones of 40, 20, 10, 8, 6 and 4 %. */
const tokensOf = (chosen: number, logprob = 0.4) =>
  ({
    tokenId: [chosen],
    logprob: [Math.log(logprob)],
    rank: [0],
    topIds: [[10, 11, 12, 13, 14, 15]],
    topLogprobs: [[0.4, 0.2, 0.1, 0.08, 0.06, 0.04].map(Math.log)],
    tailMass: [0.12],
  }) as unknown as TokenColumns

const rows = (...given: Parameters<typeof columnChoices>) =>
  columnChoices(...given).map(({ kind, id, probability, chosenBy, isBound }) =>
    [kind, id, `${isBound ? '<' : ''}${Math.round(100 * probability)}`, chosenBy].join(' '),
  )

it('shows five: what was chosen here and in other answers, with their letters, and the likeliest', () => {
  expect(
    rows(tokensOf(10), 0, [
      { letter: 'B', id: 11 },
      { letter: 'C', id: 15 },
      { letter: 'D', id: 11 },
    ]),
  ).toEqual([
    'chosen 10 40 ',
    'likely 11 20 BD',
    'likely 12 10 ',
    'likely 13 8 ',
    'likely 15 4 C',
    'rest  18 ',
  ])
})

it('has room for what three others chose', () => {
  const others = [12, 15, 99].map((id, index) => ({ letter: 'BCD'[index]!, id }))
  expect(rows(tokensOf(14), 0, others)).toEqual([
    'likely 10 40 ',
    'likely 12 10 B',
    'chosen 14 6 ',
    'likely 15 4 C',
    'likely 99 <4 D',
    'rest  40 ',
  ])
})

it('gives a bound of what is not recorded', () => {
  expect(rows(tokensOf(10), 0, [{ letter: 'B', id: 99 }])).toEqual([
    'chosen 10 40 ',
    'likely 11 20 ',
    'likely 12 10 ',
    'likely 13 8 ',
    'likely 99 <4 B',
    'rest  22 ',
  ])
})

it('shows what was chosen though it is none of the likeliest', () => {
  expect(rows(tokensOf(77, 0.01), 0, []).at(-2)).toBe('chosen 77 1 ')
})
