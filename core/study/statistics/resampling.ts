import { isUndefined, type Maybe, none, type Reason, type Statistic, type Undefined } from '../undefined.ts'
import { studentQuantile975 } from './distributions.ts'
import { type Interval, type IntervalScale, scaledInterval } from './intervals.ts'
import { onceEach } from './ranks.ts'

/** Standard errors need some resamples, however large the run. */
const fewestResamples = 200
/** Resamples times evaluated answers: about two seconds. */
const mostWork = 4e8

/** As many resamples as asked for, or as so many answers (times their scores) afford, at least 200: intervals need only a standard error. */
export function affordableResamples(answers: number, wanted: number): number {
  return Math.min(wanted, Math.max(fewestResamples, Math.floor(mostWork / Math.max(1, answers))))
}

/**
 * How often to resample statistics that cost twice as much as an AUROC and need a standard error alone: half as often, and no more than 200
 * times, which tells it to a twentieth of it (Efron and Tibshirani 1993, 6.4).
 */
export function resamplesForErrors(affordable: number): number {
  return Math.min(fewestResamples, Math.ceil(affordable / 2))
}

/** What the resamples of a bootstrap say of a statistic's standard error. */
export interface BootstrapSpread {
  /** Mean of the resampled values. */
  center: number
  standardError: number
  /** Student's quantile for as many degrees of freedom as there are clusters, less one. */
  quantile: number
}

/** With a greater share of resamples that miss a class there is no standard error. */
const mostMissedResamples = 0.1

/**
 * Standard error from resampled values, √(C/(C − 1)) times their standard deviation, C the number of clusters, since a
 * resample of C clusters varies by that much less. With Student's quantile and the logit scale such an interval covers 95 % with 25
 * clusters, where the percentiles of the resamples cover 92.5 %. Resamples in which the value is undefined (NaN: a class was
 * not drawn) are left out; undefined when more than a tenth are, or with fewer than two clusters.
 */
export function bootstrapSpread(values: Float64Array, clusterCount: number): Maybe<BootstrapSpread> {
  if (clusterCount < 2) return none({ because: 'single-cluster' })
  const defined = values.filter(value => !Number.isNaN(value))
  const missed = values.length - defined.length
  if (defined.length < 2 || missed > mostMissedResamples * values.length)
    return none({ because: 'missed-resamples', share: missed / values.length })
  let sum = 0
  for (const value of defined) sum += value
  const center = sum / defined.length
  let squares = 0
  for (const value of defined) squares += (value - center) ** 2
  const standardError = Math.sqrt((squares / (defined.length - 1)) * (clusterCount / (clusterCount - 1)))
  return { center, standardError, quantile: studentQuantile975(clusterCount - 1) }
}

/** The 95 % interval value ± Student's t · σ of what has no bounds, such as a difference. */
export function plainInterval(value: Statistic, spread: Maybe<BootstrapSpread>): Maybe<Interval> {
  if (isUndefined(value)) return value
  if (isUndefined(spread)) return spread
  const half = spread.standardError * spread.quantile
  return { low: value - half, high: value + half }
}

/** A 95 % interval, or why there is none; where the number itself is undefined, that reason alone. */
export type ResampledInterval = Interval | { low: Undefined; high: Undefined; reason: Reason } | Undefined

/** A statistic that is evaluated in resamples, and how its interval is made of them. */
export interface ResampledStatistic<Drawn, Clusters extends string> {
  /** The statistic of what is drawn. */
  compute: (drawn: Drawn) => Statistic
  /** Null where the value is at the end of its range. */
  interval: (value: number, spread: BootstrapSpread) => Interval | null
  /** Which clusters hold what it is a statistic of. */
  of: Clusters
}

/** The interval of a statistic whose errors are normal on this scale, and which is never less than `least`. */
export function onScale(
  scale: IntervalScale,
  least = Number.NEGATIVE_INFINITY,
): ResampledStatistic<unknown, string>['interval'] {
  return (value, { standardError, quantile }) => {
    const found = scaledInterval(value, standardError, quantile, scale)
    return found && { low: Math.max(least, found.low), high: found.high }
  }
}

/**
 * 95 % intervals of any statistics of weighted samples from resampled clusters (`resampleClusters`): the value ± Student's t times the bootstrap's
 * standard error (Efron and Tibshirani 1993, 12.2 and 13), on the statistic's scale, where that is nearer to normal. `draw` makes of samples that
 * count so often each what the statistics read; `clusters` is how many there are of each kind.
 */
export function resampledIntervals<Name extends string, Drawn, Clusters extends string>(
  statistics: Record<Name, ResampledStatistic<Drawn, Clusters>>,
  draw: (weights: Uint32Array) => Drawn,
  samples: number,
  clusters: Record<Clusters, number>,
) {
  const names = Object.keys(statistics) as Name[]
  const byName = <T>(make: (name: Name) => T) =>
    Object.fromEntries(names.map(name => [name, make(name)])) as Record<Name, T>
  const evaluate = (weights: Uint32Array) => {
    const drawn = draw(weights)
    return byName(name => statistics[name].compute(drawn))
  }
  const values = evaluate(onceEach(samples))
  const resampled = byName((): number[] => [])
  return {
    /** The statistics of the sample itself. */
    values,
    /** Takes how often each sample counts in a resample. */
    add(weights: Uint32Array): void {
      const found = evaluate(weights)
      for (const name of names) resampled[name].push(isUndefined(found[name]) ? Number.NaN : found[name])
    },
    intervals: () =>
      byName((name): ResampledInterval => {
        const value = values[name]
        if (isUndefined(value)) return value
        const { interval, of } = statistics[name]
        const spread = bootstrapSpread(Float64Array.from(resampled[name]), clusters[of])
        if (isUndefined(spread)) return withoutEnds(spread.undefined)
        // What differs by less is rounding.
        if (spread.standardError <= 1e-12 * Math.max(1, Math.abs(value)))
          return withoutEnds({ because: 'alike-resamples' })
        return interval(value, spread) ?? withoutEnds({ because: 'end-of-range' })
      }),
  }
}

function withoutEnds(reason: Reason): ResampledInterval {
  return { low: none(reason), high: none(reason), reason }
}
