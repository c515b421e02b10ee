import type { TokenRecord } from '../generate/token-record.ts'

/** Version of every file a run leaves; a reader refuses a newer major version by name. */
export const formatVersion = '1.0'

/** Why an answer ended: the model stopped, the token limit was reached, or the sample failed. */
export type FinishReason = 'stop' | 'length' | 'error'

/** One finished sample: a line of `samples.jsonl`, from which every other file of a run is made. */
export interface SampleRecord {
  problemId: string
  /** Where the problem stands in its data set, from 0: the order of results. */
  problemIndex: number
  /** Which of the several answers to this problem, from 0. */
  sampleIndex: number
  problem: string
  /** The rendered prompt: chat template and system prompt included. */
  prompt: string
  generatedText: string
  extractedAnswer: string | null
  expectedAnswer: string
  correct: boolean
  /** The rule that reached the verdict. */
  rule: string
  finishReason: FinishReason
  /** What went wrong, with finishReason "error". */
  error: string | null
  promptTokens: number
  generatedTokens: number
  /** Over all generated tokens, the stop token included; null with none. */
  meanEntropyNats: number | null
  maxEntropyNats: number | null
  /** Sum of the chosen tokens' log-probabilities; null with none. */
  sumLogprob: number | null
  /** Further columns of the data set, as they were (level, operations, ...). */
  metadata: Record<string, string | number | boolean | null>
  /** From the sequence's admission to its last token. */
  durationMs: number
  tokens: TokenRecord[]
  /** Texts of the tokens that were likely (`topIds`) and nowhere chosen, by id; absent without a tokenizer. */
  topTexts?: Record<string, string>
  /**
   * Probability that the model calls its own answer true, of that it calls it true or false (arXiv 2207.05221); null where
   * it could not be asked. Absent where it was not asked.
   */
  pTrue?: number | null
  /** The two probabilities themselves. */
  pTrueProbabilities?: { true: number; false: number } | null
}

/** A sample of a run that was analysed. */
export interface CalibratedSample extends SampleRecord {
  /** Probability that the answer is right, by the run's calibration; null where there is none. */
  probabilityCorrect: number | null
}
