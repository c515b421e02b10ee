import fc from 'fast-check'
import { expect, test } from 'vitest'
import { distributions, expectClose } from '../../../test/golden/statistics.ts'
import { incompleteBeta } from './incomplete-beta.ts'

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
