import type { FinishReason } from '../../core/formats/sample-record.ts'
import type { TraceSample } from '../../core/formats/trace-reader.ts'

/** One sample with its tokens and its scalars. */
export interface OpenedSample extends TraceSample {
  /** Its row in the run's columns, as they were when it was read. */
  row: number
  level: string | null
  correct: boolean
  /** The rule that reached the verdict. */
  rule: string
  /** A branch of an answer may be stopped by the reader. */
  finishReason: FinishReason | 'stopped'
  extractedAnswer: string | null
  expectedAnswer: string
  promptTokens: number
  generatedTokens: number
  durationMs: number
}
