import {
  type ColumnName,
  ifDefined,
  isUndefined,
  type Maybe,
  none,
  orBecause,
  partOf,
  type Reason,
  type Statistic,
  type Undefined,
} from '../undefined.ts'
import type { Clusters } from './clusters.ts'
import { normalQuantile975, normalTail, studentQuantile975 } from './distributions.ts'
import { mannWhitney } from './hypothesis-tests.ts'
import { endsOf, type Interval, logitScale, scaledInterval } from './intervals.ts'
import { lackOfClass, type ScoreOrder, type TieGroups, tieGroups } from './ranks.ts'
import { type BootstrapSpread, bootstrapSpread, plainInterval } from './resampling.ts'

/**
 * The area under the receiver operating characteristic with its 95 % interval and two-sided p against 0.5: the chance that a marked sample scores above another, ties counting half, which is U/(n₁n₀); p is Mann–Whitney's.
 * The interval is DeLong's (1988) on the logit scale: σ² = var(V₁)/n₁ + var(V₀)/n₀, V the share of the other class that each
 * member beats, which all members of a group of equal scores have in common.
 * Undefined when either class is empty; no interval with one member in a class or when the members of each class all have the
 * same V (perfect separation, or all scores equal), where σ is 0 and says nothing.
 */
export function auroc(groups: TieGroups) {
  return ifDefined(mannWhitney(groups), ({ u, p }) => {
    const value = u / (groups.totalMarked * (groups.total - groups.totalMarked))
    return { value, interval: deLongInterval(groups, value), p }
  })
}

function deLongInterval(groups: TieGroups, value: number): Maybe<Interval> {
  const { sizes, marked, total, totalMarked } = groups
  const totalOthers = total - totalMarked
  if (totalMarked < 2 || totalOthers < 2) return none({ because: 'single-member' })
  const { ofMarked, ofOthers } = sharesBeaten(groups)
  let markedSquares = 0
  let othersSquares = 0
  for (let group = 0; group < sizes.length; group++) {
    markedSquares += marked[group]! * (ofMarked[group]! - value) ** 2
    othersSquares += (sizes[group]! - marked[group]!) * (ofOthers[group]! - value) ** 2
  }
  const variance =
    markedSquares / (totalMarked * (totalMarked - 1)) + othersSquares / (totalOthers * (totalOthers - 1))
  // Shares that are equal but for rounding differ by less than this.
  const interval =
    variance < 1e-30 ? null : scaledInterval(value, Math.sqrt(variance), normalQuantile975, logitScale)
  return orBecause(interval, lackOfOverlap(groups, value) ?? { because: 'same-share' })
}

/** Why an AUROC does not vary, if its value shows it. */
function lackOfOverlap({ sizes }: TieGroups, value: number): Reason | null {
  if (sizes.length === 1) return { because: 'constant', column: 'first' }
  return value === 0 || value === 1 ? { because: 'separated' } : null
}

/** By group of equal score, the share of the other class that a member beats, ties half. */
function sharesBeaten({ sizes, marked, total, totalMarked }: TieGroups) {
  const ofMarked = new Float64Array(sizes.length)
  const ofOthers = new Float64Array(sizes.length)
  let markedBelow = 0
  let othersBelow = 0
  for (let group = 0; group < sizes.length; group++) {
    const here = marked[group]!
    const others = sizes[group]! - here
    ofMarked[group] = (othersBelow + others / 2) / (total - totalMarked)
    ofOthers[group] = (totalMarked - markedBelow - here / 2) / totalMarked
    markedBelow += here
    othersBelow += others
  }
  return { ofMarked, ofOthers }
}

/**
 * The interval of an AUROC from resampled clusters, `resampled` holding its values: Student's on the logit scale. Undefined with one cluster, where
 * the score separates the classes or does not vary, or where too many resamples miss a class.
 */
