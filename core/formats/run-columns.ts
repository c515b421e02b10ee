import type { FinishReason } from './sample-record.ts'

/**
 * The scalars of every sample of a run as columns, in the order of the run: what `summary.parquet` holds, and all that
 * statistics and tables read. An undefined number is NaN here and null in the file.
 */
export interface RunColumns {
  /** Number of samples: the length of every column. */
  count: number
  problemId: string[]
  /** Where the problem stands in its data set, from 0. */
  problemIndex: Int32Array
  /** Which of the several answers to its problem, from 0. */
  sampleIndex: Int32Array
  /** The data set's level or subject of difficulty; null without one. */
  level: (string | null)[]
  correct: Uint8Array
  finishReason: FinishReason[]
  extractedAnswer: (string | null)[]
  expectedAnswer: string[]
  /** The rule that reached the verdict. */
  rule: string[]
  promptTokens: Int32Array
  generatedTokens: Int32Array
  durationMs: Float64Array
  /**
   * Sequence scores by the literature's names, each larger the less certain the model was (`core/analyse/scores`).
   */
  scores: Record<string, Float64Array>
}

/** One sample's tokens as columns: a row of `traces.parquet`. Names and units are those of TokenRecord. */
export interface TokenColumns {
  tokenId: ArrayLike<number>
  tokenText: ArrayLike<string | null>
  entropyNats: ArrayLike<number>
  varentropy: ArrayLike<number>
  logprob: ArrayLike<number>
  margin: ArrayLike<number>
  selfCertainty: ArrayLike<number>
  rank: ArrayLike<number>
  topIds: ArrayLike<ArrayLike<number>>
  topLogprobs: ArrayLike<ArrayLike<number>>
  tailMass: ArrayLike<number>
  /** Null where the token was chosen from the raw softmax; absent where that holds of all. */
  processedEntropyNats?: ArrayLike<number | null>
  processedLogprob?: ArrayLike<number | null>
}
