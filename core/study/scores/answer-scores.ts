import type { RunColumns } from '../../record/run-tables.ts'
import { type ScoreDefinition, type SequenceScore, sequenceScores } from './sequence-scores.ts'

interface ProblemAnswers {
  /** The class of each. */
  classes: number[]
  /** Log-probability of each, nats, and its mean over the answer's tokens. */
  sums: number[]
  means: number[]
  agreement: ReturnType<typeof selfConsistency>
}

interface AnswerScore extends Omit<ScoreDefinition, 'nullWhen'> {
  /** When it is undefined; with fewer than two answers to the problem, where it is absent. */
  nullWhen?: string
  /** One for all answers to the problem, or one for each. */
  compute: (answers: ProblemAnswers) => number | readonly number[] | null
}

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
    compute: ({ classes }) => semanticEntropy(classes, { kind: 'count' }),
  },
  SemanticEntropy: {
    unit: 'nats',
    formula:
      '−Σ P(c) log P(c), P(c) ∝ Σ exp(mean log p of an answer’s tokens) over class c; the same for all answers to a problem',
    source:
      'doi 10.1038/s41586-024-07421-0 (Farquhar and others), with length-normalised likelihoods; not what lm-polygraph computes by this ' +
      'name, which is −mean over the answers of log Σ exp(Σ log p) over the class of each',
    nullWhen: 'fewer than two answers to the problem, or one without a log-probability',
    compute: ({ classes, means }) => semanticEntropy(classes, { kind: 'likelihood', logprobs: means }),
  },
  SequenceSemanticEntropy: {
    unit: 'nats',
    formula: '−Σ P(c) log P(c), P(c) ∝ Σ exp(Σ log p) over class c; the same for all answers to a problem',
    source: 'arXiv 2302.09664, with likelihoods of whole answers',
    nullWhen: 'fewer than two answers to the problem, or one without a log-probability',
    compute: ({ classes, sums }) => semanticEntropy(classes, { kind: 'likelihood', logprobs: sums }),
  },
  SelfConsistency: {
    unit: 'share',
    formula: '1 − share of the most frequent answer; the same for all answers to a problem',
    source: 'arXiv 2203.11171',
    compute: ({ agreement }) => agreement && 1 - agreement.modalShare,
  },
  AnswerShare: {
    unit: 'share',
    formula: '1 − share of the answers that are equivalent to this one, itself included',
    source: 'arXiv 2203.11171',
    compute: ({ agreement }) => agreement && Array.from(agreement.ownShares, share => 1 - share),
  },
} as const satisfies Record<string, AnswerScore>

/** Name of a score that needs several answers to a problem. */
export type AnswerScoreName = keyof typeof answerScores

/**
 * Adds the scores of agreement to a run's columns, in place, and says whether it did: not where no problem has two
 * answers. `classes` holds for each row the class of its answer among those to its problem (`createAnswerClassCollector`). Reads the
 * columns MaximumSequenceProbability and generatedTokens; rows of one problem may stand anywhere.
 */
export function addAnswerScores(columns: RunColumns, classes: ArrayLike<number>): boolean {
  const finished = [...columns.finishReason.keys()].filter(row => columns.finishReason[row] !== 'error')
  const rowsOfProblem = Map.groupBy(finished, row => columns.problemIndex[row]!)
  const several = [...rowsOfProblem.values()].filter(rows => rows.length > 1)
  if (several.length === 0) return false

  const names = Object.keys(answerScores) as AnswerScoreName[]
  for (const name of names) columns.scores[name] = new Float64Array(columns.count).fill(Number.NaN)
  const ofAnswers = columns.scores['MaximumSequenceProbability']
  for (const rows of several) {
    const ids = rows.map(row => classes[row]!)
    const sums = rows.map(row => -(ofAnswers?.[row] ?? Number.NaN))
    const means = rows.map((row, index) => sums[index]! / columns.generatedTokens[row]!)
    const answers = { classes: ids, sums, means, agreement: selfConsistency(ids) }
    for (const name of names) {
      const found = answerScores[name].compute(answers)
      for (const [index, row] of rows.entries())
        columns.scores[name]![row] = (typeof found === 'object' ? found?.[index] : found) ?? Number.NaN
    }
  }
  return true
}

/** Agreement of the answers to one problem, by their classes (Wang et al. 2022, arXiv 2203.11171); null without answers. */
export function selfConsistency(classes: ArrayLike<number>) {
  if (classes.length === 0) return null
  const counts = new Map<number, number>()
  for (let index = 0; index < classes.length; index++)
    counts.set(classes[index]!, (counts.get(classes[index]!) ?? 0) + 1)
  let modal = 0
  for (const count of counts.values()) modal = Math.max(modal, count)
  return {
    /** Share of the answers in the largest class. */
    modalShare: modal / classes.length,
    /** For each answer, the share of the answers in its own class, itself included. */
    ownShares: Float64Array.from(classes, own => counts.get(own)! / classes.length),
  }
}

/** How much each answer weighs in its class: alike, or by exp of its log-probability or of that's mean over its tokens. */
export type AnswerWeights = { kind: 'count' } | { kind: 'likelihood'; logprobs: ArrayLike<number> }

/**
 * Entropy over the classes of equivalent answers to one problem, nats: −Σ P(c) log P(c), with P(c) the share of the
 * answers' weight in class c. By counts it is the discrete semantic entropy; by likelihood P(c) ∝ Σ exp(log-probability)
 * over the answers of c (Kuhn et al. 2023, arXiv 2302.09664; Farquhar et al. 2024, doi 10.1038/s41586-024-07421-0, whose
 * code weighs by the mean log-probability of a token, so that long answers do not count for nothing). Null without
 * answers, or where a log-probability is not finite.
 */
export function semanticEntropy(classes: ArrayLike<number>, weights: AnswerWeights): number | null {
  let largest = 0
  if (weights.kind === 'likelihood') {
    largest = Number.NEGATIVE_INFINITY
    for (let index = 0; index < classes.length; index++) {
      if (!Number.isFinite(weights.logprobs[index])) return null
      largest = Math.max(largest, weights.logprobs[index]!)
    }
  }
  const masses = new Map<number, number>()
  let total = 0
  for (let index = 0; index < classes.length; index++) {
    const weight = weights.kind === 'count' ? 1 : Math.exp(weights.logprobs[index]! - largest)
    masses.set(classes[index]!, (masses.get(classes[index]!) ?? 0) + weight)
    total += weight
  }
  if (total === 0) return null
  let entropy = 0
  for (const mass of masses.values()) if (mass > 0) entropy -= (mass / total) * Math.log(mass / total)
  return entropy
}

/**
 * What every score is, in words, by its name: unit, formula, source and when it is undefined. `topLogprobs` is how many
 * likeliest tokens the run recorded, k where it is not given; the scores that depend on it say so.
 */
export function scoreDefinitions(topLogprobs?: number): Record<string, ScoreDefinition> {
  const k = topLogprobs === undefined ? 'k' : `k = ${topLogprobs}`
  const define = (scores: Record<string, SequenceScore | AnswerScore>, otherwise: string) =>
    Object.entries(scores).map(([name, { unit, formula, source, nullWhen = otherwise }]) => {
      const definition = {
        unit,
        formula: formula.replace('the k likeliest', `the ${k} likeliest`),
        source,
        nullWhen,
      }
      return [name, definition] as const
    })
  return Object.fromEntries([
    ...define(sequenceScores, 'no tokens'),
    ...define(answerScores, 'fewer than two answers to the problem'),
  ])
}
