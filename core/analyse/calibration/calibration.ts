import type { CalibrationIntervals } from './calibration-intervals.ts'
import type { ExpectedCalibrationError } from './expected-calibration-error.ts'

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
