import { expect, test } from 'vitest'
import { sumOfSquaredDeviations } from './sum-of-squared-deviations.ts'

test('sums the squares about the mean', () => {
  expect(sumOfSquaredDeviations([1, 2, 6])).toBe(4 + 1 + 9)
})

test('a large offset does not drown the deviations', () => {
  expect(sumOfSquaredDeviations([1e9 + 1, 1e9 + 2, 1e9 + 6])).toBe(14)
})

test('is exactly 0 for equal values and for none', () => {
  expect(sumOfSquaredDeviations(new Array(9).fill(0.1))).toBe(0)
  expect(sumOfSquaredDeviations([])).toBe(0)
})
