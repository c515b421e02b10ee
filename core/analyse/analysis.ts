import type { formatVersion } from '../formats/sample-record.ts'

/** A share with its 95 % interval. */
export interface AnalysisShare {
  value: number | null
  low: number | null
  high: number | null
}

/** Mean entropies of one class, nats; `sd` is the sample standard deviation (n − 1). */
export interface AnalysisGroup {
  n: number
  mean: number | null
  sd: number | null
  median: number | null
}

/** How well one score of uncertainty tells incorrect from correct answers. */
export interface AnalysisScore {
  auroc: number | null
  aurocLow: number | null
  aurocHigh: number | null
  auprc: number | null
  prr: number | null
  aurc: number | null
}

/**
 * The content of `analysis.json`. What is undefined is null, and `warnings` says why.
 * An incorrect answer is the positive class and entropy its score; differences are incorrect − correct; U is the incorrect class's.
 */
export interface Analysis {
  formatVersion: typeof formatVersion
  /** All samples; those that failed count as incorrect here and are in no statistic of entropy. */
  total: number
  correct: number
  incorrect: number
  /** Samples that failed, with finishReason "error". */
  errors: number
  /** With Wilson's interval. */
  accuracy: AnalysisShare
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
  /** Between mean entropy and correctness (1 or 0). */
  pearson: { r: number | null; p: number | null }
  spearman: { rho: number | null; p: number | null }
  mannWhitney: { u: number | null; p: number | null }
  /** Of mean entropy, with DeLong's interval and Mann–Whitney's p. */
  auroc: AnalysisShare & { p: number | null }
  auprc: number | null
  prr: number | null
  aurc: number | null
  scores: Record<string, AnalysisScore>
  calibration: null
  warnings: string[]
}
