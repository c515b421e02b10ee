import { describe, expect, it } from 'vitest'
import { testDevice } from '../../test/support/device.ts'
import { scaleKernel, scaleUse } from '../../test/support/scale-kernel.ts'
import { countersSince } from './device.ts'
import { defineKernel } from './kernel.ts'
import { Recorder } from './recorder.ts'
import { createTensor, createTensorGroup, type Tensor, tensorFrom } from './tensor.ts'

describe('Recorder', async () => {
  const device = await testDevice()
  const x = await tensorFrom(device, 'x', [5], new Float32Array([1, 2, 3, 4, 5]))
  const y = await createTensor(device, 'y', 'f32', [5])

  it('runs dispatches in order, each with params of its own, and counts exactly what it did', async () => {
    const z = await createTensor(device, 'z', 'f32', [5])
    const before = { ...device.counters }
    const recorder = new Recorder(device, 'test')
    recorder.dispatch(scaleKernel, scaleUse(x, y, 2))
    recorder.dispatch(scaleKernel, { ...scaleUse(y, z, 10, -1), constants: { TIMES: 3 } })
    recorder.copy(z, 0, y, 4, 8)
    const [bytes, zBytes] = await recorder.submitAndRead(y, z)
    expect([...new Float32Array(zBytes!)]).toEqual([59, 119, 179, 239, 299])
    expect([...new Float32Array(bytes!)]).toEqual([2, 59, 119, 8, 10])
    const { peakAllocatedBytes, ...counted } = countersSince(before, device.counters)
    expect(counted).toEqual({
      dispatches: 2,
      submits: 1,
      synchronisations: 1,
      // Params of two dispatches, 256 bytes apart.
      uploadedBytes: 512,
      downloadedBytes: 40,
      movedBytes: 80,
      flops: 20,
      allocatedBytes: before.allocatedBytes,
    })
    // The buffer that is read back: 40 bytes, rounded up to 16.
    expect(peakAllocatedBytes).toBeGreaterThanOrEqual(before.allocatedBytes + 48)
  })

  it('tells two kernels of one name apart', async () => {
    const first = defineKernel(
      scaleKernel.name,
      scaleKernel.source.replace('fn scale', '// Another text.\nfn scale'),
    )
    const other = defineKernel(first.name, first.source.replace('params.factor', '10.0 * params.factor'))
    expect(other.source).not.toBe(first.source)
    const recorder = new Recorder(device, 'test')
    recorder.dispatch(first, scaleUse(x, y, 2))
    const [once] = await recorder.submitAndRead(y)
    recorder.dispatch(other, scaleUse(x, y, 2))
    const [tenTimes] = await recorder.submitAndRead(y)
    expect([...new Float32Array(tenTimes!)]).toEqual([...new Float32Array(once!)].map(value => value * 10))
  })

  it('holds many dispatches, and refuses more Params than fit', async () => {
    const recorder = new Recorder(device, 'test')
    for (let i = 0; i < 4096; i++) {
      recorder.dispatch(scaleKernel, scaleUse(x, y, i, 1))
      // What repeats takes no room.
      recorder.dispatch(scaleKernel, scaleUse(x, y, i, 1))
    }
    expect(() => recorder.dispatch(scaleKernel, scaleUse(x, y, 0))).toThrow(
      'test: more than 4096 different Params in one recording',
    )
    const [bytes] = await recorder.submitAndRead(y)
    expect([...new Float32Array(bytes!)]).toEqual([4096, 8191, 12286, 16381, 20476])
  })

  it('gives each of two recordings in flight its own params', async () => {
    const z = await createTensor(device, 'z', 'f32', [5])
    const first = new Recorder(device, 'first')
    first.dispatch(scaleKernel, scaleUse(x, y, 3))
    const second = new Recorder(device, 'second')
    second.dispatch(scaleKernel, scaleUse(x, z, 7))
    first.submit()
    const [bytes, firstBytes] = await second.submitAndRead(z, y)
    expect([...new Float32Array(bytes!)]).toEqual([7, 14, 21, 28, 35])
    expect([...new Float32Array(firstBytes!)]).toEqual([3, 6, 9, 12, 15])
  })

  it('begins a recording after each submit, and drops one that was not submitted', async () => {
    const recorder = new Recorder(device, 'first')
    recorder.dispatch(scaleKernel, scaleUse(x, y, 3))
    recorder.submit()
    const before = { ...device.counters }
    recorder.dispatch(scaleKernel, scaleUse(x, y, 100))
    recorder.begin('second')
    recorder.copy(x, 0, y, 12, 4)
    const [bytes] = await recorder.submitAndRead(y)
    expect([...new Float32Array(bytes!)]).toEqual([3, 6, 9, 1, 15])
    const { submits, uploadedBytes } = countersSince(before, device.counters)
    expect({ submits, uploadedBytes }).toEqual({ submits: 1, uploadedBytes: 0 })
  })

  it('binds the members of a group at their offsets', async () => {
    const { tensors } = await createTensorGroup(device, 'group', {
      a: { dtype: 'f32', shape: [5] },
      b: { dtype: 'f32', shape: [5] },
    })
    const recorder = new Recorder(device, 'test')
    recorder.dispatch(scaleKernel, scaleUse(x, tensors.b, 1))
    recorder.dispatch(scaleKernel, scaleUse(x, tensors.a, -1))
    const [a, b] = await recorder.submitAndRead(tensors.a, tensors.b)
    expect([...new Float32Array(a!)]).toEqual([-1, -2, -3, -4, -5])
    expect([...new Float32Array(b!)]).toEqual([1, 2, 3, 4, 5])
  })

  it('records nothing for no workgroups', async () => {
    const before = device.counters.dispatches
    new Recorder(device, 'test').dispatch(scaleKernel, { ...scaleUse(x, y, 1), workgroups: [0] })
    expect(device.counters.dispatches).toBe(before)
  })

  const wrong: [string, Partial<ReturnType<typeof scaleUse>>, RegExp | string][] = [
    ['a missing binding', { tensors: { x } }, 'scale: binding y has no tensor'],
    ['an unknown binding', { tensors: { x, y, z: y } }, 'scale: bindings are x, y; given x, y, z'],
    ['a missing parameter', { params: { count: 1, factor: 1 } }, /Params has count, offset, factor; given/],
    ['an unknown override', { constants: { FACTOR: 2 } }, 'scale: has no override FACTOR, only TIMES'],
  ]
  it.each(wrong)('refuses %s, naming it', (_, change, message) => {
    expect(() =>
      new Recorder(device, 'test').dispatch(scaleKernel, { ...scaleUse(x, y, 1), ...change }),
    ).toThrow(message)
  })

  it("refuses more workgroups than the adapter's limit", () => {
    const limit = device.handle.limits.maxComputeWorkgroupsPerDimension
    const use = { ...scaleUse(x, y, 1), workgroups: [1, limit + 1] as const }
    expect(() => new Recorder(device, 'test').dispatch(scaleKernel, use)).toThrow(
      `scale: [1, ${limit + 1}, 1] workgroups, this adapter allows ${limit} in each direction`,
    )
  })

  it('reports what the device found wrong with a submit', async () => {
    const recorder = new Recorder(device, 'test')
    const beyond: Tensor = { ...y, shape: [100] }
    recorder.copy(beyond, 0, x, 0, 400)
    recorder.submit()
    await expect(device.idle()).rejects.toThrow(/reported: .*(400|range|overflow|size)/s)
  })
})
