import { averageRanks } from './average-ranks.ts'
import { mannWhitney } from './mann-whitney.ts'
import { normalQuantile975 } from './normal-tail.ts'
import { sampleStandardDeviation } from './sample-standard-deviation.ts'
import type { Interval } from './wilson-interval.ts'

/** Area under the receiver operating characteristic with its 95 % interval (null where it is undefined) and two-sided p against 0.5. */
export interface Auroc {
  value: number
  interval: Interval | null
  p: number
}

/**
 * AUROC: the chance that a positive scores above a negative, ties counting half, which is U/(n₁n₀); p is Mann–Whitney's.
 * The interval is DeLong's (1988, by mid-ranks as Sun and Xu 2014), on the logit scale so that it stays inside (0, 1):
 * logit A ± z·σ/(A(1 − A)), σ² = var(V₁)/n₁ + var(V₀)/n₀, V the share of the other class that each member beats.
 * Null when either class is empty; no interval with one member in a class or when the members of each class all have the same V
 * (perfect separation, or all scores equal), where σ is 0 and says nothing.
 */
export function auroc(positives: readonly number[], negatives: readonly number[]): Auroc | null {
  const test = mannWhitney(positives, negatives)
  if (test === null) return null
  const value = test.u / (positives.length * negatives.length)
  return { value, interval: deLongInterval(positives, negatives, value), p: test.p }
}

function deLongInterval(
  positives: readonly number[],
  negatives: readonly number[],
  value: number,
): Interval | null {
  const { ranks } = averageRanks([...positives, ...negatives])
  const positiveRanks = averageRanks(positives).ranks
  const negativeRanks = averageRanks(negatives).ranks
  // A member's rank among all minus its rank in its own class counts the members of the other class below it.
  const positiveShares = positiveRanks.map((rank, index) => (ranks[index]! - rank) / negatives.length)
  const negativeShares = negativeRanks.map(
    (rank, index) => (ranks[positives.length + index]! - rank) / positives.length,
  )
  const positiveDeviation = sampleStandardDeviation(positiveShares)
  const negativeDeviation = sampleStandardDeviation(negativeShares)
  if (positiveDeviation === null || negativeDeviation === null) return null
  const standardError = Math.sqrt(
    positiveDeviation ** 2 / positives.length + negativeDeviation ** 2 / negatives.length,
  )
  if (standardError === 0) return null
  const logit = Math.log(value / (1 - value))
  const half = (normalQuantile975 * standardError) / (value * (1 - value))
  return { low: logistic(logit - half), high: logistic(logit + half) }
}

function logistic(x: number): number {
  return 1 / (1 + Math.exp(-x))
}
