import { expect, test } from 'vitest'
import { dataSets, expectClose, splitScores } from '../../../test/golden/statistics.ts'
import { none } from '../undefined.ts'
import { hedgesG, mean, median, momentsOf, sampleStandardDeviation } from './moments.ts'

test.each(dataSets)('agrees with the formula over NumPy: $name', dataSet => {
  const { positives, negatives } = splitScores(dataSet)
  expectClose(hedgesG(momentsOf(positives), momentsOf(negatives)), dataSet.expected.hedgesG, 'g')
})

test('changes its sign with the order of the groups', () => {
  const [low, high] = [momentsOf([1, 2, 3]), momentsOf([4, 6])]
  expect(hedgesG(low, high)).toBe(-(hedgesG(high, low) as number))
})

test('is undefined when nothing varies within the groups', () => {
  expect(hedgesG(momentsOf([0.1, 0.1, 0.1]), momentsOf([0.2, 0.2]))).toEqual(
    none({ because: 'constant-in-classes' }),
  )
})

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

test.each(dataSets)('agrees with NumPy: $name', dataSet => {
  const { positives, negatives } = splitScores(dataSet)
  expectClose(sampleStandardDeviation(negatives), dataSet.expected.correct.sd, 'correct')
  expectClose(sampleStandardDeviation(positives), dataSet.expected.incorrect.sd, 'incorrect')
})

test('one value has none, equal values have exactly 0', () => {
  expect(sampleStandardDeviation([3])).toBeNull()
  expect(sampleStandardDeviation([0.1, 0.1, 0.1])).toBe(0)
})

test('sums the squares about the mean', () => {
  expect(momentsOf([1, 2, 6]).squares).toBe(4 + 1 + 9)
})

test('a large offset does not drown the deviations', () => {
  expect(momentsOf([1e9 + 1, 1e9 + 2, 1e9 + 6]).squares).toBe(14)
})

test('is exactly 0 for equal values and for none', () => {
  expect(momentsOf(new Array(9).fill(0.1)).squares).toBe(0)
  expect(momentsOf([]).squares).toBe(0)
})
