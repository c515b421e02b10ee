import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  absoluteReal,
  magnitudeOf,
  negateReal,
  oneReal,
  type Real,
  RealArithmetic,
  toDouble,
} from './real.ts'

const precise = new RealArithmetic(1_000)
const rational = fc
  .tuple(fc.bigInt({ min: -(10n ** 8n), max: 10n ** 8n }), fc.bigInt({ min: 10n ** 6n, max: 10n ** 8n }))
  .map(([numerator, denominator]) => ({ numerator, denominator }))
const bits = fc.constantFrom(60, 133, 400)

/** log2 of how far a is from b, relative to b. */
function gap(a: Real, b: Real): number {
  return magnitudeOf(precise.subtract(a, b)) - magnitudeOf(b)
}

describe('functions of real numbers', () => {
  const functions: [string, (arithmetic: RealArithmetic, x: Real) => Real, (x: number) => number][] = [
    ['exp', (arithmetic, x) => arithmetic.exp(x), Math.exp],
    ['sin', (arithmetic, x) => arithmetic.sinCos(x).sin, Math.sin],
    ['cos', (arithmetic, x) => arithmetic.sinCos(x).cos, Math.cos],
    ['arctan', (arithmetic, x) => arithmetic.arctan2(x, oneReal), Math.atan],
    [
      'the angle of (−1, x)',
      (arithmetic, x) => arithmetic.arctan2(x, negateReal(oneReal)),
      x => Math.atan2(x, -1),
    ],
    ['ln', (arithmetic, x) => arithmetic.ln(absoluteReal(x)), x => Math.log(Math.abs(x))],
    ['sqrt', (arithmetic, x) => arithmetic.sqrt(absoluteReal(x)), x => Math.sqrt(Math.abs(x))],
  ]

  it.each(functions)(
    '%s is the same at every precision, up to its bits, and close to that of doubles',
    (_, of, ofDouble) => {
      fc.assert(
        fc.property(rational, bits, (value, precision) => {
          fc.pre(value.numerator !== 0n && value.numerator ** 2n !== value.denominator ** 2n)
          const arithmetic = new RealArithmetic(precision)
          const x = arithmetic.fromRational(value)
          const [coarse, fine] = [of(arithmetic, x), of(precise, x)]
          // A sine close to a multiple of π is told relative to 1.
          const scale = Math.max(0, -magnitudeOf(fine))
          expect(gap(coarse, fine)).toBeLessThan(2 - precision + scale)
          expect(toDouble(coarse)).toBeCloseTo(ofDouble(toDouble(x)), Math.abs(toDouble(x)) > 20 ? -30 : 6)
        }),
        { numRuns: 200 },
      )
    },
  )

  it('know π, e and ln 2', () => {
    const digits = (value: Real) => String((value.mantissa * 10n ** 40n) >> BigInt(-value.exponent))
    expect(digits(precise.pi)).toBe('31415926535897932384626433832795028841971')
    expect(digits(precise.exp(oneReal))).toBe('27182818284590452353602874713526624977572')
    expect(digits(precise.ln({ mantissa: 2n, exponent: 0 }))).toBe('6931471805599453094172321214581765680755')
  })

  it('undo one another', () => {
    fc.assert(
      fc.property(rational, value => {
        fc.pre(value.numerator !== 0n)
        const arithmetic = new RealArithmetic(200)
        const x = arithmetic.fromRational(value)
        const size = absoluteReal(x)
        expect(gap(arithmetic.exp(arithmetic.ln(size)), size)).toBeLessThan(-190)
        const root = arithmetic.sqrt(size)
        expect(gap(arithmetic.multiply(root, root), size)).toBeLessThan(-197)
        expect(gap(arithmetic.multiply(arithmetic.divide(oneReal, x), x), oneReal)).toBeLessThan(-197)
      }),
    )
  })

  it('are exact for numbers far apart only where nothing is lost', () => {
    const arithmetic = new RealArithmetic(100)
    const tiny = { mantissa: 1n, exponent: -50 }
    expect(arithmetic.add(oneReal, tiny)).toEqual({ mantissa: (1n << 50n) + 1n, exponent: -50 })
    expect(arithmetic.add(oneReal, { mantissa: 1n, exponent: -10_000_000 })).toEqual(oneReal)
  })
})
