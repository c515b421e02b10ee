/**
 * Ranks from 1, the smallest first; equal values share the mean of their ranks.
 * `tieSizes` holds the size of every group of equal values, in rising order of value; groups of one included.
 */
export function averageRanks(values: readonly number[]): { ranks: number[]; tieSizes: number[] } {
  const order = values.map((_, index) => index).sort((first, second) => values[first]! - values[second]!)
  const ranks = new Array<number>(values.length)
  const tieSizes: number[] = []
  for (let start = 0; start < order.length; ) {
    let end = start + 1
    while (end < order.length && values[order[end]!] === values[order[start]!]) end++
    // Ranks start + 1 to end have the mean (start + 1 + end) / 2.
    for (let position = start; position < end; position++) ranks[order[position]!] = (start + 1 + end) / 2
    tieSizes.push(end - start)
    start = end
  }
  return { ranks, tieSizes }
}
