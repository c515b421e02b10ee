import type { Rational } from './rational.ts'

/** Thrown where an exact computation would outgrow its bounds: digits, terms, or time. */
export class TooLarge extends Error {}

/** Thrown where an expression has no value, as 1/0. */
export class Undefined extends Error {}

/** About 3,000 decimal digits. */
const maximumBits = 10_000

export const zero: Rational = { numerator: 0n, denominator: 1n }
export const one: Rational = { numerator: 1n, denominator: 1n }

/** The fraction in lowest terms. Throws TooLarge beyond 3,000 digits, Undefined for a denominator of 0. */
export function reduce(numerator: bigint, denominator: bigint): Rational {
  if (denominator === 0n) throw new Undefined()
  if (denominator === 1n) {
    if (bits(numerator) > maximumBits) throw new TooLarge()
    return { numerator, denominator }
  }
  const divisor =
    greatestCommonDivisor(magnitude(numerator), magnitude(denominator)) * (denominator < 0n ? -1n : 1n)
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

/** Of two whole numbers that are not negative. */
export function greatestCommonDivisor(a: bigint, b: bigint): bigint {
  let [x, y] = [a, b]
  while (y !== 0n) [x, y] = [y, x % y]
  return x
}
