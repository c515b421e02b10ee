import { orderScores } from '../analyse/statistics/score-order.ts'
import { type TieGroups, tieGroups } from '../analyse/statistics/tie-groups.ts'
import type { ScoreData } from './score-data.ts'

/** The answers in the order of a score, the most certain first. */
export interface RankData {
  /** Scores in rising order. */
  sorted: Float64Array
  /** Groups of equal score; incorrect answers are marked. */
  ties: TieGroups
}

/** Sorts the answers by their score. */
export function rankScores({ values, correct }: ScoreData): RankData {
  const order = orderScores(values)
  return {
    sorted: Float64Array.from(values).sort(),
    ties: tieGroups(
      order,
      Array.from(correct, value => value === 0),
    ),
  }
}
