import { extent, scaleLinear } from 'd3'
import { type EntropyScale, entropyScale } from './entropy-scale.ts'
import type { FigureGroup } from './figure-data.ts'
import { formatTick } from './format-number.ts'
import type { Tick } from './panel.ts'

/** One score of some answers, and which of them are correct; only answers that have the score. */
export interface ScoreData {
  /** How axes name the score, with its unit. */
  label: string
  values: Float64Array
  /** 1 or 0. */
  correct: Uint8Array
}

/** A scale over the values of a score, and its ticks. */
export interface ScoreScale {
  position: EntropyScale['position']
  ticks: Tick[]
  /** The label of its axis. */
  label: string
}

/** The values of each class, as the figures of entropies have them. */
export function scoreGroups({
  values,
  correct,
}: ScoreData): Pick<FigureGroup, 'answerClass' | 'meanEntropies'>[] {
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
    const { position, ticks, kind } = entropyScale(Array.from(values), range)
    return {
      position,
      ticks: ticks.map(value => ({ at: position(value), label: formatTick(value) })),
      label: kind === 'log' ? `${label}, log scale` : label,
    }
  }
  const reserve = (high - low || 1) * 0.03
  const position = scaleLinear()
    .domain([low - reserve, high + reserve])
    .range(range)
    .clamp(true)
  const ticks = position.ticks(5).map(value => ({ at: position(value), label: formatTick(value) }))
  return { position, ticks, label }
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
