import type { ChartSelection } from './chart.ts'

/**
 * Marks a stretch of an axis on which the answers stand in the order of a score: `rankAt` says how many answers lie before
 * a place, `placeOf` where so many answers end. Both rise or fall along the axis.
 */
export function selectByRank(
  sorted: Float64Array,
  axis: 'x' | 'y',
  rankAt: (place: number) => number,
  placeOf: (rank: number) => number,
): ChartSelection {
  const valueAt = (rank: number) => sorted[Math.max(0, Math.min(sorted.length - 1, rank))]!
  return {
    axis,
    scores(from, to) {
      const [first, last] = [rankAt(from), rankAt(to)].sort((one, other) => one - other) as [number, number]
      return [valueAt(Math.floor(first)), valueAt(Math.ceil(last) - 1)]
    },
    place(low, high) {
      const first = sorted.findIndex(value => value >= low)
      const last = sorted.findLastIndex(value => value <= high)
      if (first === -1 || last < first) return null
      const ends = [placeOf(first), placeOf(last + 1)].sort((one, other) => one - other)
      return ends as [number, number]
    },
  }
}
