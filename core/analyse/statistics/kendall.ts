import { normalTail } from './normal-tail.ts'
import type { Correlation } from './pearson.ts'
import type { TieGroups } from './tie-groups.ts'

/**
 * Kendall's τ_b between the score and the mark (1 or 0): (concordant − discordant pairs) / √((P − Tₓ)(P − T_y)), P all pairs, T those
 * tied in a column (Kendall 1945). p is two-sided and asymptotic with the variance for ties in both columns (Kendall 1970), as in
 * SciPy; with two samples the exact p is 1. Null when the scores or the marks are all equal.
 */
export function kendall({ sizes, marked, total, totalMarked }: TieGroups): Correlation | null {
  const pairs = (total * (total - 1)) / 2
  const totalOthers = total - totalMarked
  const markTies = (totalMarked * (totalMarked - 1) + totalOthers * (totalOthers - 1)) / 2
  let scoreTies = 0
  let difference = 0
  let markedBelow = 0
  let othersBelow = 0
  let scoreTriples = 0
  let scoreVariance = 0
  for (let group = 0; group < sizes.length; group++) {
    const size = sizes[group]!
    const others = size - marked[group]!
    difference += marked[group]! * othersBelow - others * markedBelow
    markedBelow += marked[group]!
    othersBelow += others
    scoreTies += (size * (size - 1)) / 2
    scoreTriples += size * (size - 1) * (size - 2)
    scoreVariance += size * (size - 1) * (2 * size + 5)
  }
  if (pairs === scoreTies || pairs === markTies) return null
  const coefficient = difference / Math.sqrt(pairs - scoreTies) / Math.sqrt(pairs - markTies)
  if (total === 2) return { coefficient, p: 1 }
  let markTriples = 0
  let markVariance = 0
  for (const size of [totalMarked, totalOthers]) {
    markTriples += size * (size - 1) * (size - 2)
    markVariance += size * (size - 1) * (2 * size + 5)
  }
  const ordered = total * (total - 1)
  const variance =
    (ordered * (2 * total + 5) - scoreVariance - markVariance) / 18 +
    (2 * scoreTies * markTies) / ordered +
    (scoreTriples * markTriples) / (9 * ordered * (total - 2))
  return { coefficient, p: Math.min(1, 2 * normalTail(Math.abs(difference) / Math.sqrt(variance))) }
}
