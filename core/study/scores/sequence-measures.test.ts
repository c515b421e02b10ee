import fc from 'fast-check'
import { expect, test } from 'vitest'
import { answerSpan, findSpikes, spikeMinimumNats, tokenAt } from './sequence-measures.ts'

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

test('finds a token that stands out, and none where all are alike or nearly decided', () => {
  expect(findSpikes([0, 0, 0, 0, 0, 1.2, 0, 0, 0, 0])).toEqual([5])
  expect(findSpikes([2, 2, 2, 2, 2, 2, 2])).toEqual([])
  expect(findSpikes([0, 0, 0, 0, 0, 0.4, 0, 0, 0, 0])).toEqual([])
  expect(findSpikes([0, 0, 9, 0, 0])).toEqual([])
  expect(findSpikes([])).toEqual([])
})

test('spikes are few and all of them above the rest', () => {
  fc.assert(
    fc.property(fc.array(fc.double({ min: 0, max: 11, noNaN: true }), { maxLength: 60 }), entropies => {
      const spikes = new Set(findSpikes(entropies))
      // Chebyshev's inequality: less than a quarter of the values lie over two deviations out.
      expect(spikes.size).toBeLessThanOrEqual(entropies.length / 4)
      const rest = entropies.filter((_, index) => !spikes.has(index))
      for (const index of spikes) {
        expect(entropies[index]).toBeGreaterThanOrEqual(spikeMinimumNats)
        for (const other of rest) expect(entropies[index]).toBeGreaterThan(other)
      }
    }),
  )
})
