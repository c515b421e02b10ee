import { type Clusters, clustersWith, resampleClusters } from '../statistics/clusters.ts'
import { logit, studentQuantile975 } from '../statistics/distributions.ts'
import {
  belowOneScale,
  type Interval,
  logitScale,
  logScale,
  wilsonInterval,
} from '../statistics/intervals.ts'
import { clusteredLogisticErrors, fitLogistic, type LogisticFit } from '../statistics/logistic-regression.ts'
import { momentsOf } from '../statistics/moments.ts'
import { equalMassBins } from '../statistics/ranks.ts'
import { onScale, type ResampledInterval, resampledIntervals } from '../statistics/resampling.ts'
import { ifDefined, isUndefined, type Maybe, none, orBecause, partOf, type Statistic } from '../undefined.ts'
import { groupedFolds, isotonicRegression, plattScaling } from './calibration-fits.ts'
import {
  brierScore,
  type ExpectedCalibrationError,
  expectedCalibrationError,
  logLoss,
} from './probability-losses.ts'

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
   * calibrated, a slope below 1 overconfident. Undefined when the predictions do not vary or separate the classes.
   */
  slope: Statistic
  intercept: Statistic
  /** Reliability diagram over bins of about equal number. */
  reliability: ReliabilityBin[]
  /**
   * 95 % intervals from resampled problems; those of slope and intercept from the sandwich with problems as clusters. The predictions are held
   * fixed: the intervals are of these predictions, not of fits to other answers.
   */
  intervals: Record<
    'brier' | 'brierSkill' | 'logLoss' | 'expectedCalibrationError' | 'slope' | 'intercept',
    ResampledInterval
  >
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
  platt: Maybe<CalibrationFit>
  /** Isotonic regression: any falling curve. */
  isotonic: Maybe<CalibrationFit>
}

/** With fewer of a class, a fold's fit would rest on a handful of answers. */
const leastOfAClass = 10
/** From this many answers on, isotonic regression has enough to be better than two parameters. */
const leastForIsotonic = 1000
/** Parts of the data; a class needs as many problems. */
const foldCount = 5
const mostBins = 15

type Calibrate = (scores: Float64Array, marks: ArrayLike<number>) => ((score: number) => number) | null

/**
 * Turns a score of uncertainty into the probability that an answer is correct, by Platt's scaling and by isotonic regression, each fitted and
 * judged in five folds that part no problem; intervals from so many resamples of the problems. Undefined with fewer than ten answers, or fewer
 * than five problems, of either class.
 */
export function calibrateScore(
  scores: Float64Array,
  correct: Uint8Array,
  clusters: Clusters,
  resamples: number,
  random: () => number,
): Maybe<Calibration> {
  return ifDefined(crossFit(scores, correct, clusters, random), predictions => {
    const judge = (of: Maybe<Float64Array>) =>
      isUndefined(of) ? of : judgeFit(of, correct, clusters, random)
    const platt = judge(predictions.platt())
    const isotonic = judge(predictions.isotonic())
    resampleClusters(clusters, resamples, random, weights => {
      for (const judged of [platt, isotonic]) if (!isUndefined(judged)) judged.resampled.add(weights)
    })
    const finish = (judged: ReturnType<typeof judgeFit>): CalibrationFit => ({
      ...judged.fit,
      intervals: { ...judged.resampled.intervals(), ...judged.ofLine },
    })
    return {
      n: scores.length,
      folds: foldCount,
      preferred: predictions.preferred,
      platt: ifDefined(platt, finish),
      isotonic: ifDefined(isotonic, finish),
    }
  })
}

/**
 * Each answer's probability of being correct by the method to prefer, from fits to the answers of other folds, as `calibrateScore` judges it
 * with the same random numbers; undefined where that has nothing to judge.
 */
export function calibratedProbabilities(
  scores: Float64Array,
  correct: Uint8Array,
  clusters: Clusters,
  random: () => number,
): Maybe<Float64Array> {
  return ifDefined(crossFit(scores, correct, clusters, random), predictions =>
    predictions[predictions.preferred](),
  )
}

/** Each answer's probability by either method and folds that both share; undefined with too few of a class. */
function crossFit(scores: Float64Array, correct: Uint8Array, clusters: Clusters, random: () => number) {
  for (const mark of [1, 0]) {
    const answers = correct.filter(value => value === mark).length
    if (answers < leastOfAClass)
      return none({ because: 'small-class', correct: mark === 1, answers, least: leastOfAClass })
  }
  for (const mark of [1, 0]) {
    const problems = clustersWith(clusters, correct, mark)
    if (problems < foldCount)
      return none({ because: 'narrow-class', correct: mark === 1, problems, least: foldCount })
  }
  const folds = groupedFolds(clusters, correct, foldCount, random)
  // The less certain, the less likely correct: fits rise with confidence.
  const confidences = scores.map(score => -score)
  const predictions = (calibrate: Calibrate) => predictByFolds(confidences, correct, folds, calibrate)
  return {
    preferred: scores.length < leastForIsotonic ? ('platt' as const) : ('isotonic' as const),
    platt: () => predictions(plattScaling),
    isotonic: () => predictions(isotonicRegression),
  }
}

