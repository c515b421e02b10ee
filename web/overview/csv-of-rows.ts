import type { RunColumns } from '../../core/formats/run-columns.ts'

/** Some samples as CSV (RFC 4180) with a header, in the given order; what is undefined is empty. */
export function csvOfRows(columns: RunColumns, rows: ArrayLike<number>): string {
  const { scores } = columns
  const scalars = {
    problem_id: columns.problemId,
    problem_index: columns.problemIndex,
    sample_index: columns.sampleIndex,
    level: columns.level,
    correct: columns.correct,
    finish_reason: columns.finishReason,
    extracted_answer: columns.extractedAnswer,
    expected_answer: columns.expectedAnswer,
    rule: columns.rule,
    prompt_tokens: columns.promptTokens,
    generated_tokens: columns.generatedTokens,
    duration_ms: columns.durationMs,
  }
  const fields: [string, ArrayLike<string | number | null>][] = [
    ...Object.entries(scalars),
    ...Object.entries(scores),
  ]
  const lines = [fields.map(([name]) => csvField(name)).join(',')]
  for (let index = 0; index < rows.length; index++)
    lines.push(fields.map(([, values]) => csvField(values[rows[index]!]!)).join(','))
  return `${lines.join('\r\n')}\r\n`
}

function csvField(value: string | number | null): string {
  if (value === null || Number.isNaN(value)) return ''
  const text = String(value)
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}
