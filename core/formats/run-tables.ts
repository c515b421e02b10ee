import { scoreDefinitions } from '../analyse/scores/score-definitions.ts'
import { type ParquetColumn, typeInWords } from './parquet-column.ts'

/** A column of a run's tables, and what is in it. */
export interface RunColumn extends ParquetColumn {
  /** 'none' of texts, ids and verdicts. */
  unit: string
  meaning: string
}

/** Name of the key-value metadata of both files that holds `describeColumns` of them, as JSON. */
export const columnsKey = 'entrace.columns'

/** Names of the key-value metadata that only summary.parquet has. */
export const scoresKey = 'entrace.scores'
export const tracesBytesKey = 'entrace.tracesBytes'
export const gradingKey = 'entrace.grading'

/** Columns of both tables. */
const both = {
  problemId: {
    name: 'problem_id',
    type: 'string',
    unit: 'none',
    meaning: 'id of the problem in its data set, its place there where it has none',
  },
  problemIndex: {
    name: 'problem_index',
    type: 'int32',
    unit: 'none',
    meaning: 'place of the problem in its data set, from 0',
  },
  sampleIndex: {
    name: 'sample_index',
    type: 'int32',
    unit: 'none',
    meaning: 'which of the several answers to its problem, from 0',
  },
  correct: {
    name: 'correct',
    type: 'boolean',
    unit: 'none',
    meaning: 'whether the answer was graded as right; false of a sample that failed',
  },
  finishReason: {
    name: 'finish_reason',
    type: 'string',
    unit: 'none',
    meaning: 'stop: the model ended it; length: it reached the limit of tokens; error: the sample failed',
  },
  extractedAnswer: {
    name: 'extracted_answer',
    type: 'string',
    nullable: true,
    unit: 'none',
    meaning: 'the answer that was found in the text; null where none was',
  },
  expectedAnswer: {
    name: 'expected_answer',
    type: 'string',
    unit: 'none',
    meaning: 'the answer of the data set',
  },
  rule: {
    name: 'rule',
    type: 'string',
    unit: 'none',
    meaning: 'the rule of grading that reached the verdict',
  },
  promptTokens: {
    name: 'prompt_tokens',
    type: 'int32',
    unit: 'tokens',
    meaning: 'length of the prompt',
  },
  generatedTokens: {
    name: 'generated_tokens',
    type: 'int32',
    unit: 'tokens',
    meaning: 'length of the answer, the token that ended it included',
  },
  durationMs: {
    name: 'duration_ms',
    type: 'double',
    unit: 'milliseconds',
    meaning: 'from when the sample was begun to its last token, while others were computed as well',
  },
} as const satisfies Record<string, RunColumn>

/** Columns of `summary.parquet`, a row for each sample, but its scores, `probabilityColumn` and `placeColumns`. */
export const summaryColumns = [
  both.problemId,
  both.problemIndex,
  both.sampleIndex,
  {
    name: 'level',
    type: 'string',
    nullable: true,
    unit: 'none',
    meaning: "the data set's level or difficulty of the problem; null where it has none",
  },
  both.correct,
  both.finishReason,
  both.extractedAnswer,
  both.expectedAnswer,
  both.rule,
  both.promptTokens,
  both.generatedTokens,
  both.durationMs,
] as const satisfies RunColumn[]

/** A score of `summary.parquet`: its column is named as it is. `topLogprobs` is how many likeliest tokens the run recorded. */
export function scoreColumn(name: string, topLogprobs?: number): RunColumn {
  const { unit, formula, source, nullWhen } = scoreDefinitions(topLogprobs)[name] ?? {
    unit: 'none',
    formula: 'a score that this version does not know',
    source: 'another version',
    nullWhen: 'undefined',
  }
  return {
    name,
    type: 'double',
    nullable: true,
    unit,
    meaning: `${formula}. Source: ${source}. Null: the sample failed; ${nullWhen}`,
  }
}

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
  {
    name: 'trace_start',
    type: 'int64',
    unit: 'bytes',
    meaning: "where the sample's row group begins in traces.parquet",
  },
  {
    name: 'trace_text_start',
    type: 'int64',
    unit: 'bytes',
    meaning: 'where the texts of that row group begin',
  },
  { name: 'trace_end', type: 'int64', unit: 'bytes', meaning: 'where that row group ends' },
] as const satisfies RunColumn[]

/** The first of the text columns of `traces.parquet`: they lie together, so that a search fetches them alone. */
export const firstTextColumn = 'problem'

const listOfTokens = { depth: 1, shape: 'tokens' } as const

