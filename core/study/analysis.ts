import type { GradingRules } from '../grade/grading-rules.ts'
import type { formatVersion } from '../record/run-files.ts'
import type { Calibration } from './calibration/calibration.ts'
import type { CorrectnessRegression } from './correctness-regression.ts'
import type { Coverage } from './coverage.ts'
import type { EntropyStatisticName } from './entropy-statistics.ts'
import type { RunFindings } from './findings.ts'
import type { AnalysisScore, AreaName, ScoreDifference } from './score-statistics.ts'
import type { Interval } from './statistics/intervals.ts'
import type { ResampledInterval } from './statistics/resampling.ts'
import type { RejectionPoint } from './statistics/selective-prediction.ts'
import type { AnalysisStrata, WithinProblem } from './strata.ts'
import type { Maybe, Recorded, Statistic } from './undefined.ts'

/** A share with its 95 % interval. */
export type AnalysisShare = Record<'value' | 'low' | 'high', Statistic>

/** Mean entropies of one class, nats. */
export interface AnalysisGroup {
  n: number
  /** Different problems among them. */
  problems: number
  mean: Statistic
  /** Sample standard deviation (n − 1). */
  sd: Statistic
  median: Statistic
}

/** The p of an AUROC against 0.5 without the normal approximation, where the run is small enough. */
export interface PermutationP {
  value: Statistic
  /** What was permuted: the answers' verdicts, those of whole problems, or nothing, value being Mann–Whitney's p. */
  method: 'answers' | 'problems' | 'asymptotic'
  /** Random permutations that were drawn. */
  permutations: number
}

/** What a run of this size can show (Mann–Whitney test at the 5 % level, Noether's formula), for independent answers. */
export interface AnalysisPower {
  /** The smallest AUROC that would be found with 80 % power; undefined when not even 1 would. */
  detectableAuroc80: Statistic
  targets: {
    auroc: number
    /** Chance of finding it with these classes. */
    power: Statistic
    /** Answers in all, with this share of errors, for 80 % power. */
    samplesNeeded: Statistic
  }[]
}

/**
 * The statistics of some samples. An incorrect answer is the positive class and entropy its score; differences are incorrect − correct; U is
 * the incorrect class's. Samples that failed count as incorrect in the accuracy and are in nothing else.
 */
export interface StudyStatistics extends Record<AreaName, Statistic> {
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
  capHitRate: Statistic
  /** Share of all samples that ended without an error and without an answer that could be read. */
  extractionFailureRate: Statistic
  entropyNats: Record<'correct' | 'incorrect', AnalysisGroup> & Record<'difference' | 'hedgesG', Statistic>
  /**
   * 95 % intervals of what has none beside it, by the name of the number, with the answers to a problem as a cluster. An interval that is
   * undefined says why, where its number is defined. Those of the two rates are Wilson's, as of `accuracyClustered`.
   */
  intervals: Record<EntropyStatisticName | AreaName, ResampledInterval> &
    Record<'capHitRate' | 'extractionFailureRate', Maybe<Interval>>
  /** Between mean entropy and correctness (1 or 0). */
  pearson: { r: Statistic; p: Statistic }
  /** Pearson's by its name for a column of two values. */
  pointBiserial: { r: Statistic; p: Statistic }
  spearman: {
    rho: Statistic
    p: Statistic
    /** The largest |ρ| that classes of these sizes allow, √(3·n₁·n₀/(N² − 1)), reached when entropy separates them. */
    largestPossible: Statistic
  }
  /** Kendall's τ_b. */
  kendall: { tau: Statistic; p: Statistic }
  mannWhitney: { u: Statistic; p: Statistic }
  /** Of mean entropy, with DeLong's interval on the logit scale and Mann–Whitney's p. */
  auroc: AnalysisShare & { p: Statistic }
  /** 95 % interval of the same AUROC, from so many resamples of its problems: the one to read when a problem has several answers. */
  aurocBootstrap: { low: Statistic; high: Statistic; resamples: number; problems: number }
  aurocPermutationP: PermutationP
  /** What a score without information has as AUPRC: the share of incorrect answers. */
  auprcBaseRate: Statistic
  /** Accuracy when the answers of greatest mean entropy are rejected. */
  rejectionCurve: RejectionPoint[]
  scores: Record<string, AnalysisScore>
  /** Each score against mean entropy and against length, p-values adjusted over all of them. */
  scoreComparisons: ScoreDifference[]
  logisticRegression: Maybe<CorrectnessRegression>
  strata: AnalysisStrata
  /** How far length could explain what entropy seems to: Spearman's ρ of both, and the AUROC of generated tokens alone for errors. */
  lengthConfounding: { entropyLengthRho: Statistic; lengthAuroc: Statistic; lengthAurocP: Statistic }
  /** Null when every problem has one answer. */
  withinProblem: WithinProblem | null
  power: AnalysisPower
  /** From mean entropy to the probability of being correct. */
  calibration: Maybe<Calibration>
}

/** What is found of a run, where each number that is undefined says why. */
export interface Study extends StudyStatistics, Partial<RunFindings> {
  formatVersion: typeof formatVersion
  /** How much of the run these samples are; absent where it is not known what was asked for. */
  coverage?: Coverage
  /** By which rules the answers were graded, and how many of the correct ones would not be without the tolerance; absent where it is not known. */
  grading?: GradingRules & { correctByToleranceOnly: number }
  /** Of everything that was drawn at random. */
  seed: number
  /** The same over the answers that the model ended itself (finishReason "stop"). */
  completedOnly: StudyStatistics
}

/** The statistics of some samples as `analysis.json` has them: what is undefined is null, an interval's reason in words. */
export type AnalysisStatistics = Recorded<StudyStatistics>

/** The content of `analysis.json`. The findings on tokens and errors are absent where only columns were read. */
export interface Analysis extends Recorded<Study> {
  /** What a reader must know before believing the numbers, the gravest first, and why each null is one. */
  warnings: string[]
}
