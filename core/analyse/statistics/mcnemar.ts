import { incompleteBeta } from './incomplete-beta.ts'

/**
 * McNemar's exact test (1947) of two paired verdicts: of the pairs that disagree, as many should favour either side. Two-sided,
 * 2·P(X ≤ min(b, c)) with X binomial of b + c trials at 1/2, P(X ≤ k) = I_½(n − k, k + 1), at most 1.
 */
export function mcNemarP(onlyFirst: number, onlySecond: number): number {
  const fewer = Math.min(onlyFirst, onlySecond)
  const disagreements = onlyFirst + onlySecond
  if (fewer * 2 === disagreements) return 1
  return Math.min(1, 2 * incompleteBeta(0.5, disagreements - fewer, fewer + 1))
}
