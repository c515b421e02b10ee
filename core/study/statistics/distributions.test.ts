import fc from 'fast-check'
import { expect, test } from 'vitest'
import { distributions, expectClose } from '../../../test/golden/statistics.ts'
import { incompleteBeta, logGamma, normalQuantile975, normalTail } from './distributions.ts'

test.each(distributions.incompleteBeta)('I_%d(%d, %d) agrees with SciPy', (x, a, b, expected) => {
  expectClose(incompleteBeta(x!, a!, b!), expected, `x = ${x}, a = ${a}, b = ${b}`, {
    absolute: 1e-300,
    relative: 1e-9,
  })
})

test('I_x(a, b) = 1 − I_(1−x)(b, a)', () => {
  const shape = fc.double({ min: 0.25, max: 500, noNaN: true })
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 1024 }), shape, shape, (numerator, a, b) => {
      // A multiple of 2⁻¹⁰, so that 1 − x is exact.
      const x = numerator / 1024
      expect(incompleteBeta(x, a, b) + incompleteBeta(1 - x, b, a)).toBeCloseTo(1, 9)
    }),
  )
})

test('refuses what is outside the domain', () => {
  expect(() => incompleteBeta(1.1, 1, 1)).toThrow(/expected x in \[0, 1\]/)
  expect(() => incompleteBeta(0.5, 0, 1)).toThrow(RangeError)
})

test.each(distributions.logGamma)('x = %d agrees with SciPy', (x, expected) => {
  expectClose(logGamma(x!), expected, `x = ${x}`, { absolute: 1e-14, relative: 1e-14 })
})

test('refuses what is not above 0', () => {
  expect(() => logGamma(0)).toThrow(/expected above 0/)
  expect(() => logGamma(Number.NaN)).toThrow(RangeError)
})

test.each(distributions.normalTail)(
  'z = %d agrees with SciPy, far tails to their own scale',
  (z, expected) => {
    expectClose(normalTail(z!), expected, `z = ${z}`, { absolute: 0, relative: 1e-12 })
  },
)

test('the quantile leaves 2.5 % above it', () => {
  expect(normalTail(normalQuantile975)).toBeCloseTo(0.025, 15)
})

test('the two ways of computing it meet where they change', () => {
  const change = 2 * Math.SQRT2
  expectClose(normalTail(change * (1 - 1e-15)), normalTail(change * (1 + 1e-15)), 'at the change', {
    absolute: 0,
    relative: 1e-12,
  })
})
