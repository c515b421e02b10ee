import { mean } from './mean.ts'
import { sumOfSquaredDeviations } from './sum-of-squared-deviations.ts'
import type { Moments } from './weighted-moments.ts'

/**
 * Hedges' g, the difference of two means (first − second) in pooled standard deviations, corrected for small samples:
 * g = (x̄₁ − x̄₂)/s · (1 − 3/(4N − 9)), s² = (Σ(x₁ − x̄₁)² + Σ(x₂ − x̄₂)²)/(N − 2) (Hedges 1981). No unit.
 * Null when either group is empty, with fewer than four values in all, or when neither group varies.
 */
export function hedgesG(first: ArrayLike<number>, second: ArrayLike<number>): number | null {
  return hedgesGOfMoments(momentsOf(first), momentsOf(second))
}

/** The same from the moments of the groups. */
export function hedgesGOfMoments(first: Moments, second: Moments): number | null {
  const total = first.n + second.n
  // With N = 3 the correction is exactly 0, whatever the data.
  if (first.n === 0 || second.n === 0 || total < 4) return null
  const pooledVariance = (first.squares + second.squares) / (total - 2)
  if (pooledVariance === 0) return null
  return ((first.mean - second.mean) / Math.sqrt(pooledVariance)) * (1 - 3 / (4 * total - 9))
}

function momentsOf(values: ArrayLike<number>): Moments {
  return { n: values.length, mean: mean(values) ?? Number.NaN, squares: sumOfSquaredDeviations(values) }
}
