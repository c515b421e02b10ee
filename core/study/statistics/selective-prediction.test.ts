import fc from 'fast-check'
import { expect, test } from 'vitest'
import { dataSets, expectClose, groupScores } from '../../../test/golden/statistics.ts'
import { none } from '../undefined.ts'
import { predictionRejectionRatio, riskCoverageArea } from './selective-prediction.ts'

test.each(dataSets)('agrees with the definition over NumPy: $name', dataSet => {
  expectClose(
    predictionRejectionRatio(groupScores(dataSet.scores, dataSet.incorrect)),
    dataSet.expected.prr,
    'prr',
  )
})

test('the oracle has 1, no information has 0, and nothing has more than 1', () => {
  const sample = fc.tuple(fc.integer({ min: 0, max: 5 }), fc.boolean())
  fc.assert(
    fc.property(fc.array(sample, { minLength: 2, maxLength: 30 }), samples => {
      const incorrect = samples.map(row => row[1])
      fc.pre(incorrect.includes(true) && incorrect.includes(false))
      expect(predictionRejectionRatio(groupScores(incorrect.map(Number), incorrect))).toBeCloseTo(1, 12)
      expect(
        predictionRejectionRatio(groupScores(new Array(samples.length).fill(0.5), incorrect)),
      ).toBeCloseTo(0, 12)
      const scores = samples.map(row => row[0])
      expect(predictionRejectionRatio(groupScores(scores, incorrect))).toBeLessThanOrEqual(1 + 1e-12)
    }),
  )
})

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
  expect(riskCoverageArea(groupScores([], []))).toEqual(none({ because: 'no-answers' }))
})
