import type { AurocInfluence } from './auroc-influence.ts'
import { normalQuantile975, normalTail } from './normal-tail.ts'
import type { Interval } from './wilson-interval.ts'

/** The difference of two AUROCs over the same samples. */
export interface AurocDifference {
  /** AUROC of the first minus that of the second. */
  value: number
  /** 95 % interval; null where it is undefined. */
  interval: Interval | null
  /** Two-sided; null where it is undefined. */
  p: number | null
}

/**
 * DeLong's paired comparison (1988). The variance of a difference is the sum over samples of the squared difference of their influences, and
 * z = difference/σ. Both must be of the same samples; their classes may differ, as when two models answer the same problems. Interval and p
 * are undefined with one member in a class, and where nothing varies although the AUROCs differ (perfect separation).
 */
export function compareAurocs(first: AurocInfluence, second: AurocInfluence): AurocDifference {
  const value = first.value - second.value
  if (first.smallestClass < 2 || second.smallestClass < 2) return { value, interval: null, p: null }
  let variance = 0
  for (let index = 0; index < first.influence.length; index++) {
    variance += (first.influence[index]! - second.influence[index]!) ** 2
  }
  if (variance < 1e-30) {
    // Two scores that rank alike differ in no sample.
    return Math.abs(value) < 1e-15
      ? { value: 0, interval: { low: 0, high: 0 }, p: 1 }
      : { value, interval: null, p: null }
  }
  const standardError = Math.sqrt(variance)
  const half = normalQuantile975 * standardError
  return {
    value,
    interval: { low: value - half, high: value + half },
    p: Math.min(1, 2 * normalTail(Math.abs(value) / standardError)),
  }
}
