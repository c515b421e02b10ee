import { fitLogistic } from '../statistics/fit-logistic.ts'
import { logistic } from '../statistics/logistic.ts'
import { mean } from '../statistics/mean.ts'
import { sampleStandardDeviation } from '../statistics/sample-standard-deviation.ts'

/**
 * Platt's scaling (1999): P(marked) = 1/(1 + e^(−(a + b·score))), fitted to (n₁ + 1)/(n₁ + 2) for the marked and 1/(n₀ + 2) for the others instead of 1
 * and 0, so that a fit exists in separated data too. Returns the function from score to probability; null when the scores
 * do not vary.
 */
export function plattScaling(
  scores: Float64Array,
  marks: ArrayLike<number>,
): ((score: number) => number) | null {
  const center = mean(scores)
  const spread = sampleStandardDeviation(scores)
  if (center === null || spread === null || spread === 0) return null
  let marked = 0
  for (let index = 0; index < scores.length; index++) marked += marks[index]!
  const high = (marked + 1) / (marked + 2)
  const low = 1 / (scores.length - marked + 2)
  const standardised = scores.map(score => (score - center) / spread)
  const targets = scores.map((_, index) => (marks[index] ? high : low))
  const fit = fitLogistic([scores.map(() => 1), standardised], targets)
  if (fit === null) return null
  const [intercept = 0, slope = 0] = fit.coefficients
  return score => logistic(intercept + (slope * (score - center)) / spread)
}
