import { expect } from 'vitest'
import { type Comparison, compareClose, describeMismatch, type Tolerance } from '../../kernels/gpu/check.ts'

/** Fails with the worst elements in aligned rows: index, expected, found, difference, allowed. */
export function expectClose(
  what: string,
  found: ArrayLike<number>,
  expected: ArrayLike<number>,
  tolerance: Tolerance,
): void {
  expectAgreement([compareClose(what, found, expected, tolerance)])
}

/** Fails where any comparison does, and where there is none. */
export function expectAgreement(comparisons: readonly Comparison[]): void {
  expect(comparisons.length).toBeGreaterThan(0)
  for (const comparison of comparisons) if (comparison.wrong > 0) expect.fail(describeMismatch(comparison))
}
