import type { AnalysisScore } from './analysis.ts'
import { auroc } from './statistics/auroc.ts'
import { averagePrecision } from './statistics/average-precision.ts'
import { predictionRejectionRatio } from './statistics/prediction-rejection-ratio.ts'
import { riskCoverageArea } from './statistics/risk-coverage-area.ts'

/** How well a score of uncertainty tells incorrect from correct answers; null for what is undefined with these samples. */
export function analyseScore(scores: readonly number[], incorrect: readonly boolean[]): AnalysisScore {
  const area = auroc(
    scores.filter((_, index) => incorrect[index]),
    scores.filter((_, index) => !incorrect[index]),
  )
  return {
    auroc: area?.value ?? null,
    aurocLow: area?.interval?.low ?? null,
    aurocHigh: area?.interval?.high ?? null,
    auprc: averagePrecision(scores, incorrect),
    prr: predictionRejectionRatio(scores, incorrect),
    aurc: riskCoverageArea(scores, incorrect),
  }
}
