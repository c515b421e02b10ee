import { expect, test } from 'vitest'
import {
  formatBytes,
  formatCount,
  formatMs,
  formatNumber,
  formatP,
  formatPercent,
  formatPercentTick,
  formatProbability,
  formatShortPercent,
  formatSignificant,
  formatTick,
  percentDigits,
} from './format-number.ts'

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

test('shares are percentages, with fixed digits or with those that they have', () => {
  expect(formatPercent(0.67307)).toBe('67.3 %')
  expect(formatPercent(0.5, 0)).toBe('50 %')
  expect(percentDigits(0.9996)).toBe('100.0')
  expect([0.015, 0.1, 1e-4].map(formatShortPercent)).toEqual(['1.5 %', '10 %', '0.01 %'])
  expect([0, 0.25, 0.07, 0.995].map(share => formatPercentTick(share))).toEqual(['0', '25', '7', '100'])
  expect(formatPercentTick(0.0255, 1)).toBe('2.6')
})

test('counts stand in groups of three digits, with their noun where it is given', () => {
  expect(formatCount(1319)).toBe('1,319')
  expect([0, 1, 1319].map(amount => formatCount(amount, 'answer'))).toEqual([
    '0 answers',
    '1 answer',
    '1,319 answers',
  ])
})

test('three significant digits, alone, as milliseconds and as a p', () => {
  expect([0.001234, 12345, 5].map(formatSignificant)).toEqual(['0.00123', '12300', '5'])
  expect(formatMs(0.12345)).toBe('0.123 ms')
  expect([0.0421, 0.00042].map(formatProbability)).toEqual(['0.042', '4.2e-4'])
})

test.each([
  [0, '0 B'],
  [999, '999 B'],
  [1.4e9, '1.4 GB'],
  [999_960, '1.0 MB'],
])('%d bytes', (bytes, text) => {
  expect(formatBytes(bytes)).toBe(text)
})
