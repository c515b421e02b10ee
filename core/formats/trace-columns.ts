import type { ParquetColumn } from './parquet-column.ts'

/** The first of the text columns: they lie together, so that a search fetches them alone. */
export const firstTextColumn = 'problem'

/** Columns of `traces.parquet`: a row for each sample. Token numbers are f32, as precise as the device computes them. */
export const traceColumns = [
  { name: 'problem_id', type: 'string' },
  { name: 'problem_index', type: 'int32' },
  { name: 'sample_index', type: 'int32' },
  { name: 'correct', type: 'boolean' },
  { name: 'finish_reason', type: 'string' },
  { name: 'error', type: 'string', nullable: true },
  { name: 'extracted_answer', type: 'string', nullable: true },
  { name: 'expected_answer', type: 'string' },
  { name: 'rule', type: 'string' },
  { name: 'prompt_tokens', type: 'int32' },
  { name: 'generated_tokens', type: 'int32' },
  { name: 'mean_entropy_nats', type: 'double', nullable: true },
  { name: 'max_entropy_nats', type: 'double', nullable: true },
  { name: 'sum_logprob', type: 'double', nullable: true },
  { name: 'duration_ms', type: 'double' },
  { name: 'token_id', type: 'int32', depth: 1, shape: 'tokens' },
  { name: 'token_text', type: 'string', nullable: true, depth: 1, shape: 'tokens' },
  { name: 'entropy_nats', type: 'float', depth: 1, shape: 'tokens' },
  { name: 'varentropy', type: 'float', depth: 1, shape: 'tokens' },
  { name: 'logprob', type: 'float', depth: 1, shape: 'tokens' },
  { name: 'margin', type: 'float', depth: 1, shape: 'tokens' },
  { name: 'self_certainty', type: 'float', depth: 1, shape: 'tokens' },
  { name: 'rank', type: 'int32', depth: 1, shape: 'tokens' },
  { name: 'top_ids', type: 'int32', depth: 2, shape: 'top' },
  { name: 'top_logprobs', type: 'float', depth: 2, shape: 'top' },
  { name: 'tail_mass', type: 'float', depth: 1, shape: 'tokens' },
  // Null where the token was chosen from the raw softmax.
  { name: 'processed_entropy_nats', type: 'float', nullable: true, depth: 1, shape: 'tokens' },
  { name: 'processed_logprob', type: 'float', nullable: true, depth: 1, shape: 'tokens' },
  // Texts of the ids in top_ids that are not in token_id.
  { name: 'top_text_ids', type: 'int32', depth: 1, shape: 'texts' },
  { name: 'top_texts', type: 'string', depth: 1, shape: 'texts' },
  { name: firstTextColumn, type: 'string' },
  { name: 'prompt', type: 'string' },
  { name: 'generated_text', type: 'string' },
  { name: 'metadata', type: 'string' },
] as const satisfies ParquetColumn[]

/** Name of a column of `traces.parquet`. */
export type TraceColumn = (typeof traceColumns)[number]['name']
