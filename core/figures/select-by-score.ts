import type { ChartSelection } from './chart.ts'
import type { ScoreScale } from './score-data.ts'

/** Marks a stretch of an axis that is the score's own. */
export function selectByScore({ position }: ScoreScale, axis: 'x' | 'y'): ChartSelection {
  return {
    axis,
    scores(from, to) {
      const ends = [position.invert(from), position.invert(to)].sort((first, second) => first - second)
      return ends as [number, number]
    },
    place: (low, high) => {
      const ends = [position(low), position(high)].sort((first, second) => first - second)
      return ends as [number, number]
    },
  }
}
