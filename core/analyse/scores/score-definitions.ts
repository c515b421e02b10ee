import { answerScores } from '../answers/add-answer-scores.ts'
import type { ScoreDefinition } from './score-definition.ts'
import { sequenceScores } from './sequence-scores.ts'

/**
 * What every score is, in words, by its name: unit, formula, source and when it is undefined. `topLogprobs` is how many
 * likeliest tokens the run recorded, k where it is not given; the scores that depend on it say so.
 */
export function scoreDefinitions(topLogprobs?: number): Record<string, ScoreDefinition> {
  const all: [string, ScoreDefinition][] = Object.entries({ ...sequenceScores, ...answerScores })
  return Object.fromEntries(
    all.map(([name, { unit, formula, source, nullWhen }]) => [
      name,
      {
        unit,
        formula:
          topLogprobs === undefined
            ? formula
            : formula.replace('the k likeliest', `the k = ${topLogprobs} likeliest`),
        source,
        nullWhen,
      },
    ]),
  )
}
