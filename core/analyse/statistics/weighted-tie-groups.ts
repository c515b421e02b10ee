import type { ScoreOrder } from './score-order.ts'
import type { TieGroups } from './tie-groups.ts'

/**
 * Gives the groups of equal score of samples that count `weights` times each; what does not count is not there. The groups are valid until
 * the next call, which uses their arrays again: fresh ones would cost more than all that is counted.
 */
export function weightedTieGroups(
  { order, ends }: ScoreOrder,
  marks: Uint8Array,
): (weights: Uint32Array) => TieGroups {
  const sizes = new Uint32Array(ends.length + 1)
  const marked = new Uint32Array(ends.length + 1)
  const sorted = Uint8Array.from(order, sample => marks[sample]!)
  return weights => {
    let groups = 0
    let total = 0
    let totalMarked = 0
    let position = 0
    for (let group = 0; group < ends.length; group++) {
      let size = 0
      let here = 0
      for (; position < ends[group]!; position++) {
        const weight = weights[order[position]!]!
        size += weight
        here += weight * sorted[position]!
      }
      // Written over by the next group when empty.
      sizes[groups] = size
      marked[groups] = here
      groups += size > 0 ? 1 : 0
      total += size
      totalMarked += here
    }
    return { sizes: sizes.subarray(0, groups), marked: marked.subarray(0, groups), total, totalMarked }
  }
}
