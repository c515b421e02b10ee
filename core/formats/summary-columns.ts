import type { ParquetColumn } from './parquet-column.ts'

/** Names of the key-value metadata that only this file has. */
export const scoresKey = 'entrace.scores'
export const tracesBytesKey = 'entrace.tracesBytes'
export const gradingKey = 'entrace.grading'

/** Columns of `summary.parquet` but the scores, which are named as they are, and the places. */
export const summaryColumns = [
  { name: 'problem_id', type: 'string' },
  { name: 'problem_index', type: 'int32' },
  { name: 'sample_index', type: 'int32' },
  { name: 'level', type: 'string', nullable: true },
  { name: 'correct', type: 'boolean' },
  { name: 'finish_reason', type: 'string' },
  { name: 'extracted_answer', type: 'string', nullable: true },
  { name: 'expected_answer', type: 'string' },
  { name: 'rule', type: 'string' },
  { name: 'prompt_tokens', type: 'int32' },
  { name: 'generated_tokens', type: 'int32' },
  { name: 'duration_ms', type: 'double' },
] as const satisfies ParquetColumn[]

/** Where the sample's row group begins in traces.parquet, where its text columns begin, and where it ends. */
export const placeColumns = [
  { name: 'trace_start', type: 'int64' },
  { name: 'trace_text_start', type: 'int64' },
  { name: 'trace_end', type: 'int64' },
] as const satisfies ParquetColumn[]

/** Name of a column that every summary has. */
export type SummaryColumn = (typeof summaryColumns)[number]['name']
