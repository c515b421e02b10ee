import { riskCoverageArea } from './risk-coverage-area.ts'
import type { TieGroups } from './tie-groups.ts'

/**
 * PRR, the prediction rejection ratio (S − S_random)/(S_oracle − S_random), where S is the area under the curve of accuracy against the
 * share of answers rejected, the most uncertain first (Malinin et al. 2017; lm-polygraph with the whole curve). S is 1 − AURC, S_random
 * the accuracy, and the oracle rejects every incorrect answer first. 1 is the oracle, 0 chance, below 0 worse than chance.
 * Marked is incorrect. Null when every answer is correct, or none: there is nothing to tell apart. `area` is the AURC, where it is known.
 */
export function predictionRejectionRatio(
  groups: TieGroups,
  area: number | null = riskCoverageArea(groups),
): number | null {
  const { total, totalMarked } = groups
  if (area === null || totalMarked === 0 || totalMarked === total) return null
  const oracle = {
    sizes: Uint32Array.of(total - totalMarked, totalMarked),
    marked: Uint32Array.of(0, totalMarked),
    total,
    totalMarked,
  }
  const randomRisk = totalMarked / total
  return (randomRisk - area) / (randomRisk - riskCoverageArea(oracle)!)
}
