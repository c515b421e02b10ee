import type { RunColumns } from '../../core/record/run-tables.ts'
import { columnValues } from './table-columns.ts'

const digitBits = 16
const digitCount = 2 ** digitBits

/**
 * Rows by rising key, equal keys as they were, NaN last: a radix sort over the four 16-bit digits of a double, which takes
 * milliseconds for 100,000 rows.
 */
function sortByKey(rows: Int32Array, keyOf: (row: number) => number): Int32Array {
  const bits = new Uint16Array(rows.length * 4)
  const numbers = new Float64Array(bits.buffer)
  for (let index = 0; index < rows.length; index++) numbers[index] = keyOf(rows[index]!) + 0
  // The order of the bits becomes that of the numbers: a negative one has all bits turned, another its sign.
  for (let index = 0; index < rows.length; index++) {
    const isNaNKey = Number.isNaN(numbers[index]!)
    const isNegative = !isNaNKey && (bits[index * 4 + 3]! & 0x8000) !== 0
    for (let digit = 0; digit < 4; digit++) {
      const at = index * 4 + digit
      if (isNaNKey) bits[at] = 0xffff
      else if (isNegative) bits[at] = ~bits[at]!
      else if (digit === 3) bits[at] = bits[at]! | 0x8000
    }
  }
  let order = Int32Array.from(rows.keys())
  let other = new Int32Array(rows.length)
  for (let digit = 0; digit < 4; digit++) {
    const starts = new Uint32Array(digitCount + 1)
    for (const index of order) starts[bits[index * 4 + digit]! + 1]!++
    for (let value = 0; value < digitCount; value++) starts[value + 1]! += starts[value]!
    for (const index of order) other[starts[bits[index * 4 + digit]!]!++] = index
    ;[order, other] = [other, order]
  }
  return order.map(index => rows[index]!)
}

/** Rows in the order that a route names: a column, with `-` before it for falling; by problem and answer without one. */
export function sortRows(columns: RunColumns, rows: Int32Array, sort: string): Int32Array {
  const falls = sort.startsWith('-')
  const values = columnValues(columns, falls ? sort.slice(1) : sort)
  if (!values) return rows
  const sign = falls ? -1 : 1
  const numbers = Array.isArray(values) ? textRanks(values) : (values as ArrayLike<number>)
  return sortByKey(rows, row => sign * numbers[row]!)
}

/** The index of each text among all in their order, so that they sort as numbers. */
function textRanks(texts: readonly (string | null)[]): Float64Array {
  const ranks = new Map([...new Set(texts)].sort(orderOfTexts).map((text, rank) => [text, rank]))
  return Float64Array.from(texts, text => (text === null ? Number.NaN : ranks.get(text)!))
}

/** Numbers by size and before texts. */
function orderOfTexts(first: string | null, second: string | null): number {
  const [one, other] = [Number(first || Number.NaN), Number(second || Number.NaN)]
  if (!Number.isNaN(one) && !Number.isNaN(other)) return one - other
  if (Number.isNaN(one) !== Number.isNaN(other)) return Number.isNaN(one) ? 1 : -1
  return (first ?? '') < (second ?? '') ? -1 : 1
}

/**
 * What the table lists: rows of the run as they are, and headings of groups, which are the answers to one problem, as
 * −1 − their index.
 */
export interface TableLines {
  lines: Int32Array
  groups: { problemId: string; answers: number; correct: number }[]
}

/** One line for each row. */
export function plainLines(rows: Int32Array): TableLines {
  return { lines: rows, groups: [] }
}

/** The rows with the answers to one problem together, below a heading; groups stand where their first row stood. */
export function groupLines(columns: RunColumns, rows: Int32Array): TableLines {
  const { problemIndex, problemId, correct } = columns
  const members = Map.groupBy(rows, row => problemIndex[row]!)
  const groups: TableLines['groups'] = []
  const lines = new Int32Array(rows.length + members.size)
  let at = 0
  for (const group of members.values()) {
    lines[at++] = -1 - groups.length
    groups.push({
      problemId: problemId[group[0]!]!,
      answers: group.length,
      correct: group.reduce((sum, row) => sum + correct[row]!, 0),
    })
    for (const row of group) lines[at++] = row
  }
  return { lines, groups }
}

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
  const fields = Object.entries<ArrayLike<string | number | null>>(scalars).concat(Object.entries(scores))
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
