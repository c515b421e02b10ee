import { expect, test } from 'vitest'
import { dataSets, expectClose, groupScores, models } from '../../../test/golden/statistics.ts'
import { isotonicRegression, plattScaling } from '../calibration/calibration-fits.ts'
import { brierScore, logLoss } from '../calibration/probability-losses.ts'
import { none, orNull } from '../undefined.ts'
import { aurocDifference, aurocInfluence } from './auroc.ts'
import { kendall } from './correlation.ts'
import { studentQuantile975 } from './distributions.ts'
import { adjustP } from './hypothesis-tests.ts'
import { fitLogistic } from './logistic-regression.ts'
import { orderScores } from './ranks.ts'
import { generalizedRiskCoverageArea } from './selective-prediction.ts'

/** No resamples: DeLong's numbers alone are looked at. */
const spread = none({ because: 'single-cluster' })
const tight = { absolute: 1e-12, relative: 1e-9 }

test.each(dataSets)(
  'AUGRC and Kendall agree with NumPy and SciPy: $name',
  ({ scores, incorrect, expected }) => {
    expectClose(generalizedRiskCoverageArea(groupScores(scores, incorrect)), expected.augrc, 'augrc')
    const correct = incorrect.map(isIncorrect => !isIncorrect)
    const tau = orNull(kendall(groupScores(scores, correct)))
    expectClose(tau?.coefficient, expected.kendall?.coefficient, 'tau')
    expectClose(tau?.p, expected.kendall?.p, 'p', { absolute: 1e-300, relative: 1e-9 })
  },
)

test.each(models.comparisons)("DeLong's paired test agrees with the matrices of all pairs", comparison => {
  const influence = (scores: number[]) => aurocInfluence(orderScores(scores), comparison.marks)
  const found = aurocDifference(influence(comparison.first), influence(comparison.second), spread)
  expectClose(found.difference, comparison.difference, 'difference')
  expectClose(found.low, comparison.low, 'low')
  expectClose(found.high, comparison.high, 'high')
  expectClose(found.p, comparison.p, 'p', tight)
})

test('a score does not differ from a rising function of itself', () => {
  const marks = [1, 0, 1, 0, 0]
  const influence = (scores: number[]) => aurocInfluence(orderScores(scores), marks)
  const scores = [0.1, 0.3, 2, 1, 1]
  expect(aurocDifference(influence(scores), influence(scores.map(Math.exp)), spread)).toMatchObject({
    difference: 0,
    low: 0,
    high: 0,
    p: 1,
  })
})

test.each(models.regressions)('logistic regression agrees with a root of the score: $name', model => {
  const columns = model.columns.map(column => Float64Array.from(column))
  for (const [expected, options] of [
    [model.full, { firth: model.firth }],
    [model.held, { firth: model.firth, heldAtZero: 1 }],
  ] as const) {
    const found = fitLogistic(columns, model.outcomes, options)!
    expectClose(found.logLikelihood, expected.logLikelihood, 'log-likelihood', tight)
    for (const [index, value] of expected.coefficients.entries()) {
      expectClose(found.coefficients[index], value, `coefficient ${index}`, tight)
      expectClose(Math.sqrt(found.covariance[index]![index]!), expected.standardErrors[index], 'error', tight)
    }
  }
})

test('separated and dependent columns have no plain fit', () => {
  const ones = new Float64Array(6).fill(1)
  const rising = Float64Array.of(1, 2, 3, 4, 5, 6)
  expect(fitLogistic([ones, rising], [0, 0, 0, 1, 1, 1])).toBeNull()
  // One answer on the border: separated but for it.
  expect(fitLogistic([ones, Float64Array.of(1, 1, 1, 1, 2, 2)], [0, 1, 0, 1, 1, 1])).toBeNull()
  expect(fitLogistic([ones, rising, rising.map(x => 2 * x - 1)], [0, 1, 0, 1, 1, 0])).toBeNull()
})

test('one answer far from 100,000 others, alone in its level, is no long search', () => {
  const count = 100_000
  const outcomes = Array.from({ length: count }, (_, index) => Number(index % 3 > 0))
  const ones = new Float64Array(count).fill(1)
  const alone = ones.map((_, index) => (index === 1 ? 1 : 0))
  // Its standardised length is 316, that of the others −0.003: the same column but for shift and scale.
  const length = alone.map(value => (value - 1 / count) * Math.sqrt(count))
  expect(fitLogistic([ones, length, alone], outcomes)).toBeNull()
  expect(fitLogistic([ones, length, alone], outcomes, { firth: true })).toBeNull()
  // By itself it separates: only the penalty keeps its coefficient finite.
  expect(fitLogistic([ones, alone], outcomes)).toBeNull()
  // Odds of 3 against 1, half an answer being added with either outcome, over odds of 2.
  const [, penalised] = fitLogistic([ones, alone], outcomes, { firth: true })!.coefficients
  expect(penalised).toBeCloseTo(Math.log(3 / 2), 3)
})

test('Platt and isotonic fits agree with NumPy and scikit-learn', () => {
  const { scores, marks, at, platt, isotonic } = models.calibration
  const sigmoid = plattScaling(Float64Array.from(scores), marks)!
  const steps = isotonicRegression(scores, marks)!
  for (const [index, score] of at.entries()) {
    expectClose(sigmoid(score), platt[index], `Platt at ${score}`, tight)
    expectClose(steps(score), isotonic[index], `isotonic at ${score}`, tight)
  }
})

test('Brier score, log loss, Student quantile and adjusted p-values agree', () => {
  const { predictions, marks, brier, logLoss: loss } = models.probabilities
  expectClose(brierScore(predictions, marks), brier, 'Brier', tight)
  expectClose(logLoss(predictions, marks), loss, 'log loss', tight)
  for (const [degrees, quantile] of models.studentQuantile) {
    expectClose(studentQuantile975(degrees!), quantile, `${degrees} degrees`, tight)
  }
  const { p, holm, benjaminiHochberg } = models.adjusted
  for (const [index, adjusted] of adjustP(p).entries()) {
    expectClose(adjusted.pHolm, holm[index], 'Holm', tight)
    expectClose(adjusted.pBenjaminiHochberg, benjaminiHochberg[index], 'Benjamini–Hochberg', tight)
  }
  const missing = none({ because: 'no-answers' })
  expect(adjustP([0.03, missing, 0.02]).map(({ pHolm }) => pHolm)).toEqual([0.04, missing, 0.04])
})
