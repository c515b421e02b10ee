import { identifyingKeyValues } from './parquet-file.ts'
import { createParquetWriter } from './parquet-writer.ts'
import { columnsKey, describeColumns, firstTextColumn, type TraceColumn, traceColumns } from './run-tables.ts'
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
  processed_entropy_nats: ({ tokens }) => tokens.map(token => token.processedEntropyNats ?? null),
  processed_logprob: ({ tokens }) => tokens.map(token => token.processedLogprob ?? null),
  top_text_ids: ({ topTexts = {} }) => Object.keys(topTexts).map(Number),
  top_texts: ({ topTexts = {} }) => Object.values(topTexts),
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
    mainKeyValues: { [columnsKey]: JSON.stringify(describeColumns(traceColumns)) },
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
