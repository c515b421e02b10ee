import type { Clusters } from './clusters.ts'
import { logitInterval } from './logit-interval.ts'
import type { ScoreOrder } from './score-order.ts'
import { studentQuantile975 } from './student-quantile.ts'
import type { Interval } from './wilson-interval.ts'

/** An AUROC over the pairs whose members lie in the same stratum. */
export interface StratifiedAuroc {
  /** Share of those pairs in which the marked sample scores above the other, ties half. */
  value: number
  /** The mean of the strata's own AUROCs, each counting once. */
  meanOverStrata: number
  /** Strata that hold both classes. */
  strata: number
  pairs: number
  /** 95 % interval of `value` with the strata as independent clusters; null with one stratum or where they all agree. */
  interval: Interval | null
}

/**
 * Compares only what is alike: answers to one problem, of like length or of one level. The interval is that of a ratio of sums over strata
 * (Cochran 1977), σ² = k/(k − 1)·Σ(wₛ − A·mₛ)²/(Σmₛ)² with wₛ wins among mₛ pairs, on the logit scale with Student's t.
 * Null when no stratum holds both classes.
 */
export function stratifiedAuroc(
  { order, ends }: ScoreOrder,
  marks: ArrayLike<number>,
  strata: Clusters,
): StratifiedAuroc | null {
  const wins = new Float64Array(strata.count)
  const othersBelow = new Float64Array(strata.count)
  const marked = new Float64Array(strata.count)
  let start = 0
  for (const end of ends) {
    const members = order.subarray(start, end)
    // Half a win over what is below and half over what is below or equal: ties count half.
    for (const index of members)
      if (marks[index]) wins[strata.of[index]!]! += othersBelow[strata.of[index]!]! / 2
    for (const index of members) if (!marks[index]) othersBelow[strata.of[index]!]!++
    for (const index of members) {
      if (!marks[index]) continue
      wins[strata.of[index]!]! += othersBelow[strata.of[index]!]! / 2
      marked[strata.of[index]!]!++
    }
    start = end
  }
  const pairsOf = marked.map((count, stratum) => count * othersBelow[stratum]!)
  const mixed = [...pairsOf.keys()].filter(stratum => pairsOf[stratum]! > 0)
  if (mixed.length === 0) return null
  let totalWins = 0
  let pairs = 0
  let sumOfAreas = 0
  for (const stratum of mixed) {
    totalWins += wins[stratum]!
    pairs += pairsOf[stratum]!
    sumOfAreas += wins[stratum]! / pairsOf[stratum]!
  }
  const value = totalWins / pairs
  let squares = 0
  for (const stratum of mixed) squares += (wins[stratum]! - value * pairsOf[stratum]!) ** 2
  const interval =
    mixed.length < 2 || squares < 1e-24
      ? null
      : logitInterval(
          value,
          Math.sqrt((squares * mixed.length) / (mixed.length - 1)) / pairs,
          studentQuantile975(mixed.length - 1),
        )
  return { value, meanOverStrata: sumOfAreas / mixed.length, strata: mixed.length, pairs, interval }
}
