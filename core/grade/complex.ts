import {
  add,
  floor,
  fromWhole,
  invert,
  magnitude,
  multiply,
  opposite,
  power,
  type Rational,
  reduce,
  TooLarge,
  Undefined,
} from './rational.ts'
import {
  absoluteReal,
  magnitudeOf,
  negateReal,
  oneReal,
  type Real,
  RealArithmetic,
  toDouble,
  zeroReal,
} from './real.ts'

/**
 * A complex number: as the rational number that it is, or as an approximation whose error is at most 2^`error`. An imaginary part
 * of exactly 0 says that the number is real.
 */
export type Complex = { rational: Rational } | Approximation

export interface Approximation {
  rational: null
  re: Real
  im: Real
  error: number
}

/** Longer fractions go on as approximations: finding common divisors would take most of the time. */
const maximumRationalBits = 1_000
/** What is 0 or real up to an error so far below its size is taken to be so exactly. */
const tellingBits = 24
/** Powers of e below e^(−2^40) are 0 up to this error. */
const vanishing = -(2 ** 40)

export function rational(value: Rational): Complex {
  return { rational: value }
}

export function whole(value: bigint | number): Complex {
  return { rational: fromWhole(BigInt(value)) }
}

/**
 * Arithmetic with complex numbers of a given precision, with bounds on all errors. Powers, roots and inverse functions have their
 * principal values. Throws Undefined where there is no value, TooLarge where it would be too large to compute.
 */
export class ComplexArithmetic {
  readonly reals: RealArithmetic
  /**
   * Whether anything was taken for 0, for real or for whole that is so only up to its error, so that a result may be wrong altogether
   * if the precision was too low.
   */
  hasAssumed = false

  constructor(bits: number) {
    this.reals = realArithmetic(bits)
  }

  get pi(): Complex {
    return this.#approximation(this.reals.pi, zeroReal, Number.NEGATIVE_INFINITY)
  }

  get e(): Complex {
    return this.#approximation(this.reals.exp(oneReal), zeroReal, Number.NEGATIVE_INFINITY)
  }

  readonly i: Complex = { rational: null, re: zeroReal, im: oneReal, error: Number.NEGATIVE_INFINITY }

  /** A number as an approximation. */
  approximate(value: Complex): Approximation {
    if (value.rational === null) return value
    const re = this.reals.fromRational(value.rational)
    const isExact = value.rational.denominator === 1n && re.exponent === 0
    return {
      rational: null,
      re,
      im: zeroReal,
      error: isExact ? Number.NEGATIVE_INFINITY : magnitudeOf(re) - this.reals.bits,
    }
  }

  /** log2 |z|; −∞ of 0. */
  size(value: Complex): number {
    if (value.rational !== null) return sizeOfRational(value.rational)
    return sizeOf(value)
  }

  /** log2 of a bound on the error; −∞ of a rational number. */
  errorOf(value: Complex): number {
    return value.rational === null ? value.error : Number.NEGATIVE_INFINITY
  }

  isZero(value: Complex): boolean {
    if (value.rational !== null) return value.rational.numerator === 0n
    if (sizeOf(value) > value.error + 1) return false
    if (value.error > -tellingBits) throw new Undefined()
    return this.#assume(sizeOf(value) > Number.NEGATIVE_INFINITY || value.error > Number.NEGATIVE_INFINITY)
  }

  /** The number with an imaginary part of exactly 0; null if it has another. */
  real(value: Complex): Complex | null {
    if (value.rational !== null || value.im.mantissa === 0n) return value
    if (magnitudeOf(value.im) > value.error + 1) return null
    if (value.error > Math.max(0, magnitudeOf(value.re)) - tellingBits) throw new Undefined()
    this.#assume(true)
    return { ...value, im: zeroReal }
  }

  /** −1, 0 or 1 of a real number. */
  sign(value: Complex): -1 | 0 | 1 {
    const real = this.real(value)
    if (real === null) throw new Undefined()
    if (this.isZero(real)) return 0
    const part = real.rational === null ? real.re.mantissa : real.rational.numerator
    return part < 0n ? -1 : 1
  }

  add(a: Complex, b: Complex): Complex {
    const exact = exactly(a, b, add)
    if (exact) return exact
    const [x, y] = [this.approximate(a), this.approximate(b)]
    const { reals } = this
    return this.#approximation(reals.add(x.re, y.re), reals.add(x.im, y.im), sum(x.error, y.error))
  }

