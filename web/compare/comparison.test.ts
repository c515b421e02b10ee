import { expect, it } from 'vitest'
import type { TokenColumns } from '../../core/formats/run-columns.ts'
import { compareAnswers, describeComparison } from './comparison.ts'

const answer = (text: string) =>
  ({
    tokenId: Array.from(text, character => character.charCodeAt(0)),
    tokenText: Array.from(text),
  }) as unknown as TokenColumns
const compare = (...texts: string[]) => compareAnswers(texts.map(answer), true)
const idOf = (character: string) => character.charCodeAt(0)

it('knows where each answer parts, and what the others chose there', () => {
  const comparison = compare('we add, end', 'we sum; end', 'we ask')
  expect([0, 1, 2].map(comparison.partingToken)).toEqual([3, 3, 4])
  expect(comparison.partings[0]).toBe(3)
  const choices = (index: number, column: number) => comparison.otherChoices(index, column, ['A', 'B', 'C'])
  expect(choices(1, 3)).toEqual([
    { letter: 'A', id: idOf('a') },
    { letter: 'C', id: idOf('a') },
  ])
  expect(choices(0, 3)).toEqual([{ letter: 'B', id: idOf('s') }])
  // One token further only the first and the third still read the same.
  expect(choices(0, 4)).toEqual([{ letter: 'C', id: idOf('s') }])
  expect(choices(1, 4)).toEqual([])
})

it.each([
  [['same', 'same'], 'The answers are the same in all of their 4 tokens.'],
  [['', ''], 'None of the answers has tokens.'],
  [['one', 'two'], 'Apart from the first token on.'],
  [['a', 'ab'], 'Alike for 1 token, then apart.'],
  [
    ['so it is 12, the end', 'so it must be 3, the end'],
    'Alike for 6 tokens, then apart; alike again in one stretch of 9 tokens in all.',
  ],
])('says how far they go together: %s', (texts, words) => {
  expect(describeComparison(compare(...texts))).toBe(words)
})

it('marks no parting in an answer that ends where the other goes on', () => {
  expect([0, 1].map(compare('ab', 'abc').partingToken)).toEqual([-1, 2])
})

it('claims nothing of what others chose where ids are of two vocabularies', () => {
  const [first, second] = [answer('so a'), answer('so b')]
  const shifted = { ...second, tokenId: Array.from(second.tokenId, id => id + 1000) }
  const comparison = compareAnswers([first, shifted], false)
  expect([0, 1].map(comparison.partingToken)).toEqual([3, 3])
  expect(comparison.otherChoices(0, 3, ['A', 'B'])).toEqual([])
})
