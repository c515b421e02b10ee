import { studentQuantile975 } from './distributions.ts'
import { type Interval, type IntervalScale, scaledInterval } from './intervals.ts'
import type { ScoreOrder } from './ranks.ts'

/** Which samples belong together: the answers to one problem are not independent of each other. */
export interface Clusters {
  /** The cluster of each sample, from 0. */
  of: Int32Array
  count: number
}

/** Samples with the same name form a cluster; clusters count in the order of their first sample. */
export function clustersOf(names: readonly string[]): Clusters {
  const numbers = new Map<string, number>()
  const of = Int32Array.from(names, name => {
    const known = numbers.get(name)
    if (known !== undefined) return known
    numbers.set(name, numbers.size)
    return numbers.size - 1
  })
  return { of, count: numbers.size }
}

/** Puts the members of an array in an order that is drawn evenly among all (Fisher and Yates), in place. */
export function shuffle(members: Uint32Array | number[], random: () => number): void {
  for (let last = members.length - 1; last > 0; last--) {
    const other = Math.floor(random() * (last + 1))
    const member = members[last]!
    members[last] = members[other]!
    members[other] = member
  }
}

/**
 * Draws as many clusters as there are, with replacement, `resamples` times, and hands over how often each sample is drawn
 * (the samples of a cluster together; the array is used again). No sample is copied and nothing is sorted again.
 */
export function resampleClusters(
  clusters: Clusters,
  resamples: number,
  random: () => number,
  use: (weights: Uint32Array, resample: number) => void,
): void {
  const draws = new Uint32Array(clusters.count)
  const weights = new Uint32Array(clusters.of.length)
  for (let resample = 0; resample < resamples; resample++) {
    draws.fill(0)
    for (let draw = 0; draw < clusters.count; draw++) draws[Math.floor(random() * clusters.count)]!++
    for (let index = 0; index < weights.length; index++) weights[index] = draws[clusters.of[index]!]!
    use(weights, resample)
  }
}

/** AUROC of samples that count `weights` times each; NaN when a class is empty. */
export function weightedAuroc(
  { order, ends }: ScoreOrder,
  marks: ArrayLike<number>,
  weights: ArrayLike<number>,
): number {
  let wins = 0
  let markedBelow = 0
  let othersBelow = 0
  let position = 0
  for (let group = 0; group < ends.length; group++) {
    const end = ends[group]!
    let here = 0
    let others = 0
    for (; position < end; position++) {
      const index = order[position]!
      if (marks[index]) here += weights[index]!
      else others += weights[index]!
    }
    wins += here * (othersBelow + others / 2)
    markedBelow += here
    othersBelow += others
  }
  return wins / markedBelow / othersBelow
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
export const mostMissedResamples = 0.1

/**
 * Standard error from resampled values, √(C/(C − 1)) times their standard deviation, C the number of clusters, since a
 * resample of C clusters varies by that much less. With Student's quantile and the logit scale such an interval covers 95 % with 25
 * clusters, where the percentiles of the resamples cover 92.5 %. Resamples in which the value is undefined (NaN: a class was
 * not drawn) are left out; null when more than a tenth are, or with fewer than two clusters.
 */
export function bootstrapSpread(values: Float64Array, clusterCount: number): BootstrapSpread | null {
  const defined = values.filter(value => !Number.isNaN(value))
  if (
    clusterCount < 2 ||
    defined.length < 2 ||
    values.length - defined.length > mostMissedResamples * values.length
  )
    return null
  let sum = 0
  for (const value of defined) sum += value
  const center = sum / defined.length
  let squares = 0
  for (const value of defined) squares += (value - center) ** 2
  const standardError = Math.sqrt((squares / (defined.length - 1)) * (clusterCount / (clusterCount - 1)))
  return { center, standardError, quantile: studentQuantile975(clusterCount - 1) }
}

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
