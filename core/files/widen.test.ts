import { describe, expect, it } from 'vitest'
import { widen } from './widen.ts'

const allBits = Uint16Array.from({ length: 65_536 }, (_, bits) => bits)

/** Fails unless every number is the expected one, the sign of zero included; NaN equals NaN. */
function expectSame(found: Float32Array, expected: (bits: number) => number): void {
  const wrong = [...allBits].filter(bits => !Object.is(found[bits], expected(bits)))
  expect(wrong.slice(0, 5)).toEqual([])
}

describe('widen', () => {
  it('knows all f16 values, as exact multiples of powers of two', () => {
    const found = widen(allBits.slice().buffer, 'f16')
    expect(found).toHaveLength(65_536)
    expectSame(found, bits => {
      const sign = bits >= 0x8000 ? -1 : 1
      const magnitude = bits % 0x8000
      if (magnitude > 0x7c00) return Number.NaN
      if (magnitude === 0x7c00) return sign * Number.POSITIVE_INFINITY
      // Steps of 2^-24 up to 2^-14, twice as wide in each octave from there on.
      const octave = Math.max(1, Math.floor(magnitude / 1024))
      const steps = magnitude < 1024 ? magnitude : 1024 + (magnitude % 1024)
      return sign * steps * 2 ** (octave - 25)
    })
  })

  it('knows all bf16 values, as the upper halves of f32', () => {
    const found = widen(allBits.slice().buffer, 'bf16')
    const view = new DataView(new ArrayBuffer(4))
    expectSame(found, bits => {
      view.setUint16(0, bits)
      return view.getFloat32(0)
    })
    expect(new Uint32Array(found.buffer)).toEqual(Uint32Array.from(allBits, bits => bits * 65_536))
  })

  it('leaves f32 as it is', () => {
    const numbers = new Float32Array([1, -0, 1e-45, Number.POSITIVE_INFINITY, 0.1])
    expect(widen(numbers.slice().buffer, 'f32')).toEqual(numbers)
  })
})
