import { column, type RunColumn, textColumn } from './field.ts'
import { promptTokenFields } from './prompt-token.ts'
import { type FinishReason, sampleFields } from './sample.ts'
import { tokenFields } from './token.ts'

/** Name of the key-value metadata of both files that holds `describeColumns` of them, as JSON. */
export const columnsKey = 'entrace.columns'

/** Names of the key-value metadata that only summary.parquet has. */
export const scoresKey = 'entrace.scores'
export const tracesBytesKey = 'entrace.tracesBytes'
export const gradingKey = 'entrace.grading'

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

/** The fields of RunColumns but its scores, each with its column of `summary.parquet`, in the order of the columns. */
export const summaryFields = {
  problemId: sampleFields.problemId,
  problemIndex: sampleFields.problemIndex,
  sampleIndex: sampleFields.sampleIndex,
  level: column(
    'level',
    'string?',
    'none',
    "the data set's level or difficulty of the problem; null where it has none",
  ),
  correct: sampleFields.correct,
  finishReason: sampleFields.finishReason,
  extractedAnswer: sampleFields.extractedAnswer,
  expectedAnswer: sampleFields.expectedAnswer,
  rule: sampleFields.rule,
  promptTokens: sampleFields.promptTokens,
  generatedTokens: sampleFields.generatedTokens,
  durationMs: sampleFields.durationMs,
} as const satisfies Record<Exclude<keyof RunColumns, 'count' | 'scores'>, RunColumn>

/** RunColumns but its scores, from the values of each field, one a sample. */
export function scalarsFrom(
  valuesOf: (field: keyof typeof summaryFields) => unknown[],
): Omit<RunColumns, 'count' | 'scores'> {
  const columns = Object.entries(summaryFields).map(([field, { type }]) => {
    const values = valuesOf(field as keyof typeof summaryFields)
    if (type === 'string') return [field, values]
    if (type === 'boolean') return [field, Uint8Array.from(values as boolean[], Number)]
    return [field, (type === 'int32' ? Int32Array : Float64Array).from(values as number[])]
  })
  return Object.fromEntries(columns)
}

/** Columns of `summary.parquet`, a row for each sample, but its scores, `probabilityColumn` and `placeColumns`. */
export const summaryColumns = Object.values(summaryFields)

/** The last column of `summary.parquet` that is a number of the answer; earlier versions did not write it. */
export const probabilityColumn = {
  name: 'probability_correct',
  type: 'double',
  nullable: true,
  unit: 'probability',
  meaning:
    'probability that the answer is right, from MeanTokenEntropy by a fit to the answers to other problems (five folds, ' +
    "Platt's scaling below 1,000 answers, isotonic regression from there on), the calibration of analysis.json. Null: the sample " +
    'failed; too few answers of a class to fit',
} as const satisfies RunColumn

/** Where the sample's row group begins in traces.parquet, where its text columns begin, and where it ends. */
export const placeColumns = [
  column('trace_start', 'int64', 'bytes', "where the sample's row group begins in traces.parquet"),
  column('trace_text_start', 'int64', 'bytes', 'where the texts of that row group begin'),
  column('trace_end', 'int64', 'bytes', 'where that row group ends'),
] as const satisfies RunColumn[]

/** The first of the text columns of `traces.parquet`: they lie together, so that a search fetches them alone. */
export const firstTextColumn = sampleFields.problem.name

/**
 * Columns of `traces.parquet`: a row for each sample. Token numbers are f32, as precise as the device computes them. Those of the
 * prompt's tokens are in the file of a run that kept them.
 */
export const traceColumns = [
  sampleFields.problemId,
  sampleFields.problemIndex,
  sampleFields.sampleIndex,
  sampleFields.correct,
  sampleFields.finishReason,
  sampleFields.error,
  sampleFields.extractedAnswer,
  sampleFields.expectedAnswer,
  sampleFields.rule,
  sampleFields.promptTokens,
  sampleFields.generatedTokens,
  sampleFields.meanEntropyNats,
  sampleFields.maxEntropyNats,
  sampleFields.sumLogprob,
  sampleFields.durationMs,
  ...Object.values(tokenFields),
  column('top_text_ids', 'int32', 'none', 'ids of top_ids that are in no token_id of the sample', {
    depth: 1,
    shape: 'texts',
    isLater: true,
  }),
  textColumn('top_texts', 'the text of each of them', {
    depth: 1,
    shape: 'texts',
    isLater: true,
  }),
  ...Object.values(promptTokenFields),
  sampleFields.problem,
  sampleFields.prompt,
  sampleFields.generatedText,
  sampleFields.metadata,
] as const satisfies RunColumn[]

/** Name of a column of `traces.parquet`. */
export type TraceColumn = (typeof traceColumns)[number]['name']
