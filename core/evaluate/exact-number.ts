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
