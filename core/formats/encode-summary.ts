import type { DecodedArray } from 'hyparquet'
import type { GradingRules } from '../grade/grading-rules.ts'
import { identifyingKeyValues } from './parquet-file.ts'
import { createParquetWriter } from './parquet-writer.ts'
import type { RunColumns } from './run-columns.ts'
import {
  columnsKey,
  describeColumns,
  gradingKey,
  placeColumns,
  probabilityColumn,
  type SummaryColumn,
  scoreColumn,
  scoresKey,
  summaryColumns,
  tracesBytesKey,
} from './run-tables.ts'
import type { TraceIndex } from './trace-index.ts'

/** Rows of a row group: few groups, so that a column is one range for most runs. */
const groupRows = 131_072

/** What of a run is in its summary beside its columns. */
export interface SummaryExtras {
  /** That each answer is correct; NaN, and null in the file, where it is not known. */
  probabilities?: Float64Array
  /** How many likeliest tokens the run recorded. */
  topLogprobs?: number
}

/**
 * The content of `summary.parquet`, piece by piece: a row for each sample, a column for each scalar and each score (by the
 * literature's name, null where it is undefined), the probability that it is right, where the sample lies in traces.parquet, and by which rules the verdicts were
 * reached.
 */
export function encodeSummary(
  run: RunColumns,
  traces: TraceIndex,
  grading: GradingRules,
  { probabilities = new Float64Array(run.count).fill(Number.NaN), topLogprobs }: SummaryExtras = {},
): Uint8Array[] {
  const pieces: Uint8Array[] = []
  const scoreNames = Object.keys(run.scores)
  const columns = [
    ...summaryColumns,
    ...scoreNames.map(name => scoreColumn(name, topLogprobs)),
    probabilityColumn,
    ...placeColumns,
  ]
  const writer = createParquetWriter(bytes => pieces.push(bytes.slice()), {
    columns,
    keyValues: {
      ...identifyingKeyValues('summary'),
      [scoresKey]: JSON.stringify(scoreNames),
      [tracesBytesKey]: String(traces.fileBytes),
      [gradingKey]: JSON.stringify(grading),
      [columnsKey]: JSON.stringify(describeColumns(columns)),
    },
  })
  const scalars: Record<SummaryColumn, ArrayLike<unknown>> = {
    problem_id: run.problemId,
    problem_index: run.problemIndex,
    sample_index: run.sampleIndex,
    level: run.level,
    correct: Array.from(run.correct, Boolean),
    finish_reason: run.finishReason,
    extracted_answer: run.extractedAnswer,
    expected_answer: run.expectedAnswer,
    rule: run.rule,
    prompt_tokens: run.promptTokens,
    generated_tokens: run.generatedTokens,
    duration_ms: run.durationMs,
  }
  const scores = Object.entries({ ...run.scores, [probabilityColumn.name]: probabilities }).map(
    ([name, values]) => [name, Array.from(values, value => (Number.isNaN(value) ? null : value))],
  )
  const places = { trace_start: 'start', trace_text_start: 'tailStart', trace_end: 'end' } as const
  const traceRows = Object.entries(places).map(([name, place]) => {
    const rows = new BigInt64Array(run.count)
    for (const group of traces.groups)
      rows.fill(BigInt(group[place]), group.firstRow, group.firstRow + group.rowCount)
    return [name, rows]
  })
  const rows: Record<string, DecodedArray> = { ...scalars, ...Object.fromEntries([...scores, ...traceRows]) }
  // None of no rows, which other readers stumble over.
  for (let first = 0; first < run.count; first += groupRows)
    writer.writeRowGroup(
      Object.fromEntries(
        Object.entries(rows).map(([name, values]) => [name, values.slice(first, first + groupRows)]),
      ),
    )
  writer.finish()
  return pieces
}