  negate(value: Complex): Complex {
    if (value.rational !== null) return rational(opposite(value.rational))
    return { ...value, re: negateReal(value.re), im: negateReal(value.im) }
  }

  subtract(a: Complex, b: Complex): Complex {
    return this.add(a, this.negate(b))
  }

  multiply(a: Complex, b: Complex): Complex {
    const exact = exactly(a, b, multiply)
    if (exact) return exact
    const [x, y] = [this.approximate(a), this.approximate(b)]
    const { reals } = this
    const error = sum(sizeOf(x) + y.error, sizeOf(y) + x.error, x.error + y.error)
    if (x.im.mantissa === 0n && y.im.mantissa === 0n)
      return this.#approximation(reals.multiply(x.re, y.re), zeroReal, error)
    return this.#approximation(
      reals.subtract(reals.multiply(x.re, y.re), reals.multiply(x.im, y.im)),
      reals.add(reals.multiply(x.re, y.im), reals.multiply(x.im, y.re)),
      sum(error, sizeOf(x) + sizeOf(y) - reals.bits + 1),
    )
  }

  invert(value: Complex): Complex {
    if (this.isZero(value)) throw new Undefined()
    if (value.rational !== null) return rational(invert(value.rational))
    const { re, im } = value
    const size = sizeOf(value)
    // Of what is hardly told from 0 the bound below says nothing.
    if (value.error > size - 3) throw new Undefined()
    const { reals } = this
    const error = value.error - 2 * size + 1
    if (im.mantissa === 0n) return this.#approximation(reals.divide(oneReal, re), zeroReal, error)
    const square = this.#square(value)
    return this.#approximation(reals.divide(re, square), negateReal(reals.divide(im, square)), error)
  }

  divide(a: Complex, b: Complex): Complex {
    return this.multiply(a, this.invert(b))
  }

  /** z^n by multiplication. */
  wholePower(base: Complex, exponent: bigint): Complex {
    if (exponent < 0n) return this.invert(this.wholePower(base, -exponent))
    if (exponent === 0n) {
      if (this.isZero(base)) throw new Undefined()
      return whole(1)
    }
    if (base.rational !== null) {
      const { rational: value } = base
      const result = attempt(() => power(value, exponent))
      if (result) return rational(result)
    }
    if (exponent > 64n) {
      const real = this.real(base)
      if (real !== null && !this.isZero(real)) {
        const result = this.exp(this.multiply(whole(exponent), this.ln(this.absolute(real))))
        return exponent % 2n === 1n && this.sign(real) < 0 ? this.negate(result) : result
      }
      return this.isZero(base) ? whole(0) : this.exp(this.multiply(whole(exponent), this.ln(base)))
    }
    let [result, square, rest] = [base, base, exponent - 1n]
    for (; rest > 0n; rest /= 2n) {
      if (rest % 2n === 1n) result = this.multiply(result, square)
      square = this.multiply(square, square)
    }
    return result
  }

  /**
   * z^w, the principal value. With `isReal`, a negative number to a fraction with an odd denominator is real: (−8)^(1/3) = −2.
   */
  power(base: Complex, exponent: Complex, isReal = false): Complex {
    const value = exponent.rational
    if (value?.denominator === 1n) return this.wholePower(base, value.numerator)
    if (this.isZero(base)) {
      if (this.sign(exponent) <= 0) throw new Undefined()
      return whole(0)
    }
    if (value?.denominator === 2n) return this.wholePower(this.sqrt(base), value.numerator)
    if (isReal && value !== null && value.denominator % 2n === 1n) {
      const real = this.real(base)
      if (real !== null && this.sign(real) < 0) {
        const result = this.exp(this.multiply(exponent, this.ln(this.negate(real))))
        return value.numerator % 2n === 0n ? result : this.negate(result)
      }
    }
    return this.exp(this.multiply(exponent, this.ln(base)))
  }

  sqrt(value: Complex): Complex {
    if (this.isZero(value)) return whole(0)
    const exact = value.rational && rationalRoot(value.rational)
    if (exact) return rational(exact)
    const real = this.real(value)
    const { reals } = this
    if (real !== null) {
      const { re, error } = this.approximate(real)
      const root = reals.sqrt(absoluteReal(re))
      const bound = error - magnitudeOf(root) + 1
      return re.mantissa > 0n
        ? this.#approximation(root, zeroReal, bound)
        : this.#approximation(zeroReal, root, bound)
    }
    const { re, im, error } = this.approximate(value)
    const length = reals.sqrt(this.#square({ re, im }))
    // The larger part from the sum without cancellation, the other by division.
    const larger = reals.sqrt(reals.half(reals.add(length, absoluteReal(re))))
    const smaller = reals.divide(reals.half(absoluteReal(im)), larger)
    const [first, second] = re.mantissa >= 0n ? [larger, smaller] : [smaller, larger]
    return this.#approximation(
      first,
      im.mantissa < 0n ? negateReal(second) : second,
      error - magnitudeOf(larger) + 1,
    )
  }

  exp(value: Complex): Complex {
    if (value.rational?.numerator === 0n) return whole(1)
    const { re, im, error } = this.approximate(value)
    if (re.mantissa < 0n && magnitudeOf(re) > Math.max(40, error + 1))
      return { rational: null, re: zeroReal, im: zeroReal, error: vanishing }
    if (error > -1) throw new TooLarge()
    const length = this.reals.exp(re)
    const bound = magnitudeOf(length) + error + 1
    if (im.mantissa === 0n) return this.#approximation(length, zeroReal, bound)
    const { sin, cos } = this.reals.sinCos(im)
    const { reals } = this
    return this.#approximation(
      reals.multiply(length, cos),
      reals.multiply(length, sin),
      sum(bound, magnitudeOf(length) - reals.bits),
    )
  }

  ln(value: Complex): Complex {
    if (this.isZero(value)) throw new Undefined()
    if (value.rational && value.rational.numerator === value.rational.denominator) return whole(0)
    const real = this.real(value)
    const { reals } = this
    const { re, im, error } = this.approximate(real ?? value)
    const bound = error - sizeOf({ re, im }) + 1
    if (bound > -1) throw new Undefined()
    if (real !== null) {
      const logarithm = reals.ln(absoluteReal(re))
      return this.#approximation(logarithm, re.mantissa < 0n ? reals.pi : zeroReal, bound)
    }
    const logarithm = reals.half(reals.ln(this.#square({ re, im })))
    return this.#approximation(logarithm, reals.arctan2(im, re), sum(bound, -reals.bits + 2))
  }

  sin(value: Complex): Complex {
    return this.#sinCos(value, 'sin')
  }

  cos(value: Complex): Complex {
    return this.#sinCos(value, 'cos')
  }

  sinh(value: Complex): Complex {
    if (value.rational?.numerator === 0n) return value
    return this.multiply(halfOf, this.subtract(this.exp(value), this.exp(this.negate(value))))
  }

  cosh(value: Complex): Complex {
    return this.multiply(halfOf, this.add(this.exp(value), this.exp(this.negate(value))))
  }

  arcsin(value: Complex): Complex {
    if (value.rational?.numerator === 0n) return value
    // −i ln(iz + √(1 − z²)) for z on the right; the function is odd.
    if (this.#isLeft(value)) return this.negate(this.arcsin(this.negate(value)))
    const root = this.sqrt(this.subtract(whole(1), this.multiply(value, value)))
    const real = this.real(value)
    const realRoot = this.real(root)
    if (real !== null && realRoot !== null) return this.#angle(realRoot, real)
    return this.divide(this.ln(this.add(this.multiply(this.i, value), root)), this.i)
  }

  arccos(value: Complex): Complex {
    return this.subtract(this.multiply(halfOf, this.pi), this.arcsin(value))
  }

  arctan(value: Complex): Complex {
    if (value.rational?.numerator === 0n) return value
    const real = this.real(value)
    if (real !== null) return this.#angle(whole(1), real)
    const turned = this.multiply(this.i, value)
    const difference = this.subtract(
      this.ln(this.subtract(whole(1), turned)),
      this.ln(this.add(whole(1), turned)),
    )
    return this.multiply(this.multiply(halfOf, this.i), difference)
  }

  arcsinh(value: Complex): Complex {
    if (this.#isLeft(value)) return this.negate(this.arcsinh(this.negate(value)))
    return this.ln(this.add(value, this.sqrt(this.add(this.multiply(value, value), whole(1)))))
  }

  arccosh(value: Complex): Complex {
    const [below, above] = [this.subtract(value, whole(1)), this.add(value, whole(1))]
    return this.ln(this.add(value, this.multiply(this.sqrt(below), this.sqrt(above))))
  }

  arctanh(value: Complex): Complex {
    const above = this.ln(this.add(whole(1), value))
    return this.multiply(halfOf, this.subtract(above, this.ln(this.subtract(whole(1), value))))
  }

  /** |z| */
  absolute(value: Complex): Complex {
    if (value.rational) return rational({ ...value.rational, numerator: magnitude(value.rational.numerator) })
    const { re, im, error } = value as Approximation
    if (im.mantissa === 0n) return { rational: null, re: absoluteReal(re), im, error }
    return this.#approximation(this.reals.sqrt(this.#square({ re, im })), zeroReal, error)
  }

  /** The angle of z, in (−π, π]. */
  argument(value: Complex): Complex {
    if (this.isZero(value)) throw new Undefined()
    const real = this.real(value)
    if (real !== null) return this.sign(real) > 0 ? whole(0) : this.pi
    const { re, im, error } = this.approximate(value)
    return this.#approximation(this.reals.arctan2(im, re), zeroReal, error - sizeOf({ re, im }) + 1)
  }

  realPart(value: Complex): Complex {
    return value.rational === null ? { ...value, im: zeroReal } : value
  }

  imaginaryPart(value: Complex): Complex {
    return value.rational === null ? { ...value, re: value.im, im: zeroReal } : whole(0)
  }

  conjugate(value: Complex): Complex {
    return value.rational === null ? { ...value, im: negateReal(value.im) } : value
  }

  /** The largest whole number that is no larger than a real one. */
  floor(value: Complex): Complex {
    const real = this.real(value)
    if (real === null) throw new Undefined()
    if (real.rational !== null) return whole(floor(real.rational))
    const { re, error } = real
    if (error > -tellingBits) throw new TooLarge()
    const size = magnitudeOf(re)
    if (size < -1 && size > error + 1) return whole(re.mantissa < 0n ? -1 : 0)
    if (size < -this.reals.bits) {
      this.#assume(true)
      return whole(0)
    }
    const scale = Math.max(0, -re.exponent)
    const fixed = re.mantissa << BigInt(re.exponent + scale)
    const nearest = (fixed + (1n << BigInt(scale)) / 2n) >> BigInt(scale)
    const distance = fixed - (nearest << BigInt(scale))
    if (distance !== 0n && magnitudeOf({ mantissa: distance, exponent: -scale }) > error + 1)
      return whole(fixed >> BigInt(scale))
    this.#assume(true)
    return whole(nearest)
  }

  /** The whole number that a number is; null if it is none. */
  wholeNumber(value: Complex): bigint | null {
    if (value.rational !== null) return value.rational.denominator === 1n ? value.rational.numerator : null
    const real = this.real(value)
    if (real === null) return null
    const below = this.floor(real) as { rational: Rational }
    return this.isZero(this.subtract(real, below)) ? below.rational.numerator : null
  }

  /** A double near a real number; null of another. */
  toDouble(value: Complex): number | null {
    const real = this.real(value)
    return real && toDouble(this.approximate(real).re)
  }

  /** The angle of the point (x, y) of two real numbers. */
  #angle(x: Complex, y: Complex): Complex {
    const [across, along] = [this.approximate(y), this.approximate(x)]
    const size = Math.max(sizeOf(across), sizeOf(along))
    const error = sum(across.error, along.error) - size + 1
    return this.#approximation(this.reals.arctan2(across.re, along.re), zeroReal, error)
  }

  #sinCos(value: Complex, name: 'sin' | 'cos'): Complex {
    if (value.rational?.numerator === 0n) return name === 'sin' ? value : whole(1)
    const { re, im, error } = this.approximate(value)
    if (error > -1) throw new TooLarge()
    const { reals } = this
    const { sin, cos } = reals.sinCos(re)
    // The rounding of the angle beyond π/4 counts relative to 1.
    if (im.mantissa === 0n) {
      const rounding = magnitudeOf(re) < -1 ? Number.NEGATIVE_INFINITY : -reals.bits
      return this.#approximation(name === 'sin' ? sin : cos, zeroReal, sum(error, rounding))
    }
    const { re: cosh } = this.approximate(this.cosh({ rational: null, re: im, im: zeroReal, error }))
    const { re: sinh } = this.approximate(this.sinh({ rational: null, re: im, im: zeroReal, error }))
    const bound = magnitudeOf(cosh) + sum(error, -reals.bits) + 1
    return name === 'sin'
      ? this.#approximation(reals.multiply(sin, cosh), reals.multiply(cos, sinh), bound)
      : this.#approximation(reals.multiply(cos, cosh), negateReal(reals.multiply(sin, sinh)), bound)
  }

  /** |z|² */
  #square({ re, im }: Pick<Approximation, 're' | 'im'>): Real {
    return this.reals.add(this.reals.multiply(re, re), this.reals.multiply(im, im))
  }

  #isLeft(value: Complex): boolean {
    return value.rational === null ? value.re.mantissa < 0n : value.rational.numerator < 0n
  }

  #assume(isAssumption: boolean): true {
    this.hasAssumed ||= isAssumption
    return true
  }

  /** With the rounding of its parts in its error. */
  #approximation(re: Real, im: Real, error: number): Approximation {
    return { rational: null, re, im, error: sum(error, sizeOf({ re, im }) - this.reals.bits + 1) }
  }
}

