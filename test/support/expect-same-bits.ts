import { expect } from 'vitest'
import { alignedRow } from './expect-close.ts'

type Numbers = Float32Array | Uint32Array | Uint16Array

/** Fails where any number differs, -0 from 0 too, with the first of them in aligned rows; of millions, in no time. */
export function expectSameBits(what: string, found: Numbers, expected: Numbers): void {
  expect(found.length, `${what}: number of elements`).toBe(expected.length)
  const lines: string[] = []
  let count = 0
  for (let index = 0; index < expected.length; index++) {
    if (Object.is(found[index], expected[index])) continue
    if (count++ < 8) lines.push(alignedRow([index, expected[index]!, found[index]!]))
  }
  if (count > 0)
    expect.fail(
      [
        `${what}: ${count} of ${expected.length} elements have other bits; the first:`,
        alignedRow(['index', 'expected', 'found']),
        ...lines,
      ].join('\n'),
    )
}
