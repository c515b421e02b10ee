import type { ScoreOrder } from './score-order.ts'

/** The groups of equal score, the lowest score first: all that a statistic of ranks reads. */
export interface TieGroups {
  /** Samples in each group. */
  sizes: Uint32Array
  /** How many of them are marked (as a rule: incorrect). */
  marked: Uint32Array
  /** Samples in all groups. */
  total: number
  /** Marked samples in all groups. */
  totalMarked: number
}

/** Counts the samples and the marked ones in every group of equal score; `marks` is by sample, as the order's indices are. */
export function tieGroups({ order, ends }: ScoreOrder, marks: ArrayLike<number | boolean>): TieGroups {
  const sizes = new Uint32Array(ends.length)
  const marked = new Uint32Array(ends.length)
  let totalMarked = 0
  let position = 0
  for (let group = 0; group < ends.length; group++) {
    const start = position
    for (; position < ends[group]!; position++) if (marks[order[position]!]) marked[group]!++
    sizes[group] = position - start
    totalMarked += marked[group]!
  }
  return { sizes, marked, total: order.length, totalMarked }
}