const halfOf: Complex = rational({ numerator: 1n, denominator: 2n })

const arithmetics = new Map<number, RealArithmetic>()

/** One for each precision, as its constants take time to compute. */
function realArithmetic(bits: number): RealArithmetic {
  let arithmetic = arithmetics.get(bits)
  if (arithmetic === undefined) {
    if (arithmetics.size > 50) arithmetics.clear()
    arithmetic = new RealArithmetic(bits)
    arithmetics.set(bits, arithmetic)
  }
  return arithmetic
}

function sizeOf({ re, im }: Pick<Approximation, 're' | 'im'>): number {
  const [a, b] = [magnitudeOf(re), magnitudeOf(im)]
  const [larger, smaller] = a > b ? [a, b] : [b, a]
  return smaller === Number.NEGATIVE_INFINITY ? larger : larger + Math.log2(1 + 4 ** (smaller - larger)) / 2
}

/** log2 |p/q| */
function sizeOfRational({ numerator, denominator }: Rational): number {
  return bitsOf(numerator) - bitsOf(denominator)
}

/** log2 of a sum of numbers given by their log2. */
function sum(...sizes: number[]): number {
  const largest = Math.max(...sizes)
  if (!Number.isFinite(largest)) return largest
  return largest + Math.log2(sizes.reduce((total, size) => total + 2 ** (size - largest), 0))
}

