import { describe, expect, it } from 'vitest'
import { openNullAdapter } from '../../node-runner/adapter/dawn.ts'
import { scaleKernel } from '../../test/support/scale-kernel.ts'
import { openDevice } from './device.ts'
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

describe('compileAhead', () => {
  it('compiles what is asked for once and beside the rest, and gives it to who asks later', async () => {
    const device = await openDevice(await openNullAdapter())
    const { kernels } = device
    let layout: GPUBindGroupLayout | null = null
    const ahead = kernels.compileAhead(() => {
      layout = kernels.compile(scaleKernel, {}).layout
      expect(kernels.compile(scaleKernel, {}).layout).toBe(layout)
    })
    await ahead
    const { pipeline, layout: now } = kernels.compile(scaleKernel, {})
    expect(now).toBe(layout)
    expect(pipeline).toBeInstanceOf(GPUComputePipeline)
    device.destroy()
  })

  it('has who needs a pipeline at once make it, and keeps that one', async () => {
    const device = await openDevice(await openNullAdapter())
    const { kernels } = device
    const ahead = kernels.compileAhead(() => void kernels.compile(scaleKernel, {}))
    const { pipeline } = kernels.compile(scaleKernel, {})
    expect(pipeline).toBeInstanceOf(GPUComputePipeline)
    await ahead
    expect(kernels.compile(scaleKernel, {}).pipeline).toBe(pipeline)
    device.destroy()
  })

  it('rejects with what is wrong, and compiles no more ahead', async () => {
    const device = await openDevice(await openNullAdapter())
    const { kernels } = device
    const wrong = { ...scaleKernel, source: scaleKernel.source.replace('fn ', 'function ') }
    await expect(kernels.compileAhead(() => void kernels.compile(wrong, {}))).rejects.toThrow()
    const failing = kernels.compileAhead(() => {
      throw new Error('a shape does not fit')
    })
    await expect(failing).rejects.toThrow('a shape does not fit')
    expect(kernels.compile(scaleKernel, {}).pipeline).toBeInstanceOf(GPUComputePipeline)
    device.destroy()
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
