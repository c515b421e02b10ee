import type { RunColumns } from '../record/run-tables.ts'
import type { FinishReason, SampleRecord } from '../record/sample.ts'
import { tokenColumns } from '../record/token.ts'
import { scoreSequence, sequenceScoreNames } from './scores/sequence-scores.ts'

/**
 * The columns of a run from its samples, each read once and let go, so they may come from a generator. Every score that
 * a sample lacks, or whose value is not finite, is NaN; so are all scores of a sample that failed. A score that no sample has
 * is left out.
 */
export function columnsOf(samples: Iterable<SampleRecord>): RunColumns {
  const problemId: string[] = []
  const problemIndex: number[] = []
  const sampleIndex: number[] = []
  const level: (string | null)[] = []
  const correct: number[] = []
  const finishReason: FinishReason[] = []
  const extractedAnswer: (string | null)[] = []
  const expectedAnswer: string[] = []
  const rule: string[] = []
  const promptTokens: number[] = []
  const generatedTokens: number[] = []
  const durationMs: number[] = []
  const scores = sequenceScoreNames.map((): number[] => [])
  for (const sample of samples) {
    problemId.push(sample.problemId)
    problemIndex.push(sample.problemIndex)
    sampleIndex.push(sample.sampleIndex)
    level.push(levelOf(sample.metadata))
    correct.push(sample.correct ? 1 : 0)
    finishReason.push(sample.finishReason)
    extractedAnswer.push(sample.extractedAnswer)
    expectedAnswer.push(sample.expectedAnswer)
    rule.push(sample.rule)
    promptTokens.push(sample.promptTokens)
    generatedTokens.push(sample.generatedTokens)
    durationMs.push(sample.durationMs)
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
    count: problemId.length,
    problemId,
    problemIndex: Int32Array.from(problemIndex),
    sampleIndex: Int32Array.from(sampleIndex),
    level,
    correct: Uint8Array.from(correct),
    finishReason,
    extractedAnswer,
    expectedAnswer,
    rule,
    promptTokens: Int32Array.from(promptTokens),
    generatedTokens: Int32Array.from(generatedTokens),
    durationMs: Float64Array.from(durationMs),
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
