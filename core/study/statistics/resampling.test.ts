import fc from 'fast-check'
import { expect, test } from 'vitest'
import golden from '../../../test/golden/groups.json' with { type: 'json' }
import { expectClose } from '../../../test/golden/statistics.ts'
import { seededRandom } from '../../seeded-random.ts'
import { none, orNull, type Statistic } from '../undefined.ts'
import { averagePrecision } from './auroc.ts'
import { clustersOf, resampleClusters } from './clusters.ts'
import { kendall, weightedPearson, weightedSpearman } from './correlation.ts'
import {
  belowOneScale,
  fisherScale,
  type Interval,
  logitScale,
  logScale,
  plainScale,
  scaledInterval,
} from './intervals.ts'
import { clusteredLogisticErrors, fitLogistic } from './logistic-regression.ts'
import { hedgesG, momentsOf } from './moments.ts'
import { orderScores, tieGroups, weightedTieGroups } from './ranks.ts'
import { onScale, resampledIntervals } from './resampling.ts'

const tight = { absolute: 1e-13, relative: 1e-9 }

test('weighted statistics agree with those of the sample with every copy written out', () => {
  const { scores, marks, weights, ...expected } = golden.weighted
  const values = Float64Array.from(scores)
  const incorrect = Uint8Array.from(marks)
  const correct = incorrect.map(mark => 1 - mark)
  const counts = Uint32Array.from(weights)
  const ofClass = (of: Uint8Array) =>
    momentsOf(
      values,
      counts.map((count, index) => count * of[index]!),
    )
  const [wrong, right] = [ofClass(incorrect), ofClass(correct)]
  const order = orderScores(values)
  expectClose(averagePrecision(weightedTieGroups(order, incorrect)(counts)), expected.auprc, 'AUPRC', tight)
  expectClose(wrong.mean, expected.meanOfMarked, 'mean of the marked', tight)
  expectClose(right.mean, expected.meanOfOthers, 'mean of the others', tight)
  expectClose(hedgesG(wrong, right), expected.hedgesG, "Hedges' g", tight)
  expectClose(weightedPearson(values, Float64Array.from(correct), counts), expected.pearson, 'r', tight)
  expectClose(weightedSpearman(order, orderScores(correct), counts), expected.spearman, 'ρ', tight)
  const tau = orNull(kendall(weightedTieGroups(order, correct)(counts)))
  expectClose(tau?.coefficient, expected.kendall, 'τ', tight)
})

test('clustered errors of a logistic regression agree with NumPy', () => {
  const { x, marks, problems, coefficients, errors } = golden.clusteredLogistic
  const columns = [Float64Array.from(x, () => 1), Float64Array.from(x)]
  const fit = fitLogistic(columns, marks)!
  const found = clusteredLogisticErrors(columns, marks, fit, clustersOf(problems))
  for (const [index, error] of errors.entries()) {
    expectClose(fit.coefficients[index], coefficients[index], 'coefficient', { absolute: 1e-9 })
    expectClose(found[index], error, 'error', { absolute: 1e-9 })
  }
})

/** Scores with ties, marks, and how often each counts. */
const anySample = fc
  .array(fc.tuple(fc.integer({ min: 0, max: 9 }), fc.nat({ max: 1 }), fc.nat({ max: 3 })), {
    minLength: 2,
    maxLength: 40,
  })
  .map(rows => ({
    scores: rows.map(([score]) => score / 4),
    marks: Uint8Array.from(rows, ([, mark]) => mark),
    weights: Uint32Array.from(rows, ([, , weight]) => weight),
  }))

test('a weight is so many copies', () => {
  fc.assert(
    fc.property(anySample, ({ scores, marks, weights }) => {
      const copies = scores.flatMap((_, index) => Array<number>(weights[index]!).fill(index))
      const written = tieGroups(
        orderScores(copies.map(index => scores[index]!)),
        copies.map(index => marks[index]!),
      )
      const groupsOf = weightedTieGroups(orderScores(scores), marks)
      // A call before leaves nothing behind.
      groupsOf(weights.map(weight => weight + 1))
      expect(groupsOf(weights)).toEqual(written)
    }),
  )
})

