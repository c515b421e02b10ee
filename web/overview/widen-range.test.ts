import fc from 'fast-check'
import { expect, it } from 'vitest'
import { widenRange } from './widen-range.ts'

it('keeps what lies in a range, with ends that can be read', () => {
  expect(widenRange([0.012345678, 0.98765432])).toEqual([0.01234, 0.9877])
  expect(widenRange([-0.0123456, 0])).toEqual([-0.01235, 0])
  const end = fc
    .double({ min: -1e6, max: 1e6, noNaN: true })
    .filter(value => value === 0 || Math.abs(value) > 1e-12)
  fc.assert(
    fc.property(end, end, (a, b) => {
      const [low, high] = [Math.min(a, b), Math.max(a, b)]
      const [from, to] = widenRange([low, high])
      expect(from).toBeLessThanOrEqual(low)
      expect(to).toBeGreaterThanOrEqual(high)
      for (const value of [from, to]) expect(value).toBe(Number(value.toPrecision(4)))
      for (const [value, wide] of [
        [low, from],
        [high, to],
      ] as const)
        expect(Math.abs(wide - value)).toBeLessThanOrEqual(Math.abs(value) * 2e-3)
    }),
  )
})
