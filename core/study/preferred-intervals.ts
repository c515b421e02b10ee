import type { AnalysisShare, AnalysisStatistics } from './analysis.ts'
import type { AnalysisScore, ScoreDifference } from './score-statistics.ts'
import type { Interval } from './statistics/intervals.ts'
import type { Recorded } from './undefined.ts'

/** With fewer problems that have an answer of a class an interval of the AUROC says little of other answers, however narrow it is. */
export const leastToStandForOthers = 10

/** The intervals of accuracy and AUROC that a reader should believe, and how they were made. */
export interface PreferredIntervals {
  accuracy: Recorded<AnalysisShare> & { method: string }
  /** `p` is null where only one is known that takes answers as independent although they are not. */
  auroc: Recorded<AnalysisShare> & { p: number | null; pName: string; method: string }
}

/** Whether some problem has several answers, which are not independent of each other. */
export function hasSeveralAnswers(of: Pick<AnalysisStatistics, 'problems' | 'total'>): boolean {
  return of.problems < of.total
}

/**
 * Wilson's and DeLong's intervals and Mann–Whitney's p take answers as independent; where problems have several, those with problems as
 * clusters. Every place that shows an interval of a run reads it here.
 */
export function preferredIntervals(analysis: AnalysisStatistics): PreferredIntervals {
  const { accuracy, accuracyClustered, auroc, aurocBootstrap, aurocPermutationP, problems } = analysis
  if (!hasSeveralAnswers(analysis)) {
    return {
      accuracy: { ...accuracy, method: "Wilson's 95 % interval" },
      auroc: { ...auroc, pName: 'Mann–Whitney', method: 'DeLong' },
    }
  }
  const { low, high } = aurocBootstrap
  return {
    accuracy: {
      ...accuracyClustered,
      method: `Wilson's 95 % interval with the ${problems} problems as clusters`,
    },
    auroc: {
      value: auroc.value,
      low,
      high,
      p: aurocPermutationP.method === 'problems' ? aurocPermutationP.value : null,
      pName: 'permutation of problems',
      method: 'resampled problems',
    },
  }
}

/** The interval to prefer of a score's AUROC; null where it is undefined. */
export function scoreInterval(analysis: AnalysisStatistics, score: Recorded<AnalysisScore>): Interval | null {
  return hasSeveralAnswers(analysis)
    ? intervalOf(score.bootstrapLow, score.bootstrapHigh)
    : intervalOf(score.aurocLow, score.aurocHigh)
}

/** The interval to prefer of a difference of AUROCs; null where it is undefined. */
export function differenceInterval(
  analysis: AnalysisStatistics,
  { low, high, bootstrapLow, bootstrapHigh }: Recorded<ScoreDifference>,
): Interval | null {
  return hasSeveralAnswers(analysis) ? intervalOf(bootstrapLow, bootstrapHigh) : intervalOf(low, high)
}

function intervalOf(low: number | null, high: number | null): Interval | null {
  return low === null || high === null ? null : { low, high }
}
