import { expect, test } from 'vitest'
import { dataSets, expectClose, splitScores } from '../../../test/golden/statistics.ts'
import { sampleStandardDeviation } from './sample-standard-deviation.ts'

test.each(dataSets)('agrees with NumPy: $name', dataSet => {
  const { positives, negatives } = splitScores(dataSet)
  expectClose(sampleStandardDeviation(negatives), dataSet.expected.correct.sd, 'correct')
  expectClose(sampleStandardDeviation(positives), dataSet.expected.incorrect.sd, 'incorrect')
})

test('one value has none, equal values have exactly 0', () => {
  expect(sampleStandardDeviation([3])).toBeNull()
  expect(sampleStandardDeviation([0.1, 0.1, 0.1])).toBe(0)
})
