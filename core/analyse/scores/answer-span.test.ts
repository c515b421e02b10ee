import { expect, test } from 'vitest'
import { answerSpan, tokenAt } from './answer-span.ts'

test('finds the last occurrence, over several tokens and inside of one', () => {
  expect(answerSpan(['9', ' is', ' \\boxed{', '2', '3', '}.'], '23')).toEqual({ first: 3, last: 4 })
  expect(answerSpan(['a 23 b', ' 23', ' c'], '23')).toEqual({ first: 1, last: 1 })
})

test('finds no number inside a longer one', () => {
  expect(answerSpan(['2', ' then ', '12', ' and ', '2,500', ' and ', '3.2'], '2')).toEqual({
    first: 0,
    last: 0,
  })
  expect(answerSpan(['12', '3'], '2')).toBeNull()
  expect(answerSpan(['So 2', ', 3'], '2')).toEqual({ first: 0, last: 0 })
  expect(answerSpan(['x = 4', '.'], '4')).toEqual({ first: 0, last: 0 })
})

test('is null without an answer, without texts and where the answer is not there', () => {
  expect(answerSpan(['5'], null)).toBeNull()
  expect(answerSpan(['5'], '')).toBeNull()
  expect(answerSpan([null, null], '5')).toBeNull()
  expect(answerSpan(['1/2'], '0.5')).toBeNull()
})

test('tells the token of a character', () => {
  expect([0, 1, 2, 3].map(offset => tokenAt(['ab', null, '', 'c'], offset))).toEqual([0, 0, 3, null])
})
