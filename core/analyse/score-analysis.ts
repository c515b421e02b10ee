import type { AreaIntervals } from './analyse-intervals.ts'

/** How well one score of uncertainty tells incorrect from correct answers. */
export interface AnalysisScore {
  /** Answers that have the score, and how many of them are correct. */
  n: number
  correct: number
  incorrect: number
  auroc: number | null
  /** DeLong's interval on the logit scale. */
  aurocLow: number | null
  aurocHigh: number | null
  /** Mann–Whitney's, two-sided, against an AUROC of 0.5. */
  p: number | null
  /** Interval of the AUROC from resampled problems. */
  bootstrapLow: number | null
  bootstrapHigh: number | null
  /** Share of the resamples in which no answer of a class has the score; above a tenth there is no interval. */
  missedResamples: number
  auprc: number | null
  /** Share of incorrect answers: the AUPRC of a score without information. */
  auprcBaseRate: number | null
  prr: number | null
  aurc: number | null
  augrc: number | null
  /** Of the four numbers above, from resampled problems. */
  intervals: AreaIntervals
  /** Kendall's τ_b between the score and correctness (1 or 0), and its p. */
  kendallTau: number | null
  kendallP: number | null
}

/** The AUROC of one score minus that of another, over the answers that have both. */
export interface ScoreComparison {
  score: string
  against: string
  /** Answers that have both, and how many of them are correct. */
  n: number
  correct: number
  incorrect: number
  difference: number | null
  /** DeLong's paired interval. */
  low: number | null
  high: number | null
  /** Interval from resampled problems; null also when only one of the scores is missing for some answers. */
  bootstrapLow: number | null
  bootstrapHigh: number | null
  /** DeLong's paired test, two-sided. */
  p: number | null
  /** Adjusted over all comparisons: Holm bounds the chance of any false finding. */
  pHolm: number | null
  /** Benjamini and Hochberg bound the share of false findings. */
  pBenjaminiHochberg: number | null
}
