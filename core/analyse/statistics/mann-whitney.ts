import { normalTail } from './normal-tail.ts'
import type { TieGroups } from './tie-groups.ts'

/**
 * Mann–Whitney's U of the marked samples against the others: the number of pairs in which the marked one's score is the
 * larger, ties counting half. p is two-sided and asymptotic, with continuity and tie correction:
 * z = (|U − n₁n₂/2| − 1/2) / σ, σ² = n₁n₂/12 · (N + 1 − Σ(t³ − t)/(N(N − 1))), t the sizes of the groups of equal scores
 * (Hollander and Wolfe 1973). Scores that are all equal give p = 1. Null when either class is empty.
 */
export function mannWhitney({
  sizes,
  marked,
  total,
  totalMarked,
}: TieGroups): { u: number; p: number } | null {
  const pairs = totalMarked * (total - totalMarked)
  if (pairs === 0) return null
  let u = 0
  let othersBelow = 0
  let ties = 0
  for (let group = 0; group < sizes.length; group++) {
    const size = sizes[group]!
    const others = size - marked[group]!
    u += marked[group]! * (othersBelow + others / 2)
    othersBelow += others
    ties += size ** 3 - size
  }
  const deviation = Math.sqrt((pairs / 12) * (total + 1 - ties / (total * (total - 1))))
  const distance = Math.abs(u - pairs / 2) - 0.5
  // The correction may overshoot the middle, where the two tails together exceed 1.
  const p = distance <= 0 || deviation === 0 ? 1 : 2 * normalTail(distance / deviation)
  return { u, p }
}