/** The result of two rational numbers that are short enough for it. */
function exactly(a: Complex, b: Complex, compute: (a: Rational, b: Rational) => Rational): Complex | null {
  if (a.rational === null || b.rational === null) return null
  const { rational: x } = a
  const { rational: y } = b
  if (x.denominator !== 1n || y.denominator !== 1n) {
    const parts = [x.numerator, x.denominator, y.numerator, y.denominator]
    if (parts.some(part => bitsOf(part) > maximumRationalBits)) return null
  }
  const result = attempt(() => compute(x, y))
  return result && rational(result)
}

function bitsOf(value: bigint): number {
  return magnitudeOf({ mantissa: value, exponent: 0 })
}

function attempt<T>(compute: () => T): T | null {
  try {
    return compute()
  } catch (error) {
    if (error instanceof TooLarge) return null
    throw error
  }
}

/** √(p/q) where it is rational. */
function rationalRoot({ numerator, denominator }: Rational): Rational | null {
  if (numerator < 0n || numerator > 1n << 200n || denominator > 1n << 200n) return null
  const [top, bottom] = [squareRoot(numerator), squareRoot(denominator)]
  return top === null || bottom === null ? null : reduce(top, bottom)
}

function squareRoot(value: bigint): bigint | null {
  const guess = BigInt(Math.round(Math.sqrt(Number(value))))
  if (value < 1n << 100n) return guess * guess === value ? guess : null
  const root = (guess + value / guess) / 2n
  return root * root === value ? root : null
}
