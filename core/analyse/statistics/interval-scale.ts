import { logistic, logit } from './logistic.ts'
import type { Interval } from './wilson-interval.ts'

/** A scale on which a statistic's errors are nearer to normal than on its own, and on which its range has no ends. */
export interface IntervalScale {
  to: (value: number) => number
  from: (scaled: number) => number
  /** Derivative of `to`; infinite at the ends of the range. */
  slope: (value: number) => number
}

/** For what has no bounds: means and their difference. */
export const plainScale: IntervalScale = { to: value => value, from: scaled => scaled, slope: () => 1 }

/** For shares and areas, from 0 to 1. */
export const logitScale: IntervalScale = {
  to: logit,
  from: logistic,
  slope: value => 1 / (value * (1 - value)),
}

/** For correlations, from −1 to 1: Fisher's z (1921), which Bonett and Wright (2000) advise for Spearman and Kendall as well. */
export const fisherScale: IntervalScale = {
  to: Math.atanh,
  from: Math.tanh,
  slope: value => 1 / ((1 - value) * (1 + value)),
}

/** For losses above 0. */
export const logScale: IntervalScale = { to: Math.log, from: Math.exp, slope: value => 1 / value }

/** For what is at most 1 and has no least value, such as a ratio to the best possible: −ln(1 − x). */
export const belowOneScale: IntervalScale = {
  to: value => -Math.log1p(-value),
  from: scaled => -Math.expm1(-scaled),
  slope: value => 1 / (1 - value),
}

/**
 * The interval g⁻¹(g(x) ± q·σ·g′(x)), g the scale, σ the standard error of x (delta method), q a quantile. Null at the ends of
 * the scale and when σ is 0, where it says nothing.
 */
export function scaledInterval(
  value: number,
  standardError: number,
  quantile: number,
  { to, from, slope }: IntervalScale,
): Interval | null {
  const half = quantile * standardError * slope(value)
  if (!(half > 0 && half < Number.POSITIVE_INFINITY)) return null
  return { low: from(to(value) - half), high: from(to(value) + half) }
}
