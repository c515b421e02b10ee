import { mean } from './mean.ts'

/** Σ(x − x̄)², in the squared unit of the values; 0 with no values, and exactly 0 when all are equal. */
export function sumOfSquaredDeviations(values: ArrayLike<number>): number {
  const center = mean(values) ?? 0
  let sum = 0
  for (let index = 0; index < values.length; index++) sum += (values[index]! - center) ** 2
  return sum
}
