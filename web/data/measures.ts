import { formatNumber } from '../../core/format-number.ts'
import type { TokenColumns } from '../../core/record/token.ts'
import { mean, median } from '../../core/study/statistics/moments.ts'
import type { TokenRange } from './token-range.ts'

/** A number of each token, as panels name it. */
export interface TokenNumber {
  name: string
  label: string
  /** Empty where the number has none. */
  unit: string
  /** Whether it has no values between whole numbers. */
  isWhole?: true
  values(tokens: TokenColumns): ArrayLike<number>
}

/** A number that tokens can be coloured by: the further from `certain`, the less certain the model was. */
export interface Measure extends TokenNumber {
  /** The value of a token without any doubt. */
  certain: number
  /** Which side of `certain` doubt lies on. */
  sign: 1 | -1
  /** Where colours begin and where they are full, in doubt: the distance from `certain`. */
  thresholds: readonly [number, number]
  /** The largest distance that a threshold can be moved to. */
  largestThreshold: number
  /** How it is drawn as a track; null where it is not. */
  track: {
    /** The doubt that fills the track; without one, the largest of the sample. */
    fullDoubt?: number
    /** A line over the bars, in doubts; the spikes of the entropy are then marked on the track, too. */
    line?: (tokens: TokenColumns) => ArrayLike<number>
  } | null
}

const runningMean = (tokens: TokenColumns) => runningMeans(tokens.entropyNats)

/** Every number of a token, in the order of panels, of choices and of tracks: all of these follow from this table. */
export const tokenNumbers: readonly (TokenNumber | Measure)[] = [
  {
    name: 'entropy',
    label: 'Entropy',
    unit: 'nats',
    values: tokens => tokens.entropyNats,
    certain: 0,
    sign: 1,
    thresholds: [0.1, 2],
    largestThreshold: 6,
    track: { line: runningMean },
  },
  { name: 'running-mean', label: 'Running mean', unit: 'nats', values: runningMean },
  {
    name: 'varentropy',
    label: 'Varentropy',
    unit: 'nats²',
    values: tokens => tokens.varentropy,
    certain: 0,
    sign: 1,
    thresholds: [0.2, 4],
    largestThreshold: 12,
    track: {},
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
    track: { fullDoubt: 1 },
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
    track: {},
  },
  {
    name: 'rank',
    label: 'Rank',
    unit: '',
    isWhole: true,
    values: tokens => tokens.rank,
    certain: 0,
    sign: 1,
    thresholds: [0, 8],
    largestThreshold: 20,
    // It hardly ever differs from 0.
    track: null,
  },
  { name: 'self-certainty', label: 'Self-certainty', unit: 'nats', values: tokens => tokens.selfCertainty },
]

/** Those that tokens can be coloured by. */
export const measures = tokenNumbers.filter((number): number is Measure => 'certain' in number)

/** Those that are drawn as tracks. */
export const trackMeasures = measures.filter(({ track }) => track !== null)

/** The measure of that name. */
export function measureNamed(name: string): Measure {
  return measures.find(measure => measure.name === name)!
}

/** A value in words, with its unit: "0.31 nats". */
export function numberText({ isWhole, unit }: TokenNumber, value: number): string {
  return withUnit(isWhole ? String(value) : formatNumber(value), unit)
}

/** A text with the unit that it is in, if any. */
export function withUnit(text: string, unit: string): string {
  return unit === '' ? text : `${text} ${unit}`
}

/** A number of three digits and no more. */
export function threeDigits(value: number): string {
  return formatNumber(Number(value.toPrecision(3)))
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

/** The same in words. */
export function valueInWords(measure: Measure, doubt: number): string {
  return withUnit(threeDigits(valueOfDoubt(measure, doubt)), measure.unit)
}

/** Statistics of the tokens of a range, or null of an empty one. */
export function rangeStatistics(tokens: TokenColumns, { start, end }: TokenRange) {
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
    /** Their part of the sum of all tokens' entropies; null where that is 0. */
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

/** The `count` tokens of the largest values, largest first, of equals the earlier first. */
export function largestTokens(values: ArrayLike<number>, count: number): number[] {
  return Array.from(values, (_, index) => index)
    .sort((a, b) => values[b]! - values[a]! || a - b)
    .slice(0, count)
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0)
}
