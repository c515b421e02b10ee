/**
 * Arithmetic mean x̄ = Σx / n, in the unit of the values; null with no values.
 * A second pass adds the mean residual, so that equal values have exactly that value as their mean and n = 100,000 loses no digits.
 */
export function mean(values: ArrayLike<number>): number | null {
  if (values.length === 0) return null
  let sum = 0
  for (let index = 0; index < values.length; index++) sum += values[index]!
  const firstMean = sum / values.length
  let residual = 0
  for (let index = 0; index < values.length; index++) residual += values[index]! - firstMean
  return firstMean + residual / values.length
}
