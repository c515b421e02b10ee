import { expect, test } from 'vitest'
import { distributions, expectClose } from '../../../test/golden/statistics.ts'
import { logGamma } from './log-gamma.ts'

test.each(distributions.logGamma)('x = %d agrees with SciPy', (x, expected) => {
  expectClose(logGamma(x!), expected, `x = ${x}`, { absolute: 1e-14, relative: 1e-14 })
})

test('refuses what is not above 0', () => {
  expect(() => logGamma(0)).toThrow(/expected above 0/)
  expect(() => logGamma(Number.NaN)).toThrow(RangeError)
})
