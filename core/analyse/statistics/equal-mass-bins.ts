import { orderScores } from './score-order.ts'

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
