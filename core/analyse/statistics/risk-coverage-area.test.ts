import fc from 'fast-check'
import { expect, test } from 'vitest'
import { dataSets, expectClose, groupScores } from '../../../test/golden/statistics.ts'
import { riskCoverageArea } from './risk-coverage-area.ts'

test.each(dataSets)('agrees with every order of the ties, or their interpolation: $name', dataSet => {
  expectClose(riskCoverageArea(groupScores(dataSet.scores, dataSet.incorrect)), dataSet.expected.aurc, 'aurc')
})

test('the order of the samples does not matter', () => {
  const sample = fc.tuple(fc.integer({ min: 0, max: 3 }), fc.boolean())
  fc.assert(
    fc.property(fc.array(sample, { minLength: 1, maxLength: 30 }), samples => {
      const area = (rows: typeof samples) =>
        riskCoverageArea(
          groupScores(
            rows.map(row => row[0]),
            rows.map(row => row[1]),
          ),
        )
      expect(area(samples.toReversed())).toBe(area(samples))
    }),
  )
})

test('no samples have no area', () => {
  expect(riskCoverageArea(groupScores([], []))).toBeNull()
})
