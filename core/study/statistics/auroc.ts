import { normalQuantile975, normalTail, studentQuantile975 } from './distributions.ts'
import { mannWhitney } from './hypothesis-tests.ts'
import { type Interval, logitInterval } from './intervals.ts'
import { type ScoreOrder, type TieGroups, tieGroups } from './ranks.ts'
import type { Clusters } from './resampling.ts'

/** Area under the receiver operating characteristic with its 95 % interval (null where it is undefined) and two-sided p against 0.5. */
export interface Auroc {
  value: number
  interval: Interval | null
  p: number
}

/**
 * AUROC: the chance that a marked sample scores above another, ties counting half, which is U/(n₁n₀); p is Mann–Whitney's.
 * The interval is DeLong's (1988) on the logit scale: σ² = var(V₁)/n₁ + var(V₀)/n₀, V the share of the other class that each
 * member beats, which all members of a group of equal scores have in common.
 * Null when either class is empty; no interval with one member in a class or when the members of each class all have the
 * same V (perfect separation, or all scores equal), where σ is 0 and says nothing.
 */
export function auroc(groups: TieGroups): Auroc | null {
  const test = mannWhitney(groups)
  if (test === null) return null
  const value = test.u / (groups.totalMarked * (groups.total - groups.totalMarked))
  return { value, interval: logitInterval(value, deLongStandardError(groups, value)), p: test.p }
}

/** DeLong's standard error of an AUROC; 0 where the variance is undefined, with one member in a class. */
function deLongStandardError({ sizes, marked, total, totalMarked }: TieGroups, value: number): number {
  const totalOthers = total - totalMarked
  if (totalMarked < 2 || totalOthers < 2) return 0
  let markedBelow = 0
  let othersBelow = 0
  let markedSquares = 0
  let othersSquares = 0
  for (let group = 0; group < sizes.length; group++) {
    const here = marked[group]!
    const others = sizes[group]! - here
    const markedShare = (othersBelow + others / 2) / totalOthers
    const othersShare = (totalMarked - markedBelow - here / 2) / totalMarked
    markedSquares += here * (markedShare - value) ** 2
    othersSquares += others * (othersShare - value) ** 2
    markedBelow += here
    othersBelow += others
  }
  // Shares that are equal but for rounding differ by less than this.
  const variance =
    markedSquares / (totalMarked * (totalMarked - 1)) + othersSquares / (totalOthers * (totalOthers - 1))
  return variance < 1e-30 ? 0 : Math.sqrt(variance)
}

/** An AUROC and how much each sample moves it. */
export interface AurocInfluence {
  value: number
  /** Members of the smaller class. */
  smallestClass: number
  /**
   * By sample, (V − A)/√(n(n − 1)): V the share of the other class that the sample beats, n the size of its own class. The squares sum to
   * DeLong's variance (1988). 0 for samples without a score.
   */
  influence: Float64Array
}

/** Null when a class is empty. */
export function aurocInfluence(scoreOrder: ScoreOrder, marks: ArrayLike<number>): AurocInfluence | null {
  const { order, ends } = scoreOrder
  const { sizes, marked, total, totalMarked } = tieGroups(scoreOrder, marks)
  const totalOthers = total - totalMarked
  if (totalMarked === 0 || totalOthers === 0) return null
  const influence = new Float64Array(marks.length)
  let wins = 0
  let markedBelow = 0
  let othersBelow = 0
  let position = 0
  for (let group = 0; group < ends.length; group++) {
    const here = marked[group]!
    const others = sizes[group]! - here
    const markedShare = (othersBelow + others / 2) / totalOthers
    const othersShare = (totalMarked - markedBelow - here / 2) / totalMarked
    for (; position < ends[group]!; position++) {
      const index = order[position]!
      influence[index] = marks[index] ? markedShare : othersShare
    }
    wins += here * (othersBelow + others / 2)
    markedBelow += here
    othersBelow += others
  }
  const value = wins / totalMarked / totalOthers
  const markedScale = Math.sqrt(totalMarked * Math.max(1, totalMarked - 1))
  const othersScale = Math.sqrt(totalOthers * Math.max(1, totalOthers - 1))
  for (const index of order) {
    influence[index] = (influence[index]! - value) / (marks[index] ? markedScale : othersScale)
  }
  return { value, smallestClass: Math.min(totalMarked, totalOthers), influence }
}

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

/**
 * AUPRC as average precision Σ(Rₙ − Rₙ₋₁)Pₙ over the thresholds from the highest score down, equal scores sharing one threshold;
 * no interpolation, as in scikit-learn. A score without information gives the share of marked samples. Null with none marked.
 */
export function averagePrecision({ sizes, marked, totalMarked }: TieGroups): number | null {
  if (totalMarked === 0) return null
  let above = 0
  let markedAbove = 0
  let sum = 0
  for (let group = sizes.length - 1; group >= 0; group--) {
    above += sizes[group]!
    markedAbove += marked[group]!
    sum += (marked[group]! / totalMarked) * (markedAbove / above)
  }
  return sum
}
