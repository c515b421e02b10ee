import type { RunColumns } from '../record/run-tables.ts'
import { type Clusters, clustersOf, clustersWith } from './statistics/clusters.ts'
import { orderScores, type ScoreOrder } from './statistics/ranks.ts'

/** One score of the selected answers. */
export interface SelectedScore {
  name: string
  /** By answer; NaN where it is missing. */
  values: Float64Array
  /** The answers that have it, sorted. */
  sorted: ScoreOrder
}

/** The answers that statistics of uncertainty read, as columns: those that did not fail and have a mean entropy. */
export interface Selection {
  count: number
  /** Where each stands in the run's columns. */
  rows: number[]
  /** 1 or 0 by answer, and its complement. */
  correct: Uint8Array
  incorrect: Uint8Array
  generatedTokens: Int32Array
  level: (string | null)[]
  /** Answers to one problem. */
  problems: Clusters
  entropy: SelectedScore
  /** Every score that the run's columns hold, mean entropy included. */
  scores: SelectedScore[]
}

/** Name of the score that the analysis is about. */
export const mainScore = 'MeanTokenEntropy'

/** All rows of a run in one order, so that what is drawn at random does not depend on which answer was finished first. */
export function rowsInOrder({ count, problemIndex, sampleIndex }: RunColumns): number[] {
  return Array.from({ length: count }, (_, row) => row).sort(
    (first, second) =>
      problemIndex[first]! - problemIndex[second]! || sampleIndex[first]! - sampleIndex[second]!,
  )
}

/** Takes those of the rows that did not fail and have a finite mean entropy. */
export function selectAnswers(run: RunColumns, rows: readonly number[]): Selection {
  const entropies = run.scores[mainScore]
  const chosen = rows.filter(row => run.finishReason[row] !== 'error' && Number.isFinite(entropies?.[row]))
  const selectScore = (name: string, column: Float64Array | undefined): SelectedScore => {
    // JSON turns the infinities to null; a value that is not finite is treated as one that is not there.
    const valueAt = (row: number) => (Number.isFinite(column?.[row]) ? column![row]! : Number.NaN)
    const values = Float64Array.from(chosen, valueAt)
    return { name, values, sorted: orderScores(values) }
  }
  const scores = Object.entries(run.scores).map(([name, column]) => selectScore(name, column))
  const correct = Uint8Array.from(chosen, row => run.correct[row]!)
  return {
    count: chosen.length,
    rows: chosen,
    correct,
    incorrect: correct.map(value => 1 - value),
    generatedTokens: Int32Array.from(chosen, row => run.generatedTokens[row]!),
    level: chosen.map(row => run.level[row] ?? null),
    problems: clustersOf(chosen.map(row => run.problemId[row]!)),
    entropy: scores.find(score => score.name === mainScore) ?? selectScore(mainScore, undefined),
    scores,
  }
}

/** How many problems hold what a statistic is of: all answers, those of one class, or the class that fewer problems have. */
export type ProblemCounts = Record<'all' | 'correct' | 'incorrect' | 'smallerClass', number>

/** Counts the problems of a selection that have an answer of each class. */
export function countProblems({ problems, correct }: Pick<Selection, 'problems' | 'correct'>): ProblemCounts {
  const [ofCorrect, ofIncorrect] = [clustersWith(problems, correct, 1), clustersWith(problems, correct, 0)]
  return {
    all: problems.count,
    correct: ofCorrect,
    incorrect: ofIncorrect,
    smallerClass: Math.min(ofCorrect, ofIncorrect),
  }
}
