import type { TieGroups } from './tie-groups.ts'

/**
 * AUPRC as average precision Σ(Rₙ − Rₙ₋₁)Pₙ over the thresholds from the highest score down, equal scores sharing one threshold;
 * no interpolation, as in scikit-learn. A score without information gives the share of marked samples. Null with none marked.
 */
export function averagePrecision({ sizes, marked, totalMarked }: TieGroups): number | null {
  if (totalMarked === 0) return null
  let above = 0
  let markedAbove = 0
  let sum = 0
  for (let group = sizes.length - 1; group >= 0; group--) {
    above += sizes[group]!
    markedAbove += marked[group]!
    sum += (marked[group]! / totalMarked) * (markedAbove / above)
  }
  return sum
}
