import type { FinishReason } from '../../core/formats/sample-record.ts'

/** Samples whose number lies between two bounds, both included. */
export interface RangeTerm {
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
