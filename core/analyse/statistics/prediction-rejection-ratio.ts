import { riskCoverageArea } from './risk-coverage-area.ts'

/**
 * PRR, the prediction rejection ratio (S − S_random)/(S_oracle − S_random), where S is the area under the curve of accuracy against the
 * share of answers rejected, the most uncertain first (Malinin et al. 2017; lm-polygraph with the whole curve). S is 1 − AURC, S_random
 * the accuracy, and the oracle rejects every incorrect answer first. 1 is the oracle, 0 chance, below 0 worse than chance.
 * Null when every answer is correct, or none: there is nothing to tell apart. Throws a RangeError when the columns differ in length.
 */
export function predictionRejectionRatio(
  uncertainty: readonly number[],
  incorrect: readonly boolean[],
): number | null {
  const risk = riskCoverageArea(uncertainty, incorrect)
  let errors = 0
  for (const isIncorrect of incorrect) if (isIncorrect) errors++
  if (risk === null || errors === 0 || errors === incorrect.length) return null
  const randomRisk = errors / incorrect.length
  const oracleRisk = riskCoverageArea(incorrect.map(Number), incorrect)!
  return (randomRisk - risk) / (randomRisk - oracleRisk)
}
