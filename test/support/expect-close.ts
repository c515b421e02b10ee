import { expect } from 'vitest'

/** |found − expected| ≤ absolute + relative · |scale|, where scale is expected unless given for each element. */
export interface Tolerance {
  absolute: number
  relative: number
  scale?: ArrayLike<number>
}

/** The bound of every kernel whose test states no other. */
export const kernelTolerance: Tolerance = { absolute: 1e-5, relative: 1e-5 }

/** Fails with the worst elements in aligned rows: index, expected, found, difference, allowed. */
export function expectClose(
  what: string,
  found: ArrayLike<number>,
  expected: ArrayLike<number>,
  { absolute, relative, scale = expected }: Tolerance,
): void {
  expect(found.length, `${what}: number of elements`).toBe(expected.length)
  const wrong: { index: number; difference: number; allowed: number }[] = []
  for (let index = 0; index < expected.length; index++) {
    const difference = Math.abs(found[index]! - expected[index]!)
    const allowed = absolute + relative * Math.abs(scale[index]!)
    if (!(difference <= allowed)) wrong.push({ index, difference, allowed })
  }
  if (wrong.length === 0) return
  wrong.sort((a, b) => b.difference / b.allowed - a.difference / a.allowed)
  const lines = wrong
    .slice(0, 8)
    .map(({ index, difference, allowed }) =>
      alignedRow([index, expected[index]!, found[index]!, difference, allowed]),
    )
  expect.fail(
    [
      `${what}: ${wrong.length} of ${expected.length} elements are off; the worst:`,
      alignedRow(['index', 'expected', 'found', 'difference', 'allowed']),
      ...lines,
    ].join('\n'),
  )
}

/** Cells of a table's row under one another. */
export function alignedRow(cells: (string | number)[]): string {
  return cells.map(cell => String(cell).padStart(24)).join('')
}
