import { expect, test } from 'vitest'
import { formatNumber, formatP, formatTick } from './format-number.ts'

test.each([
  [0, '0'],
  [0.03125, '0.0313'],
  [-1.07, '-1.07'],
  [12.5, '12.5'],
  [3.14e-9, '3.1 × 10⁻⁹'],
  [2.5e12, '2.5 × 10¹²'],
])('the number %d', (value, text) => {
  expect(formatNumber(value)).toBe(text)
})

test.each([
  [0, '0'],
  [0.05, '0.05'],
  [0.30000000000000004, '0.3'],
  [1e-4, '10⁻⁴'],
  [0.0002, '0.0002'],
  [0.001, '0.001'],
  [10, '10'],
])('the tick %d', (value, text) => {
  expect(formatTick(value)).toBe(text)
})

test('no p is 0', () => {
  expect(formatP(0.0123)).toBe('p = 0.0123')
  expect(formatP(0)).toBe('p < 10⁻³⁰⁰')
})
