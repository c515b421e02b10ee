import { sumOfSquaredDeviations } from './sum-of-squared-deviations.ts'

/** Sample standard deviation √(Σ(x − x̄)² / (n − 1)), in the unit of the values; null with fewer than two values. */
export function sampleStandardDeviation(values: ArrayLike<number>): number | null {
  if (values.length < 2) return null
  return Math.sqrt(sumOfSquaredDeviations(values) / (values.length - 1))
}
