import { type RunColumns, scalarsFrom, summaryFields } from '../record/run-tables.ts'
import type { SampleRecord } from '../record/sample.ts'
import { tokenColumns } from '../record/token.ts'
import { scoreSequence, sequenceScoreNames } from './scores/sequence-scores.ts'

/**
 * The columns of a run from its samples, each read once and let go, so they may come from a generator. Every score that
 * a sample lacks, or whose value is not finite, is NaN; so are all scores of a sample that failed. A score that no sample has
 * is left out.
 */
export function columnsOf(samples: Iterable<SampleRecord>): RunColumns {
  const fields = Object.keys(summaryFields) as (keyof typeof summaryFields)[]
  const scalars = new Map(fields.map(field => [field, [] as unknown[]]))
  const scores = sequenceScoreNames.map((): number[] => [])
  let count = 0
  for (const sample of samples) {
    count++
    const { metadata } = sample
    for (const [field, values] of scalars) values.push(field === 'level' ? levelOf(metadata) : sample[field])
    const sequenceScores = {
      ...scoreSequence(tokenColumns(sample.tokens), sample),
      // As the sample's result says it, so that no two files of a run differ in a last bit.
      ...(sample.finishReason !== 'error' && { MeanTokenEntropy: sample.meanEntropyNats }),
    }
    for (const [column, name] of sequenceScoreNames.entries()) {
      const value = sequenceScores[name]
      scores[column]!.push(value !== null && Number.isFinite(value) ? value : Number.NaN)
    }
  }
  return {
    count,
    ...scalarsFrom(field => scalars.get(field)!),
    scores: Object.fromEntries(
      sequenceScoreNames.flatMap((name, column) =>
        // A pass that was not made (PTrue) is no score of the run; entropy, which all else stands on, always is.
        name === 'MeanTokenEntropy' || scores[column]!.some(value => !Number.isNaN(value))
          ? [[name, Float64Array.from(scores[column]!)]]
          : [],
      ),
    ),
  }
}

/** A data set's grade of difficulty under its usual names; null without one. */
function levelOf(metadata: SampleRecord['metadata']): string | null {
  const level = metadata['level'] ?? metadata['difficulty'] ?? null
  return level === null || level === '' ? null : String(level)
}
