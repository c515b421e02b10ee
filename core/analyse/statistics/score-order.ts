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
