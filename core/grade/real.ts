import { floor, magnitude, type Rational, TooLarge, Undefined } from './rational.ts'

/** The real number mantissa·2^exponent. */
export interface Real {
  readonly mantissa: bigint
  readonly exponent: number
}

export const zeroReal: Real = { mantissa: 0n, exponent: 0 }
export const oneReal: Real = { mantissa: 1n, exponent: 0 }

/** More bits inside than a result has, so that what is lost inside does not show. */
const guardBits = 24
/** Sines of larger numbers, 2^3000, would take as many bits of π. */
const maximumAngleBits = 3_000
/** Powers of e beyond e^(2^40) have no exponent that a double holds exactly. */
const maximumExponentBits = 40

/** log2 |x|, to some 50 bits; −∞ of 0. */
export function magnitudeOf({ mantissa, exponent }: Real): number {
  return mantissa === 0n ? Number.NEGATIVE_INFINITY : log2(mantissa) + exponent
}

export function negateReal({ mantissa, exponent }: Real): Real {
  return { mantissa: -mantissa, exponent }
}

export function absoluteReal(value: Real): Real {
  return value.mantissa < 0n ? negateReal(value) : value
}

/** The double next to a real number, up to rounding. */
export function toDouble({ mantissa, exponent }: Real): number {
  if (mantissa === 0n) return 0
  const size = Math.floor(log2(mantissa))
  const drop = Math.max(0, size - 60)
  const scale = exponent + drop
  // In two steps, as 2^1000 is a double and 2^1100 is none.
  const half = Math.trunc(scale / 2)
  return Number(mantissa >> BigInt(drop)) * 2 ** half * 2 ** (scale - half)
}

/**
 * Binary floating-point numbers of a given number of bits. Results are within 2^(1 − bits) of the exact ones, relative to their size;
 * sines and cosines relative to 1 where the angle is beyond π/4.
 */
export class RealArithmetic {
  readonly bits: number
  /** Constants by name and bits, as fixed-point numbers. */
  readonly #constants = new Map<string, bigint>()

  constructor(bits: number) {
    this.bits = bits
  }

  fromRational({ numerator, denominator }: Rational): Real {
    if (denominator === 1n) return this.round(numerator, 0)
    if (numerator === 0n) return zeroReal
    const size = log2(numerator) - log2(denominator)
    const shift = this.bits + 2 - Math.floor(size)
    return this.round(
      shifted(numerator, Math.max(shift, 0)) / shifted(denominator, Math.max(-shift, 0)),
      -shift,
    )
  }

  /** mantissa·2^exponent in at most that many bits. */
  round(mantissa: bigint, exponent: number): Real {
    if (mantissa === 0n) return zeroReal
    const excess = Math.floor(log2(mantissa)) + 1 - this.bits
    if (excess <= 0) return { mantissa, exponent }
    return {
      mantissa: (mantissa + (1n << BigInt(excess - 1))) >> BigInt(excess),
      exponent: exponent + excess,
    }
  }

  add(a: Real, b: Real): Real {
    if (a.mantissa === 0n) return b
    if (b.mantissa === 0n) return a
    const [high, low] = a.exponent >= b.exponent ? [a, b] : [b, a]
    const distance = high.exponent - low.exponent
    // What lies below the last bit of the other is not worth writing out zeros for.
    if (distance > 2 * this.bits + 100 && magnitudeOf(high) - magnitudeOf(low) > this.bits + 4) return high
    if (distance > 100_000) throw new TooLarge()
    return this.round((high.mantissa << BigInt(distance)) + low.mantissa, low.exponent)
  }

  subtract(a: Real, b: Real): Real {
    return this.add(a, negateReal(b))
  }

  multiply(a: Real, b: Real): Real {
    return this.round(a.mantissa * b.mantissa, a.exponent + b.exponent)
  }

  divide(a: Real, b: Real): Real {
    if (b.mantissa === 0n) throw new Undefined()
    if (a.mantissa === 0n) return zeroReal
    const size = log2(a.mantissa) - log2(b.mantissa)
    const shift = Math.max(0, this.bits + 2 - Math.floor(size))
    return this.round((a.mantissa << BigInt(shift)) / b.mantissa, a.exponent - b.exponent - shift)
  }

  half(a: Real): Real {
    return { mantissa: a.mantissa, exponent: a.exponent - 1 }
  }

  /** √x of a number that is not negative. */
  sqrt({ mantissa, exponent }: Real): Real {
    if (mantissa === 0n) return zeroReal
    let shift = Math.max(0, 2 * this.bits + 4 - Math.floor(log2(mantissa)))
    if ((exponent - shift) % 2 !== 0) shift++
    return this.round(integerRoot(mantissa << BigInt(shift)), (exponent - shift) / 2)
  }

