import type { ScoreOrder } from './score-order.ts'
import { weightedMoments } from './weighted-moments.ts'

/** Pearson's correlation of pairs that count `weights` times each. Null where a column does not vary. */
export function weightedPearson(x: Float64Array, y: Float64Array, weights: Uint32Array): number | null {
  const [ofX, ofY] = [weightedMoments(x, weights), weightedMoments(y, weights)]
  if (!(ofX.squares > 0 && ofY.squares > 0)) return null
  let products = 0
  for (let index = 0; index < weights.length; index++)
    products += weights[index]! * (x[index]! - ofX.mean) * (y[index]! - ofY.mean)
  return Math.min(1, Math.max(-1, products / Math.sqrt(ofX.squares) / Math.sqrt(ofY.squares)))
}

/** Spearman's correlation of pairs that count `weights` times each: ranks and ties are those of the resample. Null where a column does not vary. */
export function weightedSpearman(x: ScoreOrder, y: ScoreOrder, weights: Uint32Array): number | null {
  return weightedPearson(weightedRanks(x, weights), weightedRanks(y, weights), weights)
}

/** Mean ranks of samples that count `weights` times each, copies of a sample being tied. */
function weightedRanks({ order, ends }: ScoreOrder, weights: Uint32Array): Float64Array {
  const ranks = new Float64Array(weights.length)
  let below = 0
  let start = 0
  for (let group = 0; group < ends.length; group++) {
    const end = ends[group]!
    let size = 0
    for (let position = start; position < end; position++) size += weights[order[position]!]!
    for (let position = start; position < end; position++) ranks[order[position]!] = below + (size + 1) / 2
    below += size
    start = end
  }
  return ranks
}
