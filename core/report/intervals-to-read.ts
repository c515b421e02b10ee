import type { AnalysisShare, AnalysisStatistics } from '../analyse/analysis.ts'

/** The intervals that a reader should believe, and how they were made. */
export interface IntervalsToRead {
  accuracy: AnalysisShare
  accuracyMethod: string
  auroc: AnalysisShare
  aurocMethod: string
}

/** Wilson's and DeLong's intervals take answers as independent; where problems have several, those with problems as clusters. */
export function intervalsToRead(analysis: AnalysisStatistics): IntervalsToRead {
  const { accuracy, accuracyClustered, auroc, aurocBootstrap, problems, total } = analysis
  if (problems === total)
    return { accuracy, accuracyMethod: "Wilson's 95 % interval", auroc, aurocMethod: 'DeLong' }
  const { low, high } = aurocBootstrap
  return {
    accuracy: accuracyClustered,
    accuracyMethod: `Wilson's 95 % interval with the ${problems} problems as clusters`,
    auroc: { value: auroc.value, low, high },
    aurocMethod: 'resampled problems',
  }
}
