import type { RunColumns } from '../../core/record/run-tables.ts'
import type { FinishReason } from '../../core/record/sample.ts'
import { numericColumn } from './table-columns.ts'

/** Samples whose number lies between two bounds, both included. */
interface RangeTerm {
  /** A score, or a column of `numericColumn`. */
  column: string
  low: number
  high: number
}

/** Which samples the table lists: those that meet every term. */
export interface TableFilter {
  verdict: 'correct' | 'incorrect' | null
  finish: FinishReason | null
  level: string | null
  ranges: RangeTerm[]
  /** Looked for in problems, answers and names, whatever its case. */
  text: string
}

// The table has other words for them.
const verdicts = { correct: 'correct', incorrect: 'incorrect', right: 'correct', wrong: 'incorrect' } as const
const term = /"(?:[^"\\]|\\.)*"|(?:[^\s":]+):"(?:[^"\\]|\\.)*"|\S+/g

/**
 * Reads a filter: `verdict:incorrect finish:length level:3 MeanTokenEntropy:0.1..0.5 some text`, in any order. A range may
 * lack an end: `tokens:50..`. A value or a text in double quotes may hold anything. What is no term is text.
 */
export function parseFilter(source: string): TableFilter {
  const filter: TableFilter = { verdict: null, finish: null, level: null, ranges: [], text: '' }
  const words: string[] = []
  for (const [word] of source.matchAll(term)) if (!takeTerm(filter, word)) words.push(unquoted(word))
  return { ...filter, text: words.join(' ') }
}

/** The text that `parseFilter` reads as this filter. */
export function formatFilter({ verdict, finish, level, ranges, text }: TableFilter): string {
  const isPlain = text === parseFilter(text).text && !text.includes('"')
  return [
    verdict && `verdict:${verdict}`,
    finish && `finish:${finish}`,
    level !== null && `level:${/^[^\s":]+$/.test(level) ? level : JSON.stringify(level)}`,
    ...ranges.map(({ column, low, high }) => `${column}:${low}..${high}`),
    text !== '' && (isPlain ? text : JSON.stringify(text)),
  ]
    .filter(Boolean)
    .join(' ')
}

/** The filter with another range of a column; null ends it. */
export function withRange(
  filter: TableFilter,
  column: string,
  range: readonly [number, number] | null,
): TableFilter {
  const others = filter.ranges.filter(other => other.column !== column)
  return { ...filter, ranges: range ? [...others, { column, low: range[0], high: range[1] }] : others }
}

function takeTerm(filter: TableFilter, word: string): boolean {
  const [, name, value = ''] = /^([^\s":]+):(.+)$/s.exec(word) ?? []
  if (name === undefined) return false
  switch (name) {
    case 'verdict':
      if (!Object.hasOwn(verdicts, value)) return false
      filter.verdict = verdicts[value as keyof typeof verdicts]
      return true
    case 'finish':
      if (value !== 'stop' && value !== 'length' && value !== 'error') return false
      filter.finish = value
      return true
    case 'level':
      filter.level = unquoted(value)
      return true
    default: {
      const number = String.raw`-?(?:\d+\.?\d*(?:e[+-]?\d+)?|Infinity)`
      const [, low, high] = new RegExp(`^(${number})?\\.\\.(${number})?$`, 'i').exec(value) ?? []
      if (low === undefined && high === undefined) return false
      filter.ranges.push({ column: name, low: Number(low ?? -Infinity), high: Number(high ?? Infinity) })
      return true
    }
  }
}

function unquoted(word: string): string {
  if (!/^".*"$/s.test(word)) return word
  try {
    return String(JSON.parse(word))
  } catch {
    return word.slice(1, -1)
  }
}

/** The rows that meet a filter, in order. `textRows` marks those in whose texts a search found `filter.text`. */
export function filterRows(columns: RunColumns, filter: TableFilter, textRows: Uint8Array): Int32Array {
  const { correct, finishReason, level, problemId, extractedAnswer, expectedAnswer } = columns
  const ranges = filter.ranges.map(range => ({ ...range, values: numericColumn(columns, range.column) }))
  const wantedVerdict = filter.verdict === null ? null : filter.verdict === 'correct' ? 1 : 0
  const text = filter.text.toLocaleLowerCase()
  const holds = (value: string | null) => value?.toLocaleLowerCase().includes(text)
  const rows = new Int32Array(columns.count)
  let count = 0
  for (let row = 0; row < columns.count; row++) {
    if (wantedVerdict !== null && correct[row] !== wantedVerdict) continue
    if (filter.finish !== null && finishReason[row] !== filter.finish) continue
    if (filter.level !== null && level[row] !== filter.level) continue
    // A comparison with NaN is false, so that a sample without the number is in no range of it.
    if (!ranges.every(({ values, low, high }) => values && values[row]! >= low && values[row]! <= high))
      continue
    const textsOf = () => [problemId[row]!, extractedAnswer[row]!, expectedAnswer[row]!]
    if (text === '' || textRows[row] || textsOf().some(holds)) rows[count++] = row
  }
  return rows.slice(0, count)
}

/** A range whose ends have four digits, so that they can be read, and in which all lies that lay in it. */
export function widenRange([low, high]: readonly [number, number]): [number, number] {
  return [0 - fourDigitsAbove(-low), fourDigitsAbove(high)]
}

/** The least number of four digits, or nearly, that is no less. */
function fourDigitsAbove(value: number): number {
  const near = Number(value.toPrecision(4))
  if (near >= value) return near
  const lastPlace = 10 ** (Math.floor(Math.log10(Math.abs(value))) - 3)
  return Number((near + lastPlace).toPrecision(4))
}
