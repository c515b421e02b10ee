/** Samples by rising score. Sorting once serves every statistic of a score, and every resample of a bootstrap. */
export interface ScoreOrder {
  /** Indices of the samples that have a score, the lowest score first. */
  order: Uint32Array
  /** Where in `order` each group of equal scores ends: one past its last member. */
  ends: Uint32Array
}

/** Sorts samples by score; NaN is a missing score, and that sample is left out. */
export function orderScores(scores: ArrayLike<number>): ScoreOrder {
  const present: number[] = []
  for (let index = 0; index < scores.length; index++) if (!Number.isNaN(scores[index]!)) present.push(index)
  const order = Uint32Array.from(present).sort((first, second) => scores[first]! - scores[second]!)
  const ends: number[] = []
  for (let position = 1; position <= order.length; position++) {
    if (position === order.length || scores[order[position]!] !== scores[order[position - 1]!]) {
      ends.push(position)
    }
  }
  return { order, ends: Uint32Array.from(ends) }
}

/** Ranks from 1, the smallest first; equal values share the mean of their ranks. */
export function averageRanks(values: ArrayLike<number>): Float64Array {
  const { order, ends } = orderScores(values)
  const ranks = new Float64Array(values.length)
  let start = 0
  for (const end of ends) {
    // Ranks start + 1 to end have the mean (start + 1 + end) / 2.
    for (let position = start; position < end; position++) ranks[order[position]!] = (start + 1 + end) / 2
    start = end
  }
  return ranks
}

/**
 * Cuts samples, sorted by value, into at most `most` bins of about equal number: a sample's bin is the integer part of
 * `most` times its mid-rank share, so equal values are never parted. Returns the samples of each bin, lowest
 * values first; no bin is empty.
 */
export function equalMassBins(values: ArrayLike<number>, most: number): Uint32Array[] {
  const { order, ends } = orderScores(values)
  const bins: Uint32Array[] = []
  let binStart = 0
  let binNumber = 0
  let start = 0
  for (const end of ends) {
    const number = Math.floor((most * (start + end)) / 2 / order.length)
    if (number !== binNumber && start > binStart) {
      bins.push(order.subarray(binStart, start))
      binStart = start
    }
    binNumber = number
    start = end
  }
  if (start > binStart) bins.push(order.subarray(binStart, start))
  return bins
}

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
