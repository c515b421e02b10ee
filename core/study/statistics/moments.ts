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

/** The middle value, or the mean of the two in the middle, in the unit of the values; null with no values. */
export function median(values: ArrayLike<number>): number | null {
  if (values.length === 0) return null
  const sorted = Float64Array.from(values).sort()
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2
}

/** Σ(x − x̄)², in the squared unit of the values; 0 with no values, and exactly 0 when all are equal. */
export function sumOfSquaredDeviations(values: ArrayLike<number>): number {
  const center = mean(values) ?? 0
  let sum = 0
  for (let index = 0; index < values.length; index++) sum += (values[index]! - center) ** 2
  return sum
}

/** Sample standard deviation √(Σ(x − x̄)² / (n − 1)), in the unit of the values; null with fewer than two values. */
export function sampleStandardDeviation(values: ArrayLike<number>): number | null {
  if (values.length < 2) return null
  return Math.sqrt(sumOfSquaredDeviations(values) / (values.length - 1))
}

/** What a mean and a standard deviation are made from. */
export interface Moments {
  n: number
  /** NaN where n is 0. */
  mean: number
  /** Σ(x − x̄)². */
  squares: number
}

/** Moments of values that count `weights` times each; with equal values the squares are exactly 0, as in `mean`. */
export function weightedMoments(values: Float64Array, weights: Uint32Array): Moments {
  let n = 0
  let sum = 0
  for (let index = 0; index < values.length; index++) {
    n += weights[index]!
    sum += weights[index]! * values[index]!
  }
  const firstMean = sum / n
  let residual = 0
  for (let index = 0; index < values.length; index++)
    residual += weights[index]! * (values[index]! - firstMean)
  const mean = firstMean + residual / n
  let squares = 0
  for (let index = 0; index < values.length; index++)
    squares += weights[index]! * (values[index]! - mean) ** 2
  return { n, mean, squares }
}

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
