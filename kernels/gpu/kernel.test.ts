import { describe, expect, it } from 'vitest'
import { scaleKernel } from '../../test/support/scale-kernel.ts'
import { packParams, readWgslInterface } from './kernel.ts'

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

const good = `
// scales: y = factor x; @group(0) @binding(7) in a comment does not count
override THREADS: u32 = 64u;
override FLAG: u32 = 0u;  // override NOT_ONE

struct Params {
  count: u32,  // of elements, with a comma
  first: i32,
  factor: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<vec4<f32>>;
@group(0) @binding(2)
var<storage, read_write> y: array<Pair>;
@group(0) @binding(3) var<storage> z: array<u32>;

@compute @workgroup_size(THREADS, 1)
fn scale(@builtin(global_invocation_id) id: vec3<u32>) {}
`

describe('readWgslInterface', () => {
  it('reads entry point, bindings, params and overrides', () => {
    expect(readWgslInterface('scale', good)).toEqual({
      entryPoint: 'scale',
      bindings: [
        { name: 'params', index: 0, access: 'uniform' },
        { name: 'x', index: 1, access: 'read' },
        { name: 'y', index: 2, access: 'read_write' },
        { name: 'z', index: 3, access: 'read' },
      ],
      params: [
        { name: 'count', type: 'u32' },
        { name: 'first', type: 'i32' },
        { name: 'factor', type: 'f32' },
      ],
      overrides: ['THREADS', 'FLAG'],
    })
  })

  it.each([
    ['no entry point', ['@compute', ''], /scale: no @compute entry point/],
    [
      'a vector in Params',
      ['factor: f32', 'factor: vec2<f32>'],
      /Params member "factor: vec2<f32>" is not a/,
    ],
    ['a gap in the numbers', ['@binding(2)', '@binding(5)'], /numbered from 0 in order/],
    ['bindings out of order', ['@binding(2)', '@binding(3)'], /numbered from 0 in order/],
    [
      'params under another name',
      ['var<uniform> params', 'var<uniform> sizes'],
      /first being var<uniform> params/,
    ],
    ['params in storage', ['var<uniform> params', 'var<storage, read> params'], /first being var<uniform>/],
  ] as const)('refuses %s', (_, [from, to], message) => {
    expect(good).toContain(from)
    expect(() => readWgslInterface('scale', good.replace(from, to))).toThrow(message)
  })

  it('refuses a source without bindings', () => {
    expect(() => readWgslInterface('bare', '@compute @workgroup_size(1) fn bare() {}')).toThrow(
      /bare: bindings/,
    )
  })
})
