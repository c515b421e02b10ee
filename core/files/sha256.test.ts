import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { sha256 } from './sha256.ts'

describe('sha256', () => {
  it("is Node's, at every length around a block", () => {
    for (let length = 0; length < 200; length++) {
      const bytes = Uint8Array.from({ length }, (_, index) => (index * 37 + length) & 255)
      expect(sha256(bytes), `${length} bytes`).toBe(createHash('sha256').update(bytes).digest('hex'))
    }
  })

  it("is Node's for any bytes, also those in the middle of others", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 1000 }), fc.nat(10), (bytes, from) => {
        const part = bytes.subarray(Math.min(from, bytes.length))
        expect(sha256(part)).toBe(createHash('sha256').update(part).digest('hex'))
      }),
    )
  })
})
