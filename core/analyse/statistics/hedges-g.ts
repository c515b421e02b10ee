import { mean } from './mean.ts'
import { sumOfSquaredDeviations } from './sum-of-squared-deviations.ts'

/**
 * Hedges' g, the difference of two means (first − second) in pooled standard deviations, corrected for small samples:
 * g = (x̄₁ − x̄₂)/s · (1 − 3/(4N − 9)), s² = (Σ(x₁ − x̄₁)² + Σ(x₂ − x̄₂)²)/(N − 2) (Hedges 1981). No unit.
 * Null when either group is empty, with fewer than four values in all, or when neither group varies.
 */
export function hedgesG(first: ArrayLike<number>, second: ArrayLike<number>): number | null {
  const firstMean = mean(first)
  const secondMean = mean(second)
  const total = first.length + second.length
  // With N = 3 the correction is exactly 0, whatever the data.
  if (firstMean === null || secondMean === null || total < 4) return null
  const pooledVariance = (sumOfSquaredDeviations(first) + sumOfSquaredDeviations(second)) / (total - 2)
  if (pooledVariance === 0) return null
  return ((firstMean - secondMean) / Math.sqrt(pooledVariance)) * (1 - 3 / (4 * total - 9))
}
