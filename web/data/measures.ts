import { mean } from '../../core/analyse/statistics/mean.ts'
import { median } from '../../core/analyse/statistics/median.ts'
import type { TokenColumns } from '../../core/formats/run-columns.ts'
import type { Stretch } from '../widgets/transport.ts'

/** What a token can be coloured by. */
export type MeasureName = 'entropy' | 'varentropy' | 'margin' | 'logprob' | 'rank'

/** A per-token number and how it is read: the further from `certain`, the less certain the model was. */
export interface Measure {
  name: MeasureName
  label: string
  /** Empty where the number has none. */
  unit: string
  values(tokens: TokenColumns): ArrayLike<number>
  /** The value of a token without any doubt. */
  certain: number
  /** Which side of `certain` doubt lies on. */
  sign: 1 | -1
  /** Where colours begin and where they are full, in doubt: the distance from `certain`. */
  thresholds: readonly [number, number]
  /** The largest distance that a threshold can be moved to. */
  largestThreshold: number
}

/** Every measure, in the order of choices and of tracks. */
export const measures: readonly Measure[] = [
  {
    name: 'entropy',
    label: 'Entropy',
    unit: 'nats',
    values: tokens => tokens.entropyNats,
    certain: 0,
    sign: 1,
    thresholds: [0.1, 2],
    largestThreshold: 6,
  },
  {
    name: 'varentropy',
    label: 'Varentropy',
    unit: 'nats²',
    values: tokens => tokens.varentropy,
    certain: 0,
    sign: 1,
    thresholds: [0.2, 4],
    largestThreshold: 12,
  },
  {
    name: 'margin',
    label: 'Margin',
    unit: '',
    values: tokens => tokens.margin,
    certain: 1,
    sign: -1,
    thresholds: [0.05, 0.9],
    largestThreshold: 1,
  },
  {
    name: 'logprob',
    label: 'Log-probability',
    unit: 'nats',
    values: tokens => tokens.logprob,
    certain: 0,
    sign: -1,
    thresholds: [0.1, 3],
    largestThreshold: 12,
  },
  {
    name: 'rank',
    label: 'Rank',
    unit: '',
    values: tokens => tokens.rank,
    certain: 0,
    sign: 1,
    thresholds: [0, 8],
    largestThreshold: 20,
  },
]

/** Those that are drawn as tracks; a rank hardly ever differs from 0. */
export const trackMeasures = measures.filter(measure => measure.name !== 'rank')

/** The measure of that name. */
export function measureNamed(name: MeasureName): Measure {
  return measures.find(measure => measure.name === name)!
}

/** How far from certain each token is: 0 or more, whichever way the measure runs. Not a number counts as certain. */
export function doubts(measure: Measure, tokens: TokenColumns): Float64Array {
  return Float64Array.from(measure.values(tokens), value =>
    Number.isNaN(value) ? 0 : Math.max(0, measure.sign * (value - measure.certain)),
  )
}

/** A distance from certain as the measure's own value. */
export function valueOfDoubt(measure: Measure, doubt: number): number {
  return measure.certain + measure.sign * doubt
}

/** What is said of neighbouring tokens. */
export interface StretchStatistics {
  n: number
  /** Nats. */
  meanEntropy: number
  medianEntropy: number
  maxEntropy: number
  /** Log-probability of the whole stretch given what precedes it, nats. */
  sumLogprob: number
  meanMargin: number
  /** The stretch's part of the sum of all tokens' entropies; null where that is 0. */
  entropyShare: number | null
}

/** Statistics of the tokens of a stretch, or null of an empty one. */
export function stretchStatistics(tokens: TokenColumns, { start, end }: Stretch): StretchStatistics | null {
  const part = (column: ArrayLike<number>) => Array.prototype.slice.call(column, start, end) as number[]
  const entropies = part(tokens.entropyNats)
  if (entropies.length === 0) return null
  const all = sum(Array.from(tokens.entropyNats))
  return {
    n: entropies.length,
    meanEntropy: mean(entropies)!,
    medianEntropy: median(entropies)!,
    maxEntropy: entropies.reduce((largest, value) => Math.max(largest, value)),
    sumLogprob: sum(part(tokens.logprob)),
    meanMargin: mean(part(tokens.margin))!,
    entropyShare: all > 0 ? sum(entropies) / all : null,
  }
}

/** Mean of each token's value and of all before it. */
export function runningMeans(values: ArrayLike<number>): Float64Array {
  const means = new Float64Array(values.length)
  for (let index = 0, total = 0; index < values.length; index++) {
    total += values[index]!
    means[index] = total / (index + 1)
  }
  return means
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0)
}
