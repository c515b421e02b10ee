import type { formatVersion } from '../formats/sample-record.ts'
import type { GradingRules } from '../grade/grading-rules.ts'
import type { Calibration } from './calibration/calibration.ts'
import type { CorrectnessRegression } from './correctness-regression.ts'
import type { Coverage } from './coverage.ts'
import type { AreaIntervals, EntropyIntervals } from './entropy-intervals.ts'
import type { ErrorCounts } from './errors/error-counts.ts'
import type { Overrun } from './run-findings.ts'
import type { Interval } from './statistics/intervals.ts'
import type { RejectionPoint } from './statistics/selective-prediction.ts'
import type { TokenFindings } from './tokens/token-findings.ts'

/** A share with its 95 % interval. */
export interface AnalysisShare {
  value: number | null
  low: number | null
  high: number | null
}

/** Mean entropies of one class, nats. */
export interface AnalysisGroup {
  n: number
  /** Different problems among them. */
  problems: number
  mean: number | null
  /** Sample standard deviation (n − 1). */
  sd: number | null
  median: number | null
}

/** A 95 % interval from resampled problems. */
export interface BootstrapInterval {
  low: number | null
  high: number | null
  /** How often the problems were drawn again, and their number. */
  resamples: number
  problems: number
}

/** The p of an AUROC against 0.5 without the normal approximation, where the run is small enough. */
export interface PermutationP {
  value: number | null
  /** What was permuted: the answers' verdicts, those of whole problems, or nothing, value being Mann–Whitney's p. */
  method: 'answers' | 'problems' | 'asymptotic'
  /** Random permutations that were drawn. */
  permutations: number
}

/** Answers that are alike in length or level. */
export interface AnalysisStratum {
  /** Such as "31 to 45 tokens" or "level 3". */
  label: string
  n: number
  correct: number
  incorrect: number
  /** Of mean entropy within the stratum, with DeLong's interval. */
  auroc: number | null
  low: number | null
  high: number | null
}

export interface AnalysisStrata {
  /** About equal numbers of answers, by generated tokens. */
  length: AnalysisStratum[]
  /** AUROC over the pairs of an incorrect and a correct answer in one stratum of length: what is left when like is compared with like. */
  lengthAdjustedAuroc: number | null
  /** Different levels among the answers; 0 where the data set names none. */
  levels: number
  /** By the data set's level; empty without levels or with more than 20. */
  level: AnalysisStratum[]
  levelAdjustedAuroc: number | null
}

/** AUROC of mean entropy among the answers to one problem, where difficulty is the same. */
export interface WithinProblem {
  /** Problems that have both correct and incorrect answers. */
  problems: number
  /** Pairs of an incorrect and a correct answer to the same problem. */
  pairs: number
  /** Share of those pairs in which the incorrect answer has the greater entropy, ties half. */
  auroc: number | null
  /** 95 % interval with the problems as clusters. */
  low: number | null
  high: number | null
  /** Mean of the problems' own AUROCs. */
  meanAuroc: number | null
}

/** What a run of this size can show (Mann–Whitney test at the 5 % level, Noether's formula), for independent answers. */
export interface AnalysisPower {
  /** The smallest AUROC that would be found with 80 % power; null when not even 1 would. */
  detectableAuroc80: number | null
  targets: {
    auroc: number
    /** Chance of finding it with these classes. */
    power: number | null
    /** Answers in all, with this share of errors, for 80 % power. */
    samplesNeeded: number | null
  }[]
}

/** How far length could explain what entropy seems to. */
export interface LengthConfounding {
  /** Spearman's correlation of mean entropy and generated tokens. */
  entropyLengthRho: number | null
  /** AUROC of generated tokens alone for errors. */
  lengthAuroc: number | null
  lengthAurocP: number | null
}

/**
 * 95 % intervals of what has none beside it, by the name of the number, with the answers to a problem as a cluster; null where the number is
 * undefined. An interval that is undefined says why.
 */
