import { logitScale, scaledInterval } from './interval-scale.ts'
import { normalQuantile975 } from './normal-tail.ts'
import type { Interval } from './wilson-interval.ts'

/**
 * 95 % interval of a value between 0 and 1 on the logit scale, so that it stays inside: logit A ± z·σ/(A(1 − A)), σ the
 * standard error of A (delta method). `quantile` is z, or Student's t. Null at 0 and 1 and when σ is 0, where it says nothing.
 */
export function logitInterval(
  value: number,
  standardError: number,
  quantile: number = normalQuantile975,
): Interval | null {
  return scaledInterval(value, standardError, quantile, logitScale)
}
