import { normalQuantile975 } from './normal-tail.ts'

/** The two ends of a 95 % interval. */
export interface Interval {
  low: number
  high: number
}

/**
 * Wilson's 95 % score interval of a proportion, without continuity correction:
 * (p + z²/2n ± z√(p(1 − p)/n + z²/4n²)) / (1 + z²/n) with p = successes / trials (Wilson 1927). Null with no trials.
 * Throws a RangeError unless 0 ≤ successes ≤ trials.
 */
export function wilsonInterval(successes: number, trials: number): Interval | null {
  if (!(successes >= 0 && successes <= trials)) {
    throw new RangeError(
      `wilson-interval: ${successes} successes in ${trials} trials, expected 0 to ${trials}; check what is counted`,
    )
  }
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
