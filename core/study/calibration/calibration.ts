import { logit, studentQuantile975 } from '../statistics/distributions.ts'
import { belowOneScale, logitScale, logScale, wilsonInterval } from '../statistics/intervals.ts'
import { clusteredLogisticErrors, fitLogistic, type LogisticFit } from '../statistics/logistic-regression.ts'
import { weightedMoments } from '../statistics/moments.ts'
import { equalMassBins } from '../statistics/ranks.ts'
import {
  type Clusters,
  onScale,
  type ResampledInterval,
  type ResampledIntervals,
  resampleClusters,
  resampledIntervals,
} from '../statistics/resampling.ts'
import { groupedFolds, isotonicRegression, plattScaling } from './calibration-fits.ts'
import {
  brierScore,
  type ExpectedCalibrationError,
  expectedCalibrationError,
  logLoss,
} from './probability-scores.ts'

/** One bar of a reliability diagram. */
export interface ReliabilityBin {
  n: number
  /** Mean predicted probability of being correct. */
  predicted: number
  /** Share of its answers that are correct, with Wilson's interval. */
  observed: number
  low: number
  high: number
}

/** How good the probabilities of one method are, for answers to problems that its fits had not seen. */
export interface CalibrationFit {
  /** Mean squared error of the probabilities; lower is better. */
  brier: number
  /** 1 − Brier / Brier of the constant base rate: 0 is no better than knowing the accuracy, 1 is perfect. */
  brierSkill: number
  /** Nats; lower is better. */
  logLoss: number
  expectedCalibrationError: ExpectedCalibrationError
  /**
   * Of a logistic regression of correctness on the log odds of the predictions (Cox 1958): a slope of 1 and an intercept of 0 are
   * calibrated, a slope below 1 overconfident. Null when the predictions do not vary or separate the classes.
   */
  slope: number | null
  intercept: number | null
  intervals: CalibrationIntervals
  /** Reliability diagram over bins of about equal number. */
  reliability: ReliabilityBin[]
}

/** From mean entropy to the probability of being correct. */
export interface Calibration {
  /** Answers that took part. */
  n: number
  /** Parts of the data; each is predicted by a fit of the others. All answers to a problem lie in one. */
  folds: number
  /** The method to prefer with this many answers: Platt's below 1,000, isotonic from there on. */
  preferred: 'platt' | 'isotonic'
  /** Platt's scaling: a logistic curve. */
  platt: CalibrationFit | null
  /** Isotonic regression: any falling curve. */
  isotonic: CalibrationFit | null
}

/** With fewer of a class, a fold's fit would rest on a handful of answers. */
export const leastOfAClassToCalibrate = 10
/** From this many answers on, isotonic regression has enough to be better than two parameters. */
const leastForIsotonic = 1000
/** Parts of the data; a class needs as many problems. */
export const foldCount = 5
const mostBins = 15

type Calibrate = (scores: Float64Array, marks: ArrayLike<number>) => ((score: number) => number) | null

/**
 * Turns a score of uncertainty into the probability that an answer is correct, by Platt's scaling and by isotonic regression, each fitted and
 * judged in five folds that part no problem; intervals from so many resamples of the problems. Null with fewer than ten answers, or fewer than five problems, of either class.
 */
export function calibrateScore(
  scores: Float64Array,
  correct: Uint8Array,
  clusters: Clusters,
  resamples: number,
  random: () => number,
): Calibration | null {
  const predictions = crossFit(scores, correct, clusters, random)
  if (predictions === null) return null
  const platt = judgeFit(predictions.platt(), correct, clusters, random)
  const isotonic = judgeFit(predictions.isotonic(), correct, clusters, random)
  resampleClusters(clusters, resamples, random, weights => {
    for (const judged of [platt, isotonic]) judged?.resampled.add(weights)
  })
  return {
    n: scores.length,
    folds: foldCount,
    preferred: predictions.preferred,
    platt: platt && withIntervals(platt),
    isotonic: isotonic && withIntervals(isotonic),
  }
}

/**
 * Each answer's probability of being correct by the method to prefer, from fits to the answers of other folds, as `calibrateScore` judges it
 * with the same random numbers; null where that has nothing to judge.
 */
export function calibratedProbabilities(
  scores: Float64Array,
  correct: Uint8Array,
  clusters: Clusters,
  random: () => number,
): Float64Array | null {
  const predictions = crossFit(scores, correct, clusters, random)
  return predictions?.[predictions.preferred]() ?? null
}

