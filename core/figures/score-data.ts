import { extent, scaleLinear } from 'd3'
import { orderScores, type TieGroups, tieGroups } from '../study/statistics/ranks.ts'
import type { ChartSelection } from './chart.ts'
import { entropyScale, type ScoreScale, scaleTicks } from './entropy-scale.ts'
import type { ClassScores } from './figure-data.ts'

/** One score of some answers, and which of them are correct; only answers that have the score. */
export interface ScoreData {
  /** How axes name the score, with its unit. */
  label: string
  values: Float64Array
  /** 1 or 0. */
  correct: Uint8Array
}

/** The values of each class, as the figures of entropies have them. */
export function scoreGroups({ values, correct }: ScoreData): ClassScores[] {
  const valuesOf = (wanted: 0 | 1) => Array.from(values.filter((_, index) => correct[index] === wanted))
  return [
    { answerClass: 'correct', meanEntropies: valuesOf(1) },
    { answerClass: 'incorrect', meanEntropies: valuesOf(0) },
  ]
}

/** A scale over all values of a score: as entropies have it where none is negative, else linear. */
export function scoreScale({ values, label }: ScoreData, range: [number, number]): ScoreScale {
  const [low = 0, high = 1] = extent(values)
  if (low >= 0) {
    const scale = entropyScale(Array.from(values), range)
    const name = scale.kind === 'log' ? `${label}, log scale` : label
    return { position: scale.position, ticks: scaleTicks(scale), label: name }
  }
  const reserve = (high - low || 1) * 0.03
  const position = scaleLinear([low - reserve, high + reserve], range).clamp(true)
  return { position, ticks: scaleTicks({ position, ticks: position.ticks(5) }), label }
}

/** Why a score cannot be drawn, one line per string; null when it can. */
export function missingScores({ values }: ScoreData): string[] | null {
  if (values.length === 0) return ['No answers', 'with this score']
  if (values.length > 1 && values.every(value => value === values[0]))
    return ['All answers have', 'the same score']
  return null
}

/** Why nothing can be said of errors, one line per string; null when something can. */
export function missingClass(data: ScoreData): string[] | null {
  if (data.values.length === 0) return ['No answers', 'with this score']
  const correct = data.correct.reduce((sum, value) => sum + value, 0)
  if (correct === 0) return ['No correct answers', 'to compare with']
  if (correct === data.values.length) return ['No incorrect answers', 'to compare with']
  return null
}

/** The answers in the order of a score, the most certain first: scores in rising order, and groups of equal score. */
export function orderAnswers({ values, correct }: ScoreData): { sorted: Float64Array; ties: TieGroups } {
  const incorrect = Array.from(correct, value => value === 0)
  return { sorted: Float64Array.from(values).sort(), ties: tieGroups(orderScores(values), incorrect) }
}

/** Marks a range of a bottom axis that is the score's own. */
export function selectByScore({ position }: ScoreScale): ChartSelection {
  return {
    scores: (from, to) => inOrder(position.invert(from), position.invert(to)),
    place: (low, high) => inOrder(position(low), position(high)),
  }
}

/**
 * Marks a range of a bottom axis on which the answers stand in the order of a score: `countAt` says how many answers lie before
 * a place, `placeOf` where so many answers end. Both rise or fall along the axis.
 */
export function selectByOrder(
  sorted: Float64Array,
  countAt: (place: number) => number,
  placeOf: (count: number) => number,
): ChartSelection {
  const valueAt = (count: number) => sorted[Math.max(0, Math.min(sorted.length - 1, count))]!
  return {
    scores(from, to) {
      const [first, last] = inOrder(countAt(from), countAt(to))
      return [valueAt(Math.floor(first)), valueAt(Math.ceil(last) - 1)]
    },
    place(low, high) {
      const first = sorted.findIndex(value => value >= low)
      const last = sorted.findLastIndex(value => value <= high)
      if (first === -1 || last < first) return null
      return inOrder(placeOf(first), placeOf(last + 1))
    },
  }
}

function inOrder(one: number, other: number): [least: number, greatest: number] {
  return one <= other ? [one, other] : [other, one]
}
