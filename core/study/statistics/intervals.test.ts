import fc from 'fast-check'
import { expect, test } from 'vitest'
import { dataSets, expectClose } from '../../../test/golden/statistics.ts'
import { wilsonInterval } from './intervals.ts'

test.each(dataSets)('agrees with SciPy: $name', dataSet => {
  const correct = dataSet.incorrect.filter(isIncorrect => !isIncorrect).length
  const interval = wilsonInterval(correct, dataSet.incorrect.length)
  expectClose(interval?.low, dataSet.expected.accuracy.low, 'low')
  expectClose(interval?.high, dataSet.expected.accuracy.high, 'high')
})

test('stays inside [0, 1], holds the proportion, and mirrors when successes and failures change places', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 200_000 }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      (trials, share) => {
        const successes = Math.round(share * trials)
        const interval = wilsonInterval(successes, trials)!
        const mirrored = wilsonInterval(trials - successes, trials)!
        expect(interval.low).toBeGreaterThanOrEqual(0)
        expect(interval.high).toBeLessThanOrEqual(1)
        expect(interval.low).toBeLessThanOrEqual(successes / trials)
        expect(interval.high).toBeGreaterThanOrEqual(successes / trials)
        expect(mirrored.low).toBeCloseTo(1 - interval.high, 12)
      },
    ),
  )
})

test('no trials have no interval; impossible counts are refused', () => {
  expect(wilsonInterval(0, 0)).toBeNull()
  expect(() => wilsonInterval(3, 2)).toThrow(/3 successes in 2 trials/)
  expect(() => wilsonInterval(-1, 2)).toThrow(RangeError)
})