  get pi(): Real {
    return this.round(this.#pi(this.bits + guardBits), -this.bits - guardBits)
  }

  /** e^x. Throws TooLarge beyond x = 2^40. */
  exp(value: Real): Real {
    const size = magnitudeOf(value)
    if (size > maximumExponentBits) throw new TooLarge()
    const scale = this.bits + guardBits + Math.max(0, Math.ceil(size))
    const fixed = toFixed(value, scale)
    const ln2 = this.#ln2(scale)
    const doublings = floor({ numerator: fixed, denominator: ln2 })
    return this.round(expFixed(fixed - doublings * ln2, scale), Number(doublings) - scale)
  }

  /** ln x of a positive number. */
  ln({ mantissa, exponent }: Real): Real {
    const length = Math.floor(log2(mantissa)) + 1
    // x = m·2^k with m between 0.7 and 1.42.
    const isUpper = toDouble({ mantissa, exponent: -length }) > 0.7
    const [doublings, down] = isUpper ? [exponent + length, length] : [exponent + length - 1, length - 1]
    const offset = mantissa - (1n << BigInt(down))
    if (offset === 0n && doublings === 0) return zeroReal
    const offsetSize = offset === 0n ? 0 : log2(offset) - down
    const scale = this.bits + guardBits + (doublings === 0 ? Math.ceil(-Math.min(0, offsetSize)) : 0)
    const reduced = shifted(mantissa, scale - down)
    // A double is a first guess y: ln m = y + ln(m·e^−y), of which the second is tiny.
    const guess = offsetSize < -30 ? 0 : Math.log(toDouble({ mantissa, exponent: -down }))
    const guessed = toFixed(fromDouble(guess), scale)
    const rest = guess === 0 ? reduced : (reduced * expFixed(-guessed, scale)) >> BigInt(scale)
    const unit = 1n << BigInt(scale)
    const ratio = ((rest - unit) << BigInt(scale)) / (rest + unit)
    const logarithm = guessed + 2n * oddSeries(ratio, scale, 1n)
    return this.round(logarithm + BigInt(doublings) * this.#ln2(scale), -scale)
  }

  /** Throws TooLarge beyond 2^3000. */
  sinCos(angle: Real): { sin: Real; cos: Real } {
    const size = magnitudeOf(angle)
    if (size > maximumAngleBits) throw new TooLarge()
    if (size < -this.bits) return { sin: angle, cos: oneReal }
    const scale = this.bits + guardBits + Math.ceil(Math.abs(size))
    const fixed = toFixed(angle, scale)
    const rightAngle = this.#pi(scale) / 2n
    const quarters = floor({ numerator: 2n * fixed + rightAngle, denominator: 2n * rightAngle })
    const { sin, cos } = sinCosFixed(fixed - quarters * rightAngle, scale)
    const [turnedSin, turnedCos] = [
      [sin, cos],
      [cos, -sin],
      [-sin, -cos],
      [-cos, sin],
    ][Number(((quarters % 4n) + 4n) % 4n)]!
    return { sin: this.round(turnedSin!, -scale), cos: this.round(turnedCos!, -scale) }
  }

  /** The angle of the point (x, y), in (−π, π]. */
  arctan2(y: Real, x: Real): Real {
    if (y.mantissa === 0n) {
      if (x.mantissa === 0n) throw new Undefined()
      return x.mantissa > 0n ? zeroReal : this.pi
    }
    const [sizeX, sizeY] = [magnitudeOf(x), magnitudeOf(y)]
    const down = Math.floor(Math.max(sizeX, sizeY))
    const isFlat = x.mantissa > 0n && sizeY - sizeX < -30
    if (isFlat && sizeY - sizeX < -this.bits) return this.divide(y, x)
    const scale = this.bits + guardBits + (isFlat ? Math.ceil(sizeX - sizeY) : 0)
    const [fixedX, fixedY] = [x, y].map(({ mantissa, exponent }) =>
      toFixed({ mantissa, exponent: exponent - down }, scale),
    ) as [bigint, bigint]
    const guess = isFlat
      ? 0
      : Math.atan2(
          toDouble({ ...y, exponent: y.exponent - down }),
          toDouble({ ...x, exponent: x.exponent - down }),
        )
    const guessed = toFixed(fromDouble(guess), scale)
    // The point turned back by the guess lies at a tiny angle.
    const { sin, cos } = sinCosFixed(guessed, scale)
    const across = fixedY * cos - fixedX * sin
    const along = (fixedX * cos + fixedY * sin) >> BigInt(scale)
    return this.round(guessed + oddSeries(across / along, scale, -1n), -scale)
  }

  #pi(scale: number): bigint {
    // Machin's formula.
    return this.#constant('pi', scale, inner => {
      return 16n * inverseSeries(5n, inner, -1n) - 4n * inverseSeries(239n, inner, -1n)
    })
  }

  #ln2(scale: number): bigint {
    return this.#constant('ln2', scale, inner => {
      const [first, second, third] = [26n, 4_801n, 8_749n].map(inverse => inverseSeries(inverse, inner, 1n))
      return 18n * first! - 2n * second! + 8n * third!
    })
  }

  #constant(name: string, scale: number, compute: (scale: number) => bigint): bigint {
    const key = `${name} ${scale}`
    let value = this.#constants.get(key)
    if (value === undefined) {
      value = compute(scale + 16) >> 16n
      this.#constants.set(key, value)
    }
    return value
  }
}

