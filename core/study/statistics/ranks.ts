import { none, type Undefined } from '../undefined.ts'

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
    if (position === order.length || scores[order[position]!] !== scores[order[position - 1]!])
      ends.push(position)
  }
  return { order, ends: Uint32Array.from(ends) }
}

/**
 * Ranks from 1, the smallest first, of samples that count once, or `weights` times each, copies of a sample being tied: equal scores share
 * the mean of their ranks. 0 for samples without a score.
 */
export function averageRanks({ order, ends }: ScoreOrder, weights: ArrayLike<number>): Float64Array {
  const ranks = new Float64Array(weights.length)
  let below = 0
  let start = 0
  for (const end of ends) {
    let size = 0
    for (let position = start; position < end; position++) size += weights[order[position]!]!
    // Ranks below + 1 to below + size have this mean.
    for (let position = start; position < end; position++) ranks[order[position]!] = below + (size + 1) / 2
    below += size
    start = end
  }
  return ranks
}

/** Of samples that count once each. */
export function onceEach(samples: number): Uint32Array {
  return new Uint32Array(samples).fill(1)
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
export function tieGroups(order: ScoreOrder, marks: ArrayLike<number | boolean>): TieGroups {
  return weightedTieGroups(
    order,
    Uint8Array.from(marks, mark => (mark ? 1 : 0)),
  )(onceEach(marks.length))
}

/** Why what compares the classes is undefined; null where both are there. */
export function lackOfClass({
  total,
  totalMarked,
}: Pick<TieGroups, 'total' | 'totalMarked'>): Undefined | null {
  if (total === 0) return none({ because: 'no-answers' })
  if (totalMarked > 0 && totalMarked < total) return null
  return none({ because: 'one-class', marked: totalMarked > 0 })
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
