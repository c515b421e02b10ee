import { expect, test } from 'vitest'
import { dataSets, expectClose, splitScores } from '../../../test/golden/statistics.ts'
import { median } from './median.ts'

test.each(dataSets)('agrees with NumPy: $name', dataSet => {
  const { positives, negatives } = splitScores(dataSet)
  expectClose(median(negatives), dataSet.expected.correct.median, 'correct')
  expectClose(median(positives), dataSet.expected.incorrect.median, 'incorrect')
})

test('sorts by number, not by text, and leaves its argument as it was', () => {
  const values = [10, 9, 100, 1]
  expect(median(values)).toBe(9.5)
  expect(values).toEqual([10, 9, 100, 1])
})
