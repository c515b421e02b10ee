import type { RunColumns } from '../../formats/run-columns.ts'
import type { ScoreDefinition } from '../scores/score-definition.ts'
import { selfConsistency } from './self-consistency.ts'
import { semanticEntropy } from './semantic-entropy.ts'

/**
 * Scores of an answer that need the other answers to its problem, each larger the less certain the model was. The answers
 * are all samples of a problem that did not fail; those without an extracted answer are one class.
 */
export const answerScores = {
  DiscreteSemanticEntropy: {
    unit: 'nats',
    formula:
      '−Σ P(c) log P(c), P(c) the share of the answers in class c; the same for all answers to a problem',
    source: 'doi 10.1038/s41586-024-07421-0 (discrete semantic entropy)',
    nullWhen: 'fewer than two answers to the problem',
  },
  SemanticEntropy: {
    unit: 'nats',
    formula:
      '−Σ P(c) log P(c), P(c) ∝ Σ exp(mean log p of an answer’s tokens) over class c; the same for all answers to a problem',
    source:
      'doi 10.1038/s41586-024-07421-0 (Farquhar and others), with length-normalised likelihoods; not what lm-polygraph computes by this ' +
      'name, which is −mean over the answers of log Σ exp(Σ log p) over the class of each',
    nullWhen: 'fewer than two answers to the problem, or one without a log-probability',
  },
  SequenceSemanticEntropy: {
    unit: 'nats',
    formula: '−Σ P(c) log P(c), P(c) ∝ Σ exp(Σ log p) over class c; the same for all answers to a problem',
    source: 'arXiv 2302.09664, with likelihoods of whole answers',
    nullWhen: 'fewer than two answers to the problem, or one without a log-probability',
  },
  SelfConsistency: {
    unit: 'share',
    formula: '1 − share of the most frequent answer; the same for all answers to a problem',
    source: 'arXiv 2203.11171',
    nullWhen: 'fewer than two answers to the problem',
  },
  AnswerShare: {
    unit: 'share',
    formula: '1 − share of the answers that are equivalent to this one, itself included',
    source: 'arXiv 2203.11171',
    nullWhen: 'fewer than two answers to the problem',
  },
} as const satisfies Record<string, ScoreDefinition>

/** Name of a score that needs several answers to a problem. */
export type AnswerScoreName = keyof typeof answerScores

/**
 * Adds the scores of agreement to a run's columns, in place, and says whether it did: not where no problem has two
 * answers. `classes` holds for each row the class of its answer among those to its problem (`answerClasses`). Reads the
 * columns MaximumSequenceProbability and generatedTokens; rows of one problem may stand anywhere.
 */
export function addAnswerScores(columns: RunColumns, classes: ArrayLike<number>): boolean {
  const rowsOfProblem = new Map<number, number[]>()
  for (let row = 0; row < columns.count; row++) {
    if (columns.finishReason[row] === 'error') continue
    const rows = rowsOfProblem.get(columns.problemIndex[row]!)
    if (rows === undefined) rowsOfProblem.set(columns.problemIndex[row]!, [row])
    else rows.push(row)
  }
  const several = [...rowsOfProblem.values()].filter(rows => rows.length > 1)
  if (several.length === 0) return false

  const names = Object.keys(answerScores) as AnswerScoreName[]
  const added = Object.fromEntries(
    names.map(name => [name, new Float64Array(columns.count).fill(Number.NaN)]),
  ) as Record<AnswerScoreName, Float64Array>
  for (const rows of several) {
    const ids = rows.map(row => classes[row]!)
    const sums = rows.map(row => -(columns.scores['MaximumSequenceProbability']?.[row] ?? Number.NaN))
    const means = rows.map((row, index) => sums[index]! / columns.generatedTokens[row]!)
    const agreement = selfConsistency(ids)
    const shared = {
      DiscreteSemanticEntropy: semanticEntropy(ids, { kind: 'count' }),
      SemanticEntropy: semanticEntropy(ids, { kind: 'likelihood', logprobs: means }),
      SequenceSemanticEntropy: semanticEntropy(ids, { kind: 'likelihood', logprobs: sums }),
      SelfConsistency: agreement === null ? null : 1 - agreement.modalShare,
    }
    for (const [index, row] of rows.entries()) {
      for (const name of Object.keys(shared) as (keyof typeof shared)[])
        added[name][row] = shared[name] ?? Number.NaN
      added.AnswerShare[row] = 1 - (agreement?.ownShares[index] ?? Number.NaN)
    }
  }
  Object.assign(columns.scores, added)
  return true
}