/** Columns of `traces.parquet`: a row for each sample. Token numbers are f32, as precise as the device computes them. */
export const traceColumns = [
  both.problemId,
  both.problemIndex,
  both.sampleIndex,
  both.correct,
  both.finishReason,
  {
    name: 'error',
    type: 'string',
    nullable: true,
    unit: 'none',
    meaning: 'why the sample failed; null where it did not',
  },
  both.extractedAnswer,
  both.expectedAnswer,
  both.rule,
  both.promptTokens,
  both.generatedTokens,
  {
    name: 'mean_entropy_nats',
    type: 'double',
    nullable: true,
    unit: 'nats',
    meaning: 'mean of entropy_nats; null without tokens',
  },
  {
    name: 'max_entropy_nats',
    type: 'double',
    nullable: true,
    unit: 'nats',
    meaning: 'largest of entropy_nats; null without tokens',
  },
  {
    name: 'sum_logprob',
    type: 'double',
    nullable: true,
    unit: 'nats',
    meaning: 'sum of logprob; null without tokens',
  },
  both.durationMs,
  { name: 'token_id', type: 'int32', ...listOfTokens, unit: 'none', meaning: 'id of the token' },
  {
    name: 'token_text',
    type: 'string',
    nullable: true,
    ...listOfTokens,
    unit: 'none',
    meaning: 'its text alone, U+FFFD for a part of a character; null without a tokenizer',
  },
  {
    name: 'entropy_nats',
    type: 'float',
    ...listOfTokens,
    unit: 'nats',
    meaning: 'entropy of the softmax of the raw logits over the whole vocabulary, where the token was chosen',
  },
  {
    name: 'varentropy',
    type: 'float',
    ...listOfTokens,
    unit: 'nats²',
    meaning: 'variance of −log p under that softmax',
  },
  {
    name: 'logprob',
    type: 'float',
    ...listOfTokens,
    unit: 'nats',
    meaning: 'log p of the token, p being that softmax',
  },
  {
    name: 'margin',
    type: 'float',
    ...listOfTokens,
    unit: 'probability',
    meaning: 'p of the likeliest token minus p of the second',
  },
  {
    name: 'self_certainty',
    type: 'float',
    ...listOfTokens,
    unit: 'nats',
    meaning: 'KL(uniform ‖ p)',
  },
  {
    name: 'rank',
    type: 'int32',
    ...listOfTokens,
    unit: 'none',
    meaning: 'how many tokens are likelier than it, those of a lower id and like p included',
  },
  {
    name: 'top_ids',
    type: 'int32',
    depth: 2,
    shape: 'top',
    unit: 'none',
    meaning: 'ids of the likeliest tokens there, the likeliest first',
  },
  {
    name: 'top_logprobs',
    type: 'float',
    depth: 2,
    shape: 'top',
    unit: 'nats',
    meaning: 'log p of each of them',
  },
  {
    name: 'tail_mass',
    type: 'float',
    ...listOfTokens,
    unit: 'probability',
    meaning: 'p of all other tokens together',
  },
  {
    name: 'processed_entropy_nats',
    type: 'float',
    nullable: true,
    ...listOfTokens,
    unit: 'nats',
    meaning:
      'entropy of what the token was drawn from, behind temperature, penalty and filters; null where that is the raw softmax',
  },
  {
    name: 'processed_logprob',
    type: 'float',
    nullable: true,
    ...listOfTokens,
    unit: 'nats',
    meaning: 'log-probability of the token in that; null as before',
  },
  {
    name: 'top_text_ids',
    type: 'int32',
    depth: 1,
    shape: 'texts',
    unit: 'none',
    meaning: 'ids of top_ids that are in no token_id of the sample',
  },
  {
    name: 'top_texts',
    type: 'string',
    depth: 1,
    shape: 'texts',
    unit: 'none',
    meaning: 'the text of each of them',
  },
  { name: firstTextColumn, type: 'string', unit: 'none', meaning: 'the problem as the data set has it' },
  { name: 'prompt', type: 'string', unit: 'none', meaning: 'what the model was given, template included' },
  { name: 'generated_text', type: 'string', unit: 'none', meaning: 'the answer as it was written' },
  {
    name: 'metadata',
    type: 'string',
    unit: 'none',
    meaning: "the other columns of the problem's row in its data set, as a JSON object",
  },
] as const satisfies RunColumn[]

/** Name of a column that every summary has. */
export type SummaryColumn = (typeof summaryColumns)[number]['name']

/** Name of a column of `traces.parquet`. */
export type TraceColumn = (typeof traceColumns)[number]['name']

/** What is in each column, for who reads a table without this program: what `columnsKey` holds. */
export function describeColumns(
  columns: readonly RunColumn[],
): { name: string; type: string; unit: string; meaning: string }[] {
  return columns.map(({ name, unit, meaning, ...column }) => ({
    name,
    type: typeInWords(column),
    unit,
    meaning,
  }))
}