export interface AnalysisIntervals extends EntropyIntervals, AreaIntervals {
  /** Wilson's, as of `accuracyClustered`. */
  capHitRate: Interval | null
  extractionFailureRate: Interval | null
}

/**
 * The statistics of some samples. An incorrect answer is the positive class and entropy its score; differences are incorrect − correct; U is
 * the incorrect class's. Samples that failed count as incorrect in the accuracy and are in nothing else.
 */
export interface AnalysisStatistics {
  total: number
  correct: number
  incorrect: number
  /** Samples that failed, with finishReason "error". */
  errors: number
  /** Different problems among the samples. */
  problems: number
  /** With Wilson's interval, which takes answers as independent. */
  accuracy: AnalysisShare
  /** The same with the answers to a problem as a cluster: Wilson's interval with the effective number of answers. */
  accuracyClustered: AnalysisShare
  /** Share of all samples that ended at the token limit. */
  capHitRate: number | null
  /** Share of all samples that ended without an error and without an answer that could be read. */
  extractionFailureRate: number | null
  entropyNats: {
    correct: AnalysisGroup
    incorrect: AnalysisGroup
    difference: number | null
    hedgesG: number | null
  }
  intervals: AnalysisIntervals
  /** Between mean entropy and correctness (1 or 0). */
  pearson: { r: number | null; p: number | null }
  /** Point-biserial correlation: Pearson's by its name for a column of two values. */
  pointBiserial: { r: number | null; p: number | null }
  spearman: {
    rho: number | null
    p: number | null
    /** The largest |ρ| that classes of these sizes allow, √(3·n₁·n₀/(N² − 1)), reached when entropy separates them. */
    largestPossible: number | null
  }
  /** Kendall's τ_b. */
  kendall: { tau: number | null; p: number | null }
  mannWhitney: { u: number | null; p: number | null }
  /** Of mean entropy, with DeLong's interval on the logit scale and Mann–Whitney's p. */
  auroc: AnalysisShare & { p: number | null }
  /** Of the same AUROC, resampling problems: the interval to read when a problem has several answers. */
  aurocBootstrap: BootstrapInterval
  aurocPermutationP: PermutationP
  /** Average precision of mean entropy for errors. */
  auprc: number | null
  /** What a score without information has as AUPRC: the share of incorrect answers. */
  auprcBaseRate: number | null
  prr: number | null
  aurc: number | null
  augrc: number | null
  /** Accuracy when the answers of greatest mean entropy are rejected. */
  rejectionCurve: RejectionPoint[]
  scores: Record<string, AnalysisScore>
  /** Each score against mean entropy and against length, p-values adjusted over all of them. */
  scoreComparisons: ScoreComparison[]
  logisticRegression: CorrectnessRegression | null
  strata: AnalysisStrata
  lengthConfounding: LengthConfounding
  /** Null when every problem has one answer. */
  withinProblem: WithinProblem | null
  power: AnalysisPower
  /** From mean entropy to the probability of being correct. */
  calibration: Calibration | null
}

/** The content of `analysis.json`. What is undefined is null, and `warnings` says why. */
export interface Analysis extends AnalysisStatistics {
  formatVersion: typeof formatVersion
  /** How much of the run these samples are; absent where it is not known what was asked for. */
  coverage?: Coverage
  /** By which rules the answers were graded, and how many of the correct ones would not be without the tolerance; absent where it is not known. */
  grading?: GradingRules & { correctByToleranceOnly: number }
  /** Of everything that was drawn at random. */
  seed: number
  /** The same over the answers that the model ended itself (finishReason "stop"). */
  completedOnly: AnalysisStatistics
  /** Where in the answers entropy lies; absent where only columns were read. */
  tokens?: TokenFindings
  /** The incorrect answers by kind of error; absent where only columns were read. */
  errorKinds?: ErrorCounts
  /** Answers at the token limit that had ended before it; absent where there are none. */
  overrun?: Overrun
  /** What a reader must know before believing the numbers, the gravest first, and why each null is one. */
  warnings: string[]
}

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
