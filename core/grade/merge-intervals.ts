import type { Endpoint, Interval } from './answer-structure.ts'
import { rationalOfExpression } from './compare-expressions.ts'
import { parseExpression } from './parse-expression.ts'
import type { Rational } from './rational.ts'

interface Placed {
  interval: Interval
  low: number | Rational
  high: number | Rational
}

/**
 * The same points in the fewest intervals: (0, 1) ∪ [1, 2) is (0, 2). Intervals with an end that is neither rational nor
 * infinite stay as they are, all of them.
 */
export function mergeIntervals(intervals: readonly Interval[]): Interval[] {
  const placed: Placed[] = []
  for (const interval of intervals) {
    const [low, high] = [place(interval.low), place(interval.high)]
    if (low === null || high === null || order(low, high) > 0) return [...intervals]
    placed.push({ interval, low, high })
  }
  placed.sort(
    (a, b) => order(a.low, b.low) || Number(b.interval.low.isClosed) - Number(a.interval.low.isClosed),
  )
  const merged: Placed[] = []
  for (const next of placed) {
    const last = merged.at(-1)
    const gap = last ? order(next.low, last.high) : 1
    const touches = gap < 0 || (gap === 0 && (last!.interval.high.isClosed || next.interval.low.isClosed))
    if (!last || !touches) merged.push(next)
    else merged[merged.length - 1] = join(last, next)
  }
  return merged.map(({ interval }) => interval)
}

function join(a: Placed, b: Placed): Placed {
  const further = order(a.high, b.high)
  const isClosed = (further >= 0 && a.interval.high.isClosed) || (further <= 0 && b.interval.high.isClosed)
  const { high, text } =
    further >= 0 ? { high: a.high, text: a.interval.high.text } : { high: b.high, text: b.interval.high.text }
  return { interval: { low: a.interval.low, high: { text, isClosed } }, low: a.low, high }
}

function place({ text }: Endpoint): number | Rational | null {
  if (/^-? ?\\infty$/.test(text))
    return text.startsWith('-') ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY
  const expression = parseExpression(text)
  return expression && rationalOfExpression(expression)
}

/** Negative, 0 or positive as a lies below, at or above b. */
function order(a: number | Rational, b: number | Rational): number {
  if (typeof a === 'number' || typeof b === 'number') {
    const [left, right] = [a, b].map(end => (typeof end === 'number' ? end : 0)) as [number, number]
    return left === right ? 0 : left - right
  }
  const [left, right] = [a.numerator * b.denominator, b.numerator * a.denominator]
  return left < right ? -1 : left > right ? 1 : 0
}
