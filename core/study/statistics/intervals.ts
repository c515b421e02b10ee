import { type Maybe, partOf, type Statistic } from '../undefined.ts'
import { logistic, logit, normalQuantile975 } from './distributions.ts'

/** The two ends of a 95 % interval. */
export interface Interval {
  low: number
  high: number
}

/** The two ends by themselves, undefined for the reason that the interval is. */
export function endsOf(interval: Maybe<Interval>): { low: Statistic; high: Statistic } {
  return { low: partOf(interval, 'low'), high: partOf(interval, 'high') }
}

/**
 * Wilson's 95 % score interval of a proportion, without continuity correction:
 * (p + z²/2n ± z√(p(1 − p)/n + z²/4n²)) / (1 + z²/n) with p = successes / trials (Wilson 1927). Null with no trials.
 * Throws a RangeError unless 0 ≤ successes ≤ trials.
 */
export function wilsonInterval(successes: number, trials: number): Interval | null {
  if (!(successes >= 0 && successes <= trials))
    throw new RangeError(
      `wilson-interval: ${successes} successes in ${trials} trials, expected 0 to ${trials}; check what is counted`,
    )
  if (trials === 0) return null
  const proportion = successes / trials
  const z2 = normalQuantile975 ** 2
  const center = proportion + z2 / (2 * trials)
  const half =
    normalQuantile975 * Math.sqrt((proportion * (1 - proportion)) / trials + z2 / (4 * trials * trials))
  const scale = 1 + z2 / trials
  // The ends are exact at no and at all successes; rounding would leave them an ulp outside [0, 1].
  return {
    low: successes === 0 ? 0 : (center - half) / scale,
    high: successes === trials ? 1 : (center + half) / scale,
  }
}

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
 * The interval g⁻¹(g(x) ± q·σ·g′(x)), g the scale, σ the standard error of x (delta method), q a quantile, of the normal distribution or Student's. Null at the ends of
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
