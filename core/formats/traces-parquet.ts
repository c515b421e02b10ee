import type { ParquetColumn } from './parquet-column.ts'
import { identifyingKeyValues } from './parquet-file.ts'
import { createParquetWriter } from './parquet-writer.ts'
import type { SampleRecord } from './sample-record.ts'
import type { TraceGroup, TraceIndex } from './trace-index.ts'

/** `traces.parquet` under way. */
export interface TraceWriter {
  /** Adds a sample; samples come in the order of the run. */
  add(sample: SampleRecord): void
  /** Writes what is left. Returns where each sample lies. */
  finish(): TraceIndex
}

/**
 * A row group ends with the sample that reaches one of these. About half a megabyte is a fast request, and the groups of
 * 100,000 samples of 500 tokens are some thousands.
 */
const groupTokens = 8192
const groupSamples = 64

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
  { name: firstTextColumn, type: 'string' },
  { name: 'prompt', type: 'string' },
  { name: 'generated_text', type: 'string' },
  { name: 'metadata', type: 'string' },
] as const satisfies ParquetColumn[]

/** Name of a column of `traces.parquet`. */
export type TraceColumn = (typeof traceColumns)[number]['name']

/** What each column holds of a sample. `metadata` is JSON text. */
const columnValues: Record<TraceColumn, (sample: SampleRecord) => unknown> = {
  problem_id: sample => sample.problemId,
  problem_index: sample => sample.problemIndex,
  sample_index: sample => sample.sampleIndex,
  correct: sample => sample.correct,
  finish_reason: sample => sample.finishReason,
  error: sample => sample.error,
  extracted_answer: sample => sample.extractedAnswer,
  expected_answer: sample => sample.expectedAnswer,
  rule: sample => sample.rule,
  prompt_tokens: sample => sample.promptTokens,
  generated_tokens: sample => sample.generatedTokens,
  mean_entropy_nats: sample => sample.meanEntropyNats,
  max_entropy_nats: sample => sample.maxEntropyNats,
  sum_logprob: sample => sample.sumLogprob,
  duration_ms: sample => sample.durationMs,
  token_id: ({ tokens }) => tokens.map(token => token.id),
  token_text: ({ tokens }) => tokens.map(token => token.text),
  entropy_nats: ({ tokens }) => tokens.map(token => token.entropyNats),
  varentropy: ({ tokens }) => tokens.map(token => token.varentropy),
  logprob: ({ tokens }) => tokens.map(token => token.logprob),
  margin: ({ tokens }) => tokens.map(token => token.margin),
  self_certainty: ({ tokens }) => tokens.map(token => token.selfCertainty),
  rank: ({ tokens }) => tokens.map(token => token.rank),
  top_ids: ({ tokens }) => tokens.map(token => token.topIds),
  top_logprobs: ({ tokens }) => tokens.map(token => token.topLogprobs),
  tail_mass: ({ tokens }) => tokens.map(token => token.tailMass),
  problem: sample => sample.problem,
  prompt: sample => sample.prompt,
  generated_text: sample => sample.generatedText,
  metadata: sample => JSON.stringify(sample.metadata),
}

/**
 * Writes `traces.parquet` from samples as they come; holds one row group in memory. `sink` is given the bytes in order and
 * must have used them when it returns. Texts are UTF-8: half a surrogate pair, which no UTF-8 can carry, becomes U+FFFD.
 */
export function createTraceWriter(sink: (bytes: Uint8Array) => void): TraceWriter {
  const writer = createParquetWriter(sink, {
    columns: traceColumns,
    keyValues: identifyingKeyValues('traces'),
    tail: firstTextColumn,
    standalone: true,
  })
  const groups: TraceGroup[] = []
  let firstRow = 0
  let pending: SampleRecord[] = []
  let pendingTokens = 0
  const writeGroup = () => {
    const place = writer.writeRowGroup(
      Object.fromEntries(traceColumns.map(({ name }) => [name, pending.map(columnValues[name])])),
    )
    groups.push({ ...place, firstRow, rowCount: pending.length })
    firstRow += pending.length
    pending = []
    pendingTokens = 0
  }
  return {
    add(sample) {
      pending.push(sample)
      pendingTokens += sample.tokens.length
      if (pendingTokens >= groupTokens || pending.length >= groupSamples) writeGroup()
    },
    finish() {
      if (pending.length > 0) writeGroup()
      return { fileBytes: writer.finish(), groups }
    },
  }
}