export function bootstrapAurocInterval(
  groups: TieGroups,
  value: number,
  resampled: Float64Array,
  clusters: number,
): Maybe<Interval> {
  const spread = bootstrapSpread(resampled, clusters)
  const lack = clusters < 2 ? null : lackOfOverlap(groups, value)
  if (lack) return none(lack)
  if (isUndefined(spread)) return spread
  const interval = scaledInterval(value, spread.standardError, spread.quantile, logitScale)
  return orBecause(interval, { because: 'alike-resamples' })
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

/** The AUROC of marked samples against the others with the influence of each; undefined when a class is empty. */
export function aurocInfluence(scoreOrder: ScoreOrder, marks: ArrayLike<number>): Maybe<AurocInfluence> {
  const { order, ends } = scoreOrder
  const groups = tieGroups(scoreOrder, marks)
  const test = mannWhitney(groups)
  if (isUndefined(test)) return test
  const { total, totalMarked } = groups
  const totalOthers = total - totalMarked
  const value = test.u / totalMarked / totalOthers
  const markedScale = Math.sqrt(totalMarked * Math.max(1, totalMarked - 1))
  const othersScale = Math.sqrt(totalOthers * Math.max(1, totalOthers - 1))
  const { ofMarked, ofOthers } = sharesBeaten(groups)
  const influence = new Float64Array(marks.length)
  let position = 0
  for (let group = 0; group < ends.length; group++) {
    for (; position < ends[group]!; position++) {
      const index = order[position]!
      influence[index] = marks[index]
        ? (ofMarked[group]! - value) / markedScale
        : (ofOthers[group]! - value) / othersScale
    }
  }
  return { value, smallestClass: Math.min(totalMarked, totalOthers), influence }
}

/** The difference of two AUROCs over the same samples. */
export interface AurocDifference {
  /** AUROC of the first minus that of the second. */
  difference: Statistic
  /** 95 % interval, which is undefined where p is. */
  low: Statistic
  high: Statistic
  /** 95 % interval from resampled clusters. */
  bootstrapLow: Statistic
  bootstrapHigh: Statistic
  /** Two-sided. */
  p: Statistic
}

/**
 * DeLong's paired comparison (1988). The variance of a difference is the sum over samples of the squared difference of their influences, and
 * z = difference/σ. Both must be of the same samples; their classes may differ, as when two models answer the same problems. Interval and p
 * are undefined with one member in a class, and where nothing varies although the AUROCs differ (perfect separation). `spread` is that of the
 * difference in resamples.
 */
export function aurocDifference(
  first: Maybe<AurocInfluence>,
  second: Maybe<AurocInfluence>,
  spread: Maybe<BootstrapSpread>,
): AurocDifference {
  const whole = differenceOf(first, second)
  const difference = partOf(whole, 'value')
  const resampled = endsOf(plainInterval(difference, spread))
  return {
    difference,
    ...endsOf(partOf(whole, 'interval')),
    bootstrapLow: resampled.low,
    bootstrapHigh: resampled.high,
    p: partOf(whole, 'p'),
  }
}

function differenceOf(
  first: Maybe<AurocInfluence>,
  second: Maybe<AurocInfluence>,
): Maybe<{ value: number; interval: Maybe<Interval>; p: Statistic }> {
  if (isUndefined(first) || isUndefined(second)) {
    const { undefined: reason } = isUndefined(first) ? first : (second as Undefined)
    const of = columnsThat(isUndefined(first), isUndefined(second))
    return none(reason.because === 'one-class' ? { ...reason, of } : reason)
  }
  const value = first.value - second.value
  const withoutInterval = (reason: Reason) => ({ value, interval: none(reason), p: none(reason) })
  const [isFirstSingle, isSecondSingle] = [first.smallestClass < 2, second.smallestClass < 2]
  if (isFirstSingle || isSecondSingle)
    return withoutInterval({ because: 'single-member', of: columnsThat(isFirstSingle, isSecondSingle) })
  let variance = 0
  for (let index = 0; index < first.influence.length; index++)
    variance += (first.influence[index]! - second.influence[index]!) ** 2
  if (variance < 1e-30) {
    // Two scores that rank alike differ in no sample.
    return Math.abs(value) < 1e-15
      ? { value: 0, interval: { low: 0, high: 0 }, p: 1 }
      : withoutInterval({ because: 'same-share' })
  }
  const standardError = Math.sqrt(variance)
  const half = normalQuantile975 * standardError
  return {
    value,
    interval: { low: value - half, high: value + half },
    p: Math.min(1, 2 * normalTail(Math.abs(value) / standardError)),
  }
}

function columnsThat(first: boolean, second: boolean): ColumnName {
  return first && second ? 'both' : first ? 'first' : 'second'
}

/**
 * An AUROC over the pairs whose members lie in the same stratum, which compares only what is alike: answers to one problem, of like length or
 * of one level. The interval, with the strata as independent clusters, is that of a ratio of sums over strata
 * (Cochran 1977), σ² = k/(k − 1)·Σ(wₛ − A·mₛ)²/(Σmₛ)² with wₛ wins among mₛ pairs, on the logit scale with Student's t.
 * Undefined when no stratum holds both classes.
 */
export function stratifiedAuroc({ order, ends }: ScoreOrder, marks: ArrayLike<number>, strata: Clusters) {
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
  if (mixed.length === 0) return none({ because: 'no-mixed-stratum' })
  let totalWins = 0
  let pairs = 0
  let sumOfAreas = 0
  for (const stratum of mixed) {
    totalWins += wins[stratum]!
    pairs += pairsOf[stratum]!
    sumOfAreas += wins[stratum]! / pairsOf[stratum]!
  }
  /** Share of those pairs in which the marked sample scores above the other, ties half. */
  const value = totalWins / pairs
  let squares = 0
  for (const stratum of mixed) squares += (wins[stratum]! - value * pairsOf[stratum]!) ** 2
  const interval =
    mixed.length < 2 || squares < 1e-24
      ? null
      : scaledInterval(
          value,
          Math.sqrt((squares * mixed.length) / (mixed.length - 1)) / pairs,
          studentQuantile975(mixed.length - 1),
          logitScale,
        )
  return {
    value,
    /** The mean of the strata's own AUROCs, each counting once. */
    meanOverStrata: sumOfAreas / mixed.length,
    /** Strata that hold both classes. */
    strata: mixed.length,
    pairs,
    interval: orBecause(
      interval,
      mixed.length < 2
        ? { because: 'one-mixed-stratum' }
        : value === 0 || value === 1
          ? { because: 'separated-strata' }
          : { because: 'alike-strata' },
    ),
  }
}

/**
 * AUPRC as average precision Σ(Rₙ − Rₙ₋₁)Pₙ over the thresholds from the highest score down, equal scores sharing one threshold;
 * no interpolation, as in scikit-learn. A score without information gives the share of marked samples. Undefined with none marked.
 */
export function averagePrecision(groups: TieGroups): Statistic {
  const { sizes, marked, totalMarked } = groups
  if (totalMarked === 0) return lackOfClass(groups)!
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
