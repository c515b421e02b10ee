import { resampleClusters } from '../statistics/cluster-bootstrap.ts'
import type { Clusters } from '../statistics/clusters.ts'
import { equalMassBins } from '../statistics/equal-mass-bins.ts'
import { fitLogistic } from '../statistics/fit-logistic.ts'
import { logit } from '../statistics/logistic.ts'
import type { ResampledInterval } from '../statistics/resampled-intervals.ts'
import { wilsonInterval } from '../statistics/wilson-interval.ts'
import type { Calibration, CalibrationFit, ReliabilityBin } from './calibration.ts'
import { intervalsOfCoefficients, intervalsOfPredictions } from './calibration-intervals.ts'
import { expectedCalibrationError } from './expected-calibration-error.ts'
import { groupedFolds } from './grouped-folds.ts'
import { isotonicRegression } from './isotonic-regression.ts'
import { plattScaling } from './platt-scaling.ts'
import { brierScore, logLoss } from './probability-scores.ts'

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
