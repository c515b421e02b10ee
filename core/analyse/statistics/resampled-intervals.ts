import { type BootstrapSpread, bootstrapSpread } from './bootstrap-spread.ts'
import { type IntervalScale, scaledInterval } from './interval-scale.ts'
import type { Interval } from './wilson-interval.ts'

/** A 95 % interval, or why there is none. */
export type ResampledInterval = Interval | { low: null; high: null; reason: string }

/** How the interval of a statistic is made; `interval` is null where the value is at the end of its range. */
export interface ResampledStatistic {
  interval: (value: number, spread: BootstrapSpread) => Interval | null
  /** Clusters that hold what it is a statistic of. */
  clusters: number
}

/** The interval of a statistic whose errors are normal on this scale, and which is never less than `least`. */
export function onScale(
  scale: IntervalScale,
  least = Number.NEGATIVE_INFINITY,
): ResampledStatistic['interval'] {
  return (value, { standardError, quantile }) => {
    const found = scaledInterval(value, standardError, quantile, scale)
    return found && { low: Math.max(least, found.low), high: found.high }
  }
}

/** Evaluates statistics in the resamples that it is given. */
export interface ResampledIntervals<Name extends string> {
  /** Takes how often each sample counts in a resample. */
  add(weights: Uint32Array): void
  /** Null where the statistic of the whole sample is. */
  intervals(): Record<Name, ResampledInterval | null>
}

/**
 * 95 % intervals of any statistics of weighted samples from resampled clusters (`resampleClusters`): the value ± Student's t times the bootstrap's
 * standard error (Efron and Tibshirani 1993, 12.2 and 13), on the statistic's scale, where that is nearer to normal. `evaluate` gives the
 * statistics of samples that count so often each, null or NaN where undefined; with each counting once these are the values.
 */
export function resampledIntervals<Name extends string>(
  statistics: Record<Name, ResampledStatistic>,
  evaluate: (weights: Uint32Array) => Record<Name, number | null>,
  samples: number,
): ResampledIntervals<Name> {
  const names = Object.keys(statistics) as Name[]
  const values = evaluate(new Uint32Array(samples).fill(1))
  const resampled = names.map((): number[] => [])
  return {
    add(weights) {
      const found = evaluate(weights)
      for (const [index, name] of names.entries()) resampled[index]!.push(found[name] ?? Number.NaN)
    },
    intervals() {
      const found = names.map((name, index) => {
        const value = values[name]
        const isDefined = value !== null && !Number.isNaN(value)
        return [name, isDefined ? intervalOf(value, resampled[index]!, statistics[name]) : null]
      })
      return Object.fromEntries(found)
    },
  }
}

function intervalOf(
  value: number,
  resampled: readonly number[],
  { interval, clusters }: ResampledStatistic,
): ResampledInterval {
  const none = (reason: string): ResampledInterval => ({ low: null, high: null, reason })
  if (clusters < 2) return none('a single problem is too few to tell how it varies')
  const spread = bootstrapSpread(Float64Array.from(resampled), clusters)
  if (spread === null) {
    const missed = resampled.filter(Number.isNaN).length / resampled.length
    return none(`it is undefined in ${(100 * missed).toFixed(1)} % of the resamples`)
  }
  // What differs by less is rounding.
  if (spread.standardError <= 1e-12 * Math.max(1, Math.abs(value)))
    return none('every resample has the same value')
  return interval(value, spread) ?? none('it is at the end of its range')
}