test.each([
  ['plain', plainScale, -3],
  ['logit', logitScale, 0.9],
  ['fisher', fisherScale, -0.8],
  ['log', logScale, 0.01],
  ['below one', belowOneScale, -2],
] as const)(
  'an interval on the %s scale is that of its errors: slope and inverse agree',
  (_, scale, value) => {
    expectClose(scale.from(scale.to(value)), value, 'inverse')
    const step = 1e-6 * Math.abs(value)
    const slope = (scale.to(value + step) - scale.to(value - step)) / (2 * step)
    expectClose(scale.slope(value), slope, 'slope', { relative: 1e-7 })
    const { low, high } = scaledInterval(value, 0.001 * Math.abs(value), 2, scale)!
    expect([low < value, value < high]).toEqual([true, true])
  },
)

const intervalOfMean = (values: readonly number[], problems: readonly string[], seed: number) => {
  const clusters = clustersOf(problems)
  const resampled = resampledIntervals(
    {
      mean: {
        of: 'all',
        interval: onScale(plainScale),
        compute: (weights: Uint32Array) => momentsOf(values, weights).mean,
      },
    },
    weights => weights,
    values.length,
    { all: clusters.count },
  )
  resampleClusters(clusters, 400, seededRandom(seed), weights => resampled.add(weights))
  return resampled.intervals().mean as Interval
}

test("the interval of a mean is Student's, within what 400 resamples leave open, and that of the problems' means where they agree", () => {
  const random = seededRandom(3)
  const values = Array.from({ length: 40 }, () => random() ** 2)
  const names = values.map((_, index) => String(index))
  const mean = values.reduce((sum, value) => sum + value, 0) / 40
  const sd = Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / 39)
  // Student's quantile on 39 degrees of freedom.
  const half = (2.022690920036762 * sd) / Math.sqrt(40)
  const { low, high } = intervalOfMean(values, names, 1)
  expect(Math.abs((high! - low!) / 2 / half - 1)).toBeLessThan(4 / Math.sqrt(800))
  expectClose((high! + low!) / 2, mean, 'center')
  // Three equal answers to each problem say no more than one.
  const thrice = intervalOfMean(
    values.flatMap(value => [value, value, value]),
    names.flatMap(name => [name, name, name]),
    1,
  )
  expectClose(thrice.low, low, 'low', tight)
  expect(intervalOfMean(values, names, 1)).toEqual({ low, high })
  expect(intervalOfMean(values, names, 2)).not.toEqual({ low, high })
})

test('says why there is no interval', () => {
  const reasonOf = (problems: string[], compute: (weights: Uint32Array) => Statistic) => {
    const clusters = clustersOf(problems)
    const resampled = resampledIntervals(
      { area: { of: 'all', interval: onScale(logitScale), compute } },
      weights => weights,
      problems.length,
      { all: clusters.count },
    )
    resampleClusters(clusters, 200, seededRandom(1), weights => resampled.add(weights))
    return resampled.intervals().area
  }
  const shareOf = (values: number[]) => (weights: Uint32Array) => momentsOf(values, weights).mean
  const three = ['a', 'b', 'c']
  const withoutEnds = (reason: object) => ({
    low: { undefined: reason },
    high: { undefined: reason },
    reason,
  })
  const missing = none({ because: 'no-answers' })
  expect(reasonOf(['a', 'a', 'a'], shareOf([0.2, 0.4, 0.9]))).toEqual(
    withoutEnds({ because: 'single-cluster' }),
  )
  expect(reasonOf(three, shareOf([0.3, 0.3, 0.3]))).toEqual(withoutEnds({ because: 'alike-resamples' }))
  expect(reasonOf(three, weights => (weights[0] ? 0.5 + weights[1]! / 100 : missing))).toEqual(
    withoutEnds({ because: 'missed-resamples', share: expect.closeTo(8 / 27, 1) }),
  )
  expect(reasonOf(three, weights => 1 - (weights[0]! === 1 ? 0 : 0.1))).toEqual(
    withoutEnds({ because: 'end-of-range' }),
  )
  expect(reasonOf(three, () => missing)).toEqual(missing)
})
