import { none, type Statistic } from '../undefined.ts'

/** What a mean and a standard deviation are made from. */
export interface Moments {
  n: number
  /** NaN where n is 0. */
  mean: number
  /** Σ(x − x̄)², in the squared unit of the values; exactly 0 where all are equal. */
  squares: number
}

/**
 * Moments of values that count once, or `weights` times each. A second pass adds the mean residual to the mean Σx / n, so that equal values
 * have exactly that value as their mean and n = 100,000 loses no digits.
 */
export function momentsOf(values: ArrayLike<number>, weights?: ArrayLike<number>): Moments {
  const weightOf = (index: number) => (weights === undefined ? 1 : weights[index]!)
  let n = 0
  let sum = 0
  for (let index = 0; index < values.length; index++) {
    n += weightOf(index)
    sum += weightOf(index) * values[index]!
  }
  const firstMean = sum / n
  let residual = 0
  for (let index = 0; index < values.length; index++)
    residual += weightOf(index) * (values[index]! - firstMean)
  const mean = firstMean + residual / n
  let squares = 0
  for (let index = 0; index < values.length; index++)
    squares += weightOf(index) * (values[index]! - mean) ** 2
  return { n, mean, squares }
}

/** Arithmetic mean, in the unit of the values; null with no values. */
export function mean(values: ArrayLike<number>): number | null {
  return values.length === 0 ? null : momentsOf(values).mean
}

/** The middle value, or the mean of the two in the middle, in the unit of the values; null with no values. */
export function median(values: ArrayLike<number>): number | null {
  if (values.length === 0) return null
  const sorted = Float64Array.from(values).sort()
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2
}

/** Sample standard deviation √(Σ(x − x̄)² / (n − 1)), in the unit of the values; null with fewer than two values. */
export function sampleStandardDeviation(values: ArrayLike<number>): number | null {
  return values.length < 2 ? null : Math.sqrt(momentsOf(values).squares / (values.length - 1))
}

/** Values less their mean, in standard deviations; null where they do not vary. */
export function standardise(
  values: Float64Array,
): { center: number; spread: number; values: Float64Array } | null {
  const spread = sampleStandardDeviation(values)
  if (spread === null || spread === 0) return null
  const center = momentsOf(values).mean
  return { center, spread, values: values.map(value => (value - center) / spread) }
}

/**
 * Hedges' g, the difference of two means (first − second) in pooled standard deviations, corrected for small samples:
 * g = (x̄₁ − x̄₂)/s · (1 − 3/(4N − 9)), s² = (Σ(x₁ − x̄₁)² + Σ(x₂ − x̄₂)²)/(N − 2) (Hedges 1981). No unit.
 * Undefined when either group is empty, with fewer than four values in all, or when neither group varies.
 */
export function hedgesG(first: Moments, second: Moments): Statistic {
  const n = first.n + second.n
  if (n === 0) return none({ because: 'no-answers' })
  if (first.n === 0 || second.n === 0) return none({ because: 'one-class', marked: second.n === 0 })
  // With N = 3 the correction is exactly 0, whatever the data.
  if (n < 4) return none({ because: 'too-few', n, least: 4 })
  const pooledVariance = (first.squares + second.squares) / (n - 2)
  if (pooledVariance === 0) return none({ because: 'constant-in-classes' })
  return ((first.mean - second.mean) / Math.sqrt(pooledVariance)) * (1 - 3 / (4 * n - 9))
}
