import { expect, test } from 'vitest'
import { dataSets, expectClose, splitScores } from '../../../test/golden/statistics.ts'
import { mean } from './mean.ts'

test.each(dataSets)('agrees with NumPy: $name', dataSet => {
  const { positives, negatives } = splitScores(dataSet)
  expectClose(mean(negatives), dataSet.expected.correct.mean, 'correct')
  expectClose(mean(positives), dataSet.expected.incorrect.mean, 'incorrect')
})

test('equal values have exactly that value as their mean', () => {
  // The plain sum of nine 0.1 divided by 9 is 0.09999999999999999.
  expect(mean(new Array(9).fill(0.1))).toBe(0.1)
  expect(mean(new Array(100_000).fill(0.0096))).toBe(0.0096)
})

test('no values have no mean', () => {
  expect(mean([])).toBeNull()
})
