import { logitInterval } from './logit-interval.ts'
import { mannWhitney } from './mann-whitney.ts'
import type { TieGroups } from './tie-groups.ts'
import type { Interval } from './wilson-interval.ts'

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
