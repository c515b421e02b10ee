import type { RunColumns } from '../formats/run-columns.ts'
import type { FinishReason, SampleRecord } from '../formats/sample-record.ts'
import { type UncertaintyScoreName, uncertaintyScores } from './scores/uncertainty-scores.ts'

/**
 * The columns of a run from its samples, each read once and let go, so they may come from a generator. Every score that
 * a sample lacks, or whose value is not finite, is NaN; so are all scores of a sample that failed.
 */
export function columnsOf(samples: Iterable<SampleRecord>): RunColumns {
  const names = Object.keys(uncertaintyScores) as UncertaintyScoreName[]
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
  const scores = names.map((): number[] => [])
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
    for (const [column, name] of names.entries()) {
      const value = sample.finishReason === 'error' ? null : uncertaintyScores[name](sample)
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
    scores: Object.fromEntries(names.map((name, column) => [name, Float64Array.from(scores[column]!)])),
  }
}

/** A data set's grade of difficulty under its usual names; null without one. */
export function levelOf(metadata: SampleRecord['metadata']): string | null {
  const level = metadata['level'] ?? metadata['difficulty'] ?? null
  return level === null || level === '' ? null : String(level)
}
