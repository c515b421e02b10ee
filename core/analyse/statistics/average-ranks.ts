import { orderScores } from './score-order.ts'

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
