import type { Scalar } from './problem.ts'

/** A cell's value as JSON can hold it; undefined for a list or a structure. */
export function scalar(value: unknown): Scalar | undefined {
  if (typeof value === 'number') return Number.isFinite(value) ? value : null
  if (typeof value === 'bigint') {
    return Number.isSafeInteger(Number(value)) ? Number(value) : String(value)
  }
  if (typeof value === 'string' || typeof value === 'boolean' || value === null) return value
  return undefined
}

/** A cell as text: '' if it is empty or holds no single value; 36.0 is "36". */
export function cellText(value: unknown): string {
  return String(scalar(value) ?? '')
}

/** Whether a cell holds named members, as a JSON object or a Parquet structure does. */
export function isStructure(value: unknown): value is Record<string, unknown> {
  return (
    typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Uint8Array)
  )
}

/** Whether a cell holds nothing: no value, or blanks. */
export function isEmpty(value: unknown): boolean {
  return value === undefined || value === null || (typeof value === 'string' && value.trim() === '')
}

/** The cell of a column, or of a member of one as "answers.text"; undefined where a row has none. */
export function cellOf(cells: Record<string, unknown>, column: string): unknown {
  if (Object.hasOwn(cells, column)) return cells[column]
  const dot = column.indexOf('.')
  const outer = dot === -1 ? undefined : cells[column.slice(0, dot)]
  return isStructure(outer) ? cellOf(outer, column.slice(dot + 1)) : undefined
}

/** The items of a list that a text holds as Python or JSON writes it, as "['2']"; null for any other text. */
export function itemsOfListText(text: string): string[] | null {
  // Without quotes it may be an interval or a matrix.
  if (!/^\s*\[\s*["'][\s\S]*["']\s*,?\s*\]\s*$/.test(text)) return null
  return Array.from(text.matchAll(/"((?:[^"\\]|\\.)*)"|'((?:[^'\\]|\\.)*)'/gs), ([, double, single]) =>
    (double ?? single ?? '').replace(/\\(["'])/g, '$1'),
  )
}

/** A value in a few words, for error messages. */
export function describeCell(value: unknown): string {
  if (isEmpty(value) && typeof value !== 'string') return 'nothing'
  if (Array.isArray(value)) return `a list of ${value.length}, ${excerpt(value)}`
  if (isStructure(value)) return `a structure of ${Object.keys(value).join(', ')}`
  return excerpt(scalar(value) ?? 'bytes')
}

function excerpt(value: unknown): string {
  const text = JSON.stringify(value, (_, inner) => (typeof inner === 'bigint' ? String(inner) : inner))
  return text.length > 80 ? `${text.slice(0, 80)}…` : text
}
