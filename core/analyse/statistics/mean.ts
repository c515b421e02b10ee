/**
 * Arithmetic mean x̄ = Σx / n, in the unit of the values; null with no values.
 * A second pass adds the mean residual, so that equal values have exactly that value as their mean and n = 100,000 loses no digits.
 */
export function mean(values: readonly number[]): number | null {
  if (values.length === 0) return null
  let sum = 0
  for (const value of values) sum += value
  const firstMean = sum / values.length
  let residual = 0
  for (const value of values) residual += value - firstMean
  return firstMean + residual / values.length
}
