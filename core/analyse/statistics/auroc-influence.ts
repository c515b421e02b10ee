import type { ScoreOrder } from './score-order.ts'
import { tieGroups } from './tie-groups.ts'

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
