import { expect, test } from 'vitest'
import { distributions, expectClose } from '../../../test/golden/statistics.ts'
import { normalQuantile975, normalTail } from './normal-tail.ts'

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
