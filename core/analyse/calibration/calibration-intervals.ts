import { clusteredLogisticErrors } from '../statistics/clustered-logistic-errors.ts'
import type { Clusters } from '../statistics/clusters.ts'
import type { LogisticFit } from '../statistics/fit-logistic.ts'
import { belowOneScale, logitScale, logScale } from '../statistics/interval-scale.ts'
import {
  onScale,
  type ResampledInterval,
  type ResampledIntervals,
  resampledIntervals,
} from '../statistics/resampled-intervals.ts'
import { studentQuantile975 } from '../statistics/student-quantile.ts'
import { weightedMoments } from '../statistics/weighted-moments.ts'
import type { ExpectedCalibrationError } from './expected-calibration-error.ts'

/**
 * 95 % intervals of how good the probabilities of one method are, from resampled problems; those of slope and intercept from the sandwich with
 * problems as clusters. The predictions are held fixed: the intervals are of these predictions, not of fits to other answers.
 */
export type CalibrationIntervals = Record<
  'brier' | 'brierSkill' | 'logLoss' | 'expectedCalibrationError' | 'slope' | 'intercept',
  ResampledInterval | null
>

/**
 * What is resampled of them. The calibration error comes out too large, by at most what perfect probabilities would show, or by what its resamples are
 * larger still where answers to a problem go together: its interval reaches that much further down, and so covers 95 % or more. Where they are
 * independent it ends above 0 when perfect probabilities would show so much with a chance below 5 %: the observed error is no more than the true
 * one and chance's together.
 */
export function intervalsOfPredictions(
  predictions: Float64Array,
  correct: Uint8Array,
  bins: readonly Uint32Array[],
  {
    expectedIfCalibrated,
    quantile95IfCalibrated,
  }: Pick<ExpectedCalibrationError, 'expectedIfCalibrated' | 'quantile95IfCalibrated'>,
  clusters: number,
): ResampledIntervals<Exclude<keyof CalibrationIntervals, 'slope' | 'intercept'>> {
  const excess = predictions.map((prediction, index) => correct[index]! - prediction)
  const squares = excess.map(value => value ** 2)
  const outcomes = Float64Array.from(correct)
  const losses = excess.map(value => -Math.log1p(-Math.abs(value)))
  return resampledIntervals(
    {
      brier: { interval: onScale(logitScale), clusters },
      brierSkill: { interval: onScale(belowOneScale), clusters },
      logLoss: { interval: onScale(logScale), clusters },
      expectedCalibrationError: {
        interval: (value, { center, standardError, quantile }) => ({
          low: Math.max(
            clusters === predictions.length ? value - quantile95IfCalibrated : 0,
            value - Math.max(expectedIfCalibrated, center - value) - quantile * standardError,
            0,
          ),
          high: Math.min(1, value + quantile * standardError),
        }),
        clusters,
      },
    },
    weights => {
      const brier = weightedMoments(squares, weights).mean
      const { n, mean } = weightedMoments(outcomes, weights)
      return {
        brier,
        // NaN or −∞ where a class is not drawn.
        brierSkill: mean > 0 && mean < 1 ? 1 - brier / (mean * (1 - mean)) : null,
        logLoss: weightedMoments(losses, weights).mean,
        expectedCalibrationError: weightedError(excess, weights, bins) / n,
      }
    },
    predictions.length,
  )
}

function weightedError(excess: Float64Array, weights: Uint32Array, bins: readonly Uint32Array[]): number {
  let sum = 0
  for (const bin of bins) {
    let ofBin = 0
    for (const sample of bin) ofBin += weights[sample]! * excess[sample]!
    sum += Math.abs(ofBin)
  }
  return sum
}

/** Intervals of the coefficients of a logistic regression, Student's t times the clustered standard error. */
export function intervalsOfCoefficients(
  columns: readonly Float64Array[],
  correct: Uint8Array,
  fit: LogisticFit,
  clusters: Clusters,
): ResampledInterval[] {
  const quantile = studentQuantile975(clusters.count - 1)
  const errors = clusteredLogisticErrors(columns, correct, fit, clusters)
  return fit.coefficients.map((value, column) => ({
    low: value - quantile * errors[column]!,
    high: value + quantile * errors[column]!,
  }))
}
