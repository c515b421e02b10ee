import { checkSameLength } from './check-same-length.ts'
import { tieGroups } from './tie-groups.ts'

/**
 * AUPRC as average precision Σ(Rₙ − Rₙ₋₁)Pₙ over the thresholds from the highest score down, equal scores sharing one threshold;
 * no interpolation, as in scikit-learn. A score without information gives the share of positives.
 * Null with no positives. Throws a RangeError when the columns differ in length.
 */
export function averagePrecision(scores: readonly number[], positive: readonly boolean[]): number | null {
  checkSameLength('average-precision', scores, positive)
  const groups = tieGroups(scores, positive)
  let positivesInAll = 0
  for (const group of groups) positivesInAll += group.marked
  if (positivesInAll === 0) return null
  let above = 0
  let positivesAbove = 0
  let sum = 0
  for (const group of groups.reverse()) {
    above += group.size
    positivesAbove += group.marked
    sum += (group.marked / positivesInAll) * (positivesAbove / above)
  }
  return sum
}
