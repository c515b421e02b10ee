import { max, median, min, type ScaleContinuousNumeric, scaleLinear, scaleLog } from 'd3'
import { formatTick } from '../format-number.ts'
import type { Tick } from './chart.ts'

/** An axis of entropies in nats. */
export interface EntropyScale {
  kind: 'linear' | 'log'
  position: ScaleContinuousNumeric<number, number>
  ticks: number[]
  /** How many values lie below the axis and are drawn at its end: zeros have no logarithm. */
  belowAxis: number
}

/** A distribution whose largest value is this many medians long would be one bar on a linear axis. */
const skewOfLogScale = 8
/** The most decades a logarithmic axis spans; smaller values sit at its end. */
const decades = 6

/** An axis over these entropies: logarithmic when they are skewed, linear from 0 when not. `range` is in pixels. */
export function entropyScale(values: readonly number[], range: [number, number]): EntropyScale {
  const largest = max(values) ?? 0
  const smallestPositive = min(values, value => (value > 0 ? value : undefined))
  const isSkewed = (least: number) => largest / Math.max(median(values)!, least) >= skewOfLogScale
  if (smallestPositive === undefined || !isSkewed(smallestPositive)) {
    const position = scaleLinear([0, largest > 0 ? largest * 1.04 : 1], range).clamp(true)
    return { kind: 'linear', position, ticks: position.ticks(5), belowAxis: 0 }
  }
  const low = Math.max(smallestPositive, largest / 10 ** decades)
  const position = scaleLog([low / 1.25, largest * 1.25], range).clamp(true)
  const belowAxis = values.filter(value => value < low).length
  return { kind: 'log', position, ticks: logTicks(low, largest), belowAxis }
}

/** Powers of ten, and twice and five times them where fewer than three decades are to be labelled. */
function logTicks(low: number, high: number): number[] {
  const steps = high / low < 300 ? [1, 2, 5] : [1]
  const ticks: number[] = []
  for (let exponent = Math.floor(Math.log10(low / 1.25)); 10 ** exponent <= high * 1.25; exponent++)
    for (const step of steps) ticks.push(Number(`${step}e${exponent}`))
  return ticks.filter(tick => tick >= low / 1.25 && tick <= high * 1.25)
}

/** A scale over the values of a score, and its axis. */
export interface ScoreScale {
  position: EntropyScale['position']
  ticks: Tick[]
  /** The label of its axis. */
  label: string
}

/** Where the ticks of such an axis stand, and their labels. */
export function scaleTicks({ position, ticks }: Pick<EntropyScale, 'position' | 'ticks'>): Tick[] {
  return ticks.map(value => ({ at: position(value), label: formatTick(value) }))
}

/** The label of an axis of entropies: with the unit, and with what the axis cannot show. */
export function entropyLabel(what: string, { kind, belowAxis }: EntropyScale): string {
  const below = belowAxis === 0 ? '' : `, ${belowAxis} below`
  return `${what} (${kind === 'linear' ? 'nats' : `nats, log scale${below}`})`
}
