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
