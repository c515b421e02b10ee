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
    ? fromWhole(written * 10n ** BigInt(shift))
    : { numerator: written, denominator: 10n ** BigInt(-shift) }
}

/** Thrown where an exact computation would outgrow its bounds: digits, terms, or time. */
export class TooLarge extends Error {}

/** Thrown where an expression has no value, as 1/0. */
export class Undefined extends Error {}

/** About 3,000 decimal digits. */
const maximumBits = 10_000

/** A whole number as a fraction. */
export function fromWhole(value: bigint): Rational {
  return { numerator: value, denominator: 1n }
}

/** −x */
export function opposite({ numerator, denominator }: Rational): Rational {
  return { numerator: -numerator, denominator }
}

export const zero: Rational = fromWhole(0n)
export const one: Rational = fromWhole(1n)

/** The fraction in lowest terms. Throws TooLarge beyond 3,000 digits, Undefined for a denominator of 0. */
export function reduce(numerator: bigint, denominator: bigint): Rational {
  if (denominator === 0n) throw new Undefined()
  if (denominator === 1n) {
    if (bits(numerator) > maximumBits) throw new TooLarge()
    return { numerator, denominator }
  }
  const divisor = greatestCommonDivisor(numerator, denominator) * (denominator < 0n ? -1n : 1n)
  const reduced = { numerator: numerator / divisor, denominator: denominator / divisor }
  if (bits(reduced.numerator) > maximumBits || bits(reduced.denominator) > maximumBits) throw new TooLarge()
  return reduced
}

export function add(a: Rational, b: Rational): Rational {
  return reduce(a.numerator * b.denominator + b.numerator * a.denominator, a.denominator * b.denominator)
}

export function multiply(a: Rational, b: Rational): Rational {
  return reduce(a.numerator * b.numerator, a.denominator * b.denominator)
}

export function invert({ numerator, denominator }: Rational): Rational {
  return reduce(denominator, numerator)
}

/** The power with a whole exponent. Throws TooLarge before the digits are computed. */
export function power(base: Rational, exponent: bigint): Rational {
  if (exponent < 0n) return power(invert(base), -exponent)
  // 0, 1 and -1 do not grow.
  const isSmall = magnitude(base.numerator) <= 1n && base.denominator === 1n
  if (isSmall)
    return { numerator: base.numerator ** (exponent === 0n ? 0n : 2n - (exponent % 2n)), denominator: 1n }
  const size = BigInt(Math.max(bits(base.numerator), bits(base.denominator)))
  if (size * exponent > BigInt(maximumBits)) throw new TooLarge()
  return { numerator: base.numerator ** exponent, denominator: base.denominator ** exponent }
}

/** The largest whole number that is no larger. */
export function floor({ numerator, denominator }: Rational): bigint {
  const quotient = numerator / denominator
  return numerator < 0n && quotient * denominator !== numerator ? quotient - 1n : quotient
}

export function magnitude(value: bigint): bigint {
  return value < 0n ? -value : value
}

/** Binary digits, rounded up to whole hexadecimal ones. */
function bits(value: bigint): number {
  return magnitude(value).toString(16).length * 4
}

export function greatestCommonDivisor(a: bigint, b: bigint): bigint {
  let [x, y] = [magnitude(a), magnitude(b)]
  while (y !== 0n) [x, y] = [y, x % y]
  return x
}

export function leastCommonMultiple(a: bigint, b: bigint): bigint {
  return a === 0n || b === 0n ? 0n : (magnitude(a) / greatestCommonDivisor(a, b)) * magnitude(b)
}

const maximumFactorial = 1_000n
const maximumChosen = 2_000n
/** Hexadecimal digits of all factors. */
const maximumDigits = 10_000n
/** Of a fraction, whose powers grow long. */
const maximumChosenOfFraction = 60n

/** n! of a whole number; throws Undefined of any other, TooLarge beyond 1000!. */
export function factorial({ numerator, denominator }: Rational): Rational {
  if (denominator !== 1n || numerator < 0n) throw new Undefined()
  if (numerator > maximumFactorial) throw new TooLarge()
  let product = 1n
  for (let factor = 2n; factor <= numerator; factor++) product *= factor
  return fromWhole(product)
}

/**
 * n(n − 1)…(n − k + 1)/k! for a whole number k; 0 for k < 0 where n is a whole number that is not negative. Throws Undefined of any
 * other k, TooLarge beyond 2,000 factors, 60 of a fraction.
 */
export function binomial(total: Rational, chosen: Rational): Rational {
  const isWhole = total.denominator === 1n && total.numerator >= 0n
  if (chosen.denominator !== 1n || (chosen.numerator < 0n && !isWhole)) throw new Undefined()
  const [n, k] = [total.numerator, chosen.numerator]
  if (k < 0n || (isWhole && k > n)) return zero
  const steps = isWhole && 2n * k > n ? n - k : k
  const digits = BigInt(n.toString(16).length)
  if (steps > (isWhole ? maximumChosen : maximumChosenOfFraction) || steps * digits > maximumDigits)
    throw new TooLarge()
  if (isWhole) {
    let product = 1n
    for (let step = 1n; step <= steps; step++) product = (product * (n - steps + step)) / step
    return add(fromWhole(product), zero)
  }
  let product = one
  for (let step = 0n; step < steps; step++) {
    const factor = add(total, fromWhole(-step))
    product = multiply(product, multiply(factor, { numerator: 1n, denominator: step + 1n }))
  }
  return product
}

const largestTrialDivisor = 100_000n

/**
 * The primes that divide a positive whole number, with their exponents; null where trial division by primes to 100,000
 * leaves what may be no prime.
 */
export function primeFactors(value: bigint): [prime: bigint, exponent: bigint][] | null {
  const factors: [bigint, bigint][] = []
  let rest = value
  for (
    let divisor = 2n;
    divisor <= largestTrialDivisor && divisor * divisor <= rest;
    divisor += divisor === 2n ? 1n : 2n
  ) {
    let exponent = 0n
    for (; rest % divisor === 0n; exponent++) rest /= divisor
    if (exponent > 0n) factors.push([divisor, exponent])
  }
  if (rest > largestTrialDivisor * largestTrialDivisor) return null
  if (rest > 1n) factors.push([rest, 1n])
  return factors
}
