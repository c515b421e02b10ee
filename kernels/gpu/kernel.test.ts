import { describe, expect, it } from 'vitest'
import { scaleKernel } from '../../test/support/scale-kernel.ts'
import { packParams } from './kernel.ts'

describe('packParams', () => {
  it('writes each value in the type and at the place that the shader declares', () => {
    const view = new DataView(new ArrayBuffer(32))
    packParams(scaleKernel, { factor: 0.1, count: 4_000_000_000, offset: -2 }, view, 16)
    expect(view.getUint32(16, true)).toBe(4_000_000_000)
    expect(view.getInt32(20, true)).toBe(-2)
    expect(view.getFloat32(24, true)).toBe(Math.fround(0.1))
    expect([0, 4, 8, 12, 28].map(at => view.getUint32(at))).toEqual([0, 0, 0, 0, 0])
  })

  it('refuses a missing and an unknown parameter, naming them', () => {
    const view = new DataView(new ArrayBuffer(16))
    expect(() => packParams(scaleKernel, { count: 1, factor: 1 }, view, 0)).toThrow(
      'scale: Params has count, offset, factor; given count, factor',
    )
    expect(() => packParams(scaleKernel, { count: 1, factor: 1, ofset: 1 }, view, 0)).toThrow(
      'scale: parameter offset is missing',
    )
  })
})