function predictByFolds(
  confidences: Float64Array,
  correct: Uint8Array,
  folds: Uint8Array,
  calibrate: Calibrate,
): Maybe<Float64Array> {
  const predictions = new Float64Array(confidences.length)
  for (let fold = 0; fold < foldCount; fold++) {
    const training = confidences.filter((_, index) => folds[index] !== fold)
    const marks = correct.filter((_, index) => folds[index] !== fold)
    const predict = calibrate(training, marks)
    if (predict === null) return none({ because: 'constant-in-fold' })
    // Never surer than its answers allow (Laplace's rule): a step function of 0 or 1 would have infinite loss.
    const least = 1 / (training.length + 2)
    for (let index = 0; index < confidences.length; index++) {
      if (folds[index] !== fold) continue
      predictions[index] = Math.min(1 - least, Math.max(least, predict(confidences[index]!)))
    }
  }
  return predictions
}

function judgeFit(predictions: Float64Array, correct: Uint8Array, clusters: Clusters, random: () => number) {
  const bins = equalMassBins(predictions, Math.min(mostBins, Math.max(1, Math.floor(predictions.length / 5))))
  const brier = brierScore(predictions, correct)!
  const baseRate = correct.reduce((sum, isCorrect) => sum + isCorrect, 0) / correct.length
  const columns = [predictions.map(() => 1), predictions.map(logit)]
  const line = orBecause(fitLogistic(columns, correct), {
    because: bins.length === 1 ? 'constant-predictions' : 'separating-predictions',
  })
  const coefficients = partOf(line, 'coefficients')
  const lineIntervals = ifDefined(line, fit => intervalsOfCoefficients(columns, correct, fit, clusters))
  const error = expectedCalibrationError(predictions, correct, bins, random)
  return {
    fit: {
      brier,
      brierSkill: 1 - brier / (baseRate * (1 - baseRate)),
      logLoss: logLoss(predictions, correct)!,
      expectedCalibrationError: error,
      slope: ifDefined(coefficients, ([, slope]) => slope!),
      intercept: ifDefined(coefficients, ([intercept]) => intercept!),
      reliability: bins.map(bin => describeBin(bin, predictions, correct)),
    },
    resampled: intervalsOfPredictions(predictions, correct, bins, error, clusters.count),
    ofLine: { slope: partOf(lineIntervals, 'slope'), intercept: partOf(lineIntervals, 'intercept') },
  }
}

function describeBin(bin: Uint32Array, predictions: Float64Array, correct: Uint8Array): ReliabilityBin {
  let predicted = 0
  let observed = 0
  for (const sample of bin) {
    predicted += predictions[sample]!
    observed += correct[sample]!
  }
  const n = bin.length
  return { n, predicted: predicted / n, observed: observed / n, ...wilsonInterval(observed, n)! }
}

/**
 * What is resampled of predictions. The calibration error comes out too large, by at most what perfect probabilities would show, or by what its resamples are
 * larger still where answers to a problem go together: its interval reaches that much further down, and so covers 95 % or more. Where they are
 * independent it ends above 0 when perfect probabilities would show so much with a chance below 5 %: the observed error is no more than the true
 * one and chance's together.
 */
export function intervalsOfPredictions(
  predictions: Float64Array,
  correct: Uint8Array,
  bins: readonly Uint32Array[],
  expected: Pick<ExpectedCalibrationError, 'expectedIfCalibrated' | 'quantile95IfCalibrated'>,
  clusters: number,
) {
  const { expectedIfCalibrated, quantile95IfCalibrated } = expected
  const excess = predictions.map((prediction, index) => correct[index]! - prediction)
  const squares = excess.map(value => value ** 2)
  const outcomes = Float64Array.from(correct)
  const losses = excess.map(value => -Math.log1p(-Math.abs(value)))
  interface Drawn {
    weights: Uint32Array
    n: number
    baseRate: number
    brier: number
  }
  return resampledIntervals(
    {
      brier: { of: 'all', interval: onScale(logitScale), compute: ({ brier }: Drawn) => brier },
      brierSkill: {
        of: 'all',
        interval: onScale(belowOneScale),
        // Not a number or −∞ where a class is not drawn.
        compute: ({ brier, baseRate }: Drawn) =>
          baseRate > 0 && baseRate < 1
            ? 1 - brier / (baseRate * (1 - baseRate))
            : none({ because: 'one-class', marked: baseRate === 0 }),
      },
      logLoss: {
        of: 'all',
        interval: onScale(logScale),
        compute: ({ weights }: Drawn) => momentsOf(losses, weights).mean,
      },
      expectedCalibrationError: {
        of: 'all',
        interval: (value, { center, standardError, quantile }) => ({
          low: Math.max(
            clusters === predictions.length ? value - quantile95IfCalibrated : 0,
            value - Math.max(expectedIfCalibrated, center - value) - quantile * standardError,
            0,
          ),
          high: Math.min(1, value + quantile * standardError),
        }),
        compute: ({ weights, n }: Drawn) => weightedError(excess, weights, bins) / n,
      },
    },
    weights => {
      const { n, mean } = momentsOf(outcomes, weights)
      return { weights, n, baseRate: mean, brier: momentsOf(squares, weights).mean }
    },
    predictions.length,
    { all: clusters },
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

/** Intervals of an intercept and a slope, Student's t times the clustered standard error. */
export function intervalsOfCoefficients(
  columns: readonly Float64Array[],
  correct: Uint8Array,
  fit: LogisticFit,
  clusters: Clusters,
): Record<'intercept' | 'slope', Interval> {
  const quantile = studentQuantile975(clusters.count - 1)
  const errors = clusteredLogisticErrors(columns, correct, fit, clusters)
  const [intercept, slope] = fit.coefficients.map((value, column) => ({
    low: value - quantile * errors[column]!,
    high: value + quantile * errors[column]!,
  }))
  return { intercept: intercept!, slope: slope! }
}