/** log2 |n| of a whole number. */
function log2(value: bigint): number {
  const size = magnitude(value)
  const number = Number(size)
  if (number < Number.POSITIVE_INFINITY) return Math.log2(number)
  const digits = size.toString(16)
  return Math.log2(Number(`0x${digits.slice(0, 14)}`)) + 4 * (digits.length - 14)
}

function shifted(value: bigint, bits: number): bigint {
  return bits >= 0 ? value << BigInt(bits) : value >> BigInt(-bits)
}

function toFixed({ mantissa, exponent }: Real, scale: number): bigint {
  return shifted(mantissa, exponent + scale)
}

/** A double of at most 2^10 as the exact number that it is. */
function fromDouble(value: number): Real {
  return { mantissa: BigInt(Math.round(value * 2 ** 52)), exponent: -52 }
}

/** The largest whole number whose square is no larger, by Newton's iteration. */
function integerRoot(value: bigint): bigint {
  const size = Math.floor(log2(value))
  const drop = Math.max(0, size - 100)
  const even = drop + (drop % 2)
  let root = (BigInt(Math.floor(Math.sqrt(Number(value >> BigInt(even))))) + 2n) << BigInt(even / 2)
  for (;;) {
    const next = (root + value / root) >> 1n
    if (next >= root) return root
    root = next
  }
}

/** e^x for |x| < 1 by halving x, Taylor's series, and squaring. */
function expFixed(value: bigint, scale: number): bigint {
  const halvings = Math.ceil(Math.sqrt(scale))
  const inner = BigInt(scale + 2 * halvings + 8)
  const reduced = (value << (inner - BigInt(scale))) >> BigInt(halvings)
  let term = 1n << inner
  let sum = term
  for (let factor = 1n; term !== 0n && term !== -1n; factor++) {
    term = ((term * reduced) >> inner) / factor
    sum += term
  }
  for (let step = 0; step < halvings; step++) sum = (sum * sum) >> inner
  return sum >> (inner - BigInt(scale))
}

/** Sine and cosine for |x| < 4 in the same way. */
function sinCosFixed(value: bigint, scale: number): { sin: bigint; cos: bigint } {
  const halvings = Math.ceil(Math.sqrt(scale) / 2) + 2
  const inner = BigInt(scale + 2 * halvings + 8)
  const reduced = (value << (inner - BigInt(scale))) >> BigInt(halvings)
  const square = (reduced * reduced) >> inner
  let [sin, cos] = [0n, 0n]
  let [odd, even] = [reduced, 1n << inner]
  for (let factor = 1n; odd !== 0n || even !== 0n; factor += 2n) {
    sin += odd
    cos += even
    even = -((even * square) >> inner) / (factor * (factor + 1n))
    odd = -((odd * square) >> inner) / ((factor + 1n) * (factor + 2n))
  }
  for (let step = 0; step < halvings; step++)
    [sin, cos] = [(2n * sin * cos) >> inner, (cos * cos - sin * sin) >> inner]
  const drop = inner - BigInt(scale)
  return { sin: sin >> drop, cos: cos >> drop }
}

/** x ± x³/3 + x⁵/5 ± …, of small x: arctan x with the sign −1, artanh x with 1. */
function oddSeries(value: bigint, scale: number, sign: bigint): bigint {
  const square = (value * value) >> BigInt(scale)
  let power = value
  let sum = value
  for (let factor = 3n; power !== 0n && power !== -1n; factor += 2n) {
    power = sign * ((power * square) >> BigInt(scale))
    sum += power / factor
  }
  return sum
}

/** The same of 1/n for a whole number n. */
function inverseSeries(inverse: bigint, scale: number, sign: bigint): bigint {
  const square = inverse * inverse
  let power = (1n << BigInt(scale)) / inverse
  let sum = power
  for (let factor = 3n; power !== 0n; factor += 2n) {
    power = (sign * power) / square
    sum += power / factor
  }
  return sum
}
