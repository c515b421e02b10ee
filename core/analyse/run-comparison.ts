import type { formatVersion } from '../formats/sample-record.ts'

/** One quantity of two runs over the answers that they share; differences are first − second. */
export interface RunDifference {
  first: number | null
  second: number | null
  difference: number | null
  /** 95 % interval from resampled problems. */
  bootstrapLow: number | null
  bootstrapHigh: number | null
  /** Two-sided. */
  p: number | null
  /** Adjusted over all tests of the comparison: accuracy and every score. */
  pHolm: number | null
  pBenjaminiHochberg: number | null
}

/** Whether two runs differ, paired by problem and number of the answer. */
export interface RunComparison {
  formatVersion: typeof formatVersion
  seed: number
  /** How often the problems were drawn again. */
  resamples: number
  /** Answers that both runs have. */
  pairs: number
  /** Different problems among them. */
  problems: number
  /** Answers that only one of the runs has; they are left out. */
  onlyInFirst: number
  onlyInSecond: number
  /** Samples that failed count as incorrect; p is McNemar's exact. */
  accuracy: RunDifference & {
    /** Pairs that only the first, or only the second, run has right. */
    onlyFirstCorrect: number
    onlySecondCorrect: number
  }
  /** AUROC of every score that both runs have, over the answers where neither lacks it; p is DeLong's for paired samples. */
  aurocs: Record<string, RunDifference & { n: number; low: number | null; high: number | null }>
  warnings: string[]
}
