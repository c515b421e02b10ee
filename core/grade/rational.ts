/** An exact fraction; the denominator is positive, the fraction need not be reduced. */
export interface Rational {
  numerator: bigint
  denominator: bigint
}

/** Beyond this power of ten a number is no longer compared as a number: it would have to be written out. */
const maximumExponent = 10_000

const digits = String.raw`(?:(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?|\.\d+)`
const signedDigits = `[-+]?${digits}`
const decimalPattern = new RegExp(
  String.raw`^(${digits})(?:[eE]([-+]?\d+)| ?(?:\\times|\\cdot|×|\*) ?10 ?\^ ?(?:\{([-+]?\d+)\}|([-+]?\d+)))?$`,
)
const slashPattern = new RegExp(String.raw`^(?:(\d+) )?\(?(${signedDigits})\)? ?/ ?\(?(${signedDigits})\)?$`)
const fracPattern = new RegExp(
  String.raw`^(\d+)? ?\\frac ?(?:\{(${signedDigits})\}|(\d)) ?(?:\{(${signedDigits})\}|(\d))$`,
)

/**
 * Reads a number as an exact fraction: 42, -1,000.50, .5, 1e5, 3 \times 10^{5}, 1/2, \frac{1}{2}, \frac12, and mixed
 * numbers as 3\frac{1}{2} or 3 1/2, in parentheses or not. Null for anything else, a denominator of 0 and a power of ten beyond 10,000.
 */
export function parseRational(text: string): Rational | null {
  const isNegative = text.startsWith('-')
  const unsigned = text.replace(/^[-+] ?/, '').replace(/^\(([^(),]*)\)$/, '$1')
  const value = parseUnsigned(unsigned)
  if (value === null) return null
  return isNegative ? { ...value, numerator: -value.numerator } : value
}

/** Whether two fractions are the same number. */
export function equalRationals(a: Rational, b: Rational): boolean {
  return a.numerator * b.denominator === b.numerator * a.denominator
}

function parseUnsigned(text: string): Rational | null {
  const decimal = decimalPattern.exec(text)
  if (decimal) return parseDecimal(decimal[1]!, decimal[2] ?? decimal[3] ?? decimal[4])
  const fraction = slashPattern.exec(text) ?? fracPattern.exec(text)
  if (!fraction) return null

  const [whole, ...parts] = fraction.slice(1)
  const [top, bottom] = parts.filter(part => part !== undefined)
  // What the sign of a part of a mixed number would mean is anyone's guess.
  if (whole !== undefined && /^[-+]/.test(top! + bottom!)) return null
  const numerator = parseDecimal(top!)!
  const denominator = parseDecimal(bottom!)!
  if (denominator.numerator === 0n) return null
  const sign = denominator.numerator < 0n ? -1n : 1n
  const quotient = {
    numerator: sign * numerator.numerator * denominator.denominator,
    denominator: sign * numerator.denominator * denominator.numerator,
  }
  return { ...quotient, numerator: quotient.numerator + BigInt(whole ?? 0) * quotient.denominator }
}

function parseDecimal(text: string, exponent = '0'): Rational | null {
  if (Math.abs(Number(exponent)) > maximumExponent) return null
  const [whole, decimals = ''] = text.replaceAll(',', '').split('.')
  const shift = Number(exponent) - decimals.length
  const written = BigInt(`${whole}${decimals}`.replace('+', ''))
  return shift >= 0
    ? { numerator: written * 10n ** BigInt(shift), denominator: 1n }
    : { numerator: written, denominator: 10n ** BigInt(-shift) }
}