/** Different problems that have an answer of this outcome. */
export function problemsWith(clusters: Clusters, correct: Uint8Array, outcome: number): number {
  return new Set(clusters.of.filter((_, index) => correct[index] === outcome)).size
}

/** Each answer's probability by either method and folds that both share; null with too few of a class. */
function crossFit(scores: Float64Array, correct: Uint8Array, clusters: Clusters, random: () => number) {
  let correctAnswers = 0
  for (const isCorrect of correct) correctAnswers += isCorrect
  if (Math.min(correctAnswers, correct.length - correctAnswers) < leastOfAClassToCalibrate) return null
  if (problemsWith(clusters, correct, 1) < foldCount || problemsWith(clusters, correct, 0) < foldCount)
    return null
  const folds = groupedFolds(clusters, correct, foldCount, random)
  // The less certain, the less likely correct: fits rise with confidence.
  const confidences = scores.map(score => -score)
  const predictions = (calibrate: Calibrate) => predictByFolds(confidences, correct, folds, calibrate)
  return {
    preferred: scores.length < leastForIsotonic ? 'platt' : 'isotonic',
    platt: () => predictions(plattScaling),
    isotonic: () => predictions(isotonicRegression),
  } as const
}

/** Each answer's probability from the fit of the other folds; null when a fit fails. */
function predictByFolds(
  confidences: Float64Array,
  correct: Uint8Array,
  folds: Uint8Array,
  calibrate: Calibrate,
): Float64Array | null {
  const predictions = new Float64Array(confidences.length)
  for (let fold = 0; fold < foldCount; fold++) {
    const training = confidences.filter((_, index) => folds[index] !== fold)
    const marks = correct.filter((_, index) => folds[index] !== fold)
    const predict = calibrate(training, marks)
    if (predict === null) return null
    // Never surer than its answers allow (Laplace's rule): a step function of 0 or 1 would have infinite loss.
    const least = 1 / (training.length + 2)
    for (let index = 0; index < confidences.length; index++) {
      if (folds[index] !== fold) continue
      predictions[index] = Math.min(1 - least, Math.max(least, predict(confidences[index]!)))
    }
  }
  return predictions
}

/** A fit without its intervals, and what they come from. */
interface JudgedFit {
  fit: Omit<CalibrationFit, 'intervals'>
  resampled: ReturnType<typeof intervalsOfPredictions>
  coefficients: ResampledInterval[]
}

function judgeFit(
  predictions: Float64Array | null,
  correct: Uint8Array,
  clusters: Clusters,
  random: () => number,
): JudgedFit | null {
  if (predictions === null) return null
  const bins = equalMassBins(predictions, Math.min(mostBins, Math.max(1, Math.floor(predictions.length / 5))))
  const brier = brierScore(predictions, correct)!
  const baseRate = correct.reduce((sum, isCorrect) => sum + isCorrect, 0) / correct.length
  const columns = [predictions.map(() => 1), predictions.map(logit)]
  const line = fitLogistic(columns, correct)
  const error = expectedCalibrationError(predictions, correct, bins, random)
  return {
    fit: {
      brier,
      brierSkill: 1 - brier / (baseRate * (1 - baseRate)),
      logLoss: logLoss(predictions, correct)!,
      expectedCalibrationError: error,
      slope: line?.coefficients[1] ?? null,
      intercept: line?.coefficients[0] ?? null,
      reliability: bins.map(bin => describeBin(bin, predictions, correct)),
    },
    resampled: intervalsOfPredictions(predictions, correct, bins, error, clusters.count),
    coefficients: line ? intervalsOfCoefficients(columns, correct, line, clusters) : [],
  }
}

function withIntervals({ fit, resampled, coefficients }: JudgedFit): CalibrationFit {
  const [intercept = null, slope = null] = coefficients
  return { ...fit, intervals: { ...resampled.intervals(), slope, intercept } }
}

function describeBin(bin: Uint32Array, predictions: Float64Array, correct: Uint8Array): ReliabilityBin {
  let predicted = 0
  let observed = 0
  for (const sample of bin) {
    predicted += predictions[sample]!
    observed += correct[sample]!
  }
  const interval = wilsonInterval(observed, bin.length)!
  return {
    n: bin.length,
    predicted: predicted / bin.length,
    observed: observed / bin.length,
    low: interval.low,
    high: interval.high,
  }
}

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
