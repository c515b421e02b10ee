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

/**
 * A number as its decimal text gives it: a double where this is the number that the text denotes, as 2.9 or 36.0, else the text
 * itself, as for 12345678901234567890. Of a text without an exponent the number shows none either.
 */
export function exactNumber(text: string): number | string {
  const value = Number(text)
  const shown = String(value)
  const isExact = canonicalDecimal(shown) === canonicalDecimal(text)
  return isExact && (!shown.includes('e') || /e/i.test(text)) ? value : text
}

/** Significant digits and the power of ten of the last: one text for each value. Null for what is no decimal. */
function canonicalDecimal(text: string): string | null {
  const match = /^(-?)(\d+)(?:\.(\d+))?(?:e([-+]?\d+))?$/i.exec(text)
  if (match === null) return null
  const [, sign = '', whole = '', fraction = '', exponent = '0'] = match
  const digits = (whole + fraction).replace(/^0+/, '')
  if (digits === '') return '0'
  const significant = digits.replace(/0+$/, '')
  return `${sign}${significant}e${Number(exponent) - fraction.length + digits.length - significant.length}`
}

/**
 * The shortest decimal that a narrower type than double holds as this value, as a double: 0.1 of the float32
 * 0.10000000149011612. `digits` is the number of digits that the type always holds, `isSame` says whether it takes a double for
 * this value.
 */
export function shortestNumber(
  value: number,
  digits: number,
  isSame: (candidate: number) => boolean,
): number {
  // Whole numbers up to here are exact in float32, and stand as they are in narrower types too.
  if (!Number.isFinite(value) || (Number.isInteger(value) && Math.abs(value) <= 2 ** 24)) return value
  for (let precision = digits; precision < 17; precision++) {
    const candidate = Number(value.toPrecision(precision))
    if (isSame(candidate)) return candidate
  }
  return value
}

/** JSON whose numbers are worth a second look: many digits or an exponent. */
const wideNumber = /\d[\d.]{15}|\d[eE]/

/** Quotes, escapes inside them, and numbers. */
const tokens = /\\[\s\S]|"|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][-+]?\d+)?/g

/**
 * JSON.parse whose numbers are exact: one that a double would change comes as its text. Throws what JSON.parse throws.
 */
export function parseExactJson(text: string): unknown {
  const value: unknown = JSON.parse(text)
  return wideNumber.test(text) ? JSON.parse(withQuotedNumbers(text)) : value
}

function withQuotedNumbers(text: string): string {
  let isString = false
  return text.replace(tokens, token => {
    if (token === '"') isString = !isString
    if (isString || token === '"' || token.startsWith('\\')) return token
    return typeof exactNumber(token) === 'number' ? token : `"${token}"`
  })
}

/** NaN or Infinity outside the strings of a text, as Python writes them into its JSON; undefined without one. */
export function findPythonNumber(text: string): string | undefined {
  let isString = false
  for (const [token] of text.matchAll(/\\[\s\S]|"|-?\b(?:NaN|Infinity)\b/g)) {
    if (token === '"') isString = !isString
    else if (!isString && !token.startsWith('\\')) return token
  }
  return undefined
}
