import { averageRanks } from './average-ranks.ts'
import { normalTail } from './normal-tail.ts'

/**
 * Mann–Whitney's U of the first group against the second: the number of pairs in which the first's value is the larger, ties counting half.
 * p is two-sided and asymptotic, with continuity and tie correction: z = (|U − n₁n₂/2| − 1/2) / σ,
 * σ² = n₁n₂/12 · (N + 1 − Σ(t³ − t)/(N(N − 1))), t the sizes of the groups of equal values (Hollander and Wolfe 1973).
 * Values that are all equal give p = 1. Null when either group is empty.
 */
export function mannWhitney(
  first: readonly number[],
  second: readonly number[],
): { u: number; p: number } | null {
  if (first.length === 0 || second.length === 0) return null
  const { ranks, tieSizes } = averageRanks([...first, ...second])
  let rankSum = 0
  for (let index = 0; index < first.length; index++) rankSum += ranks[index]!
  const u = rankSum - (first.length * (first.length + 1)) / 2

  const total = ranks.length
  const pairs = first.length * second.length
  let ties = 0
  for (const size of tieSizes) ties += size ** 3 - size
  const deviation = Math.sqrt((pairs / 12) * (total + 1 - ties / (total * (total - 1))))
  const distance = Math.abs(u - pairs / 2) - 0.5
  // The correction may overshoot the middle, where the two tails together exceed 1.
  const p = distance <= 0 || deviation === 0 ? 1 : 2 * normalTail(distance / deviation)
  return { u, p }
}
