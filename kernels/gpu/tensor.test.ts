import { describe, expect, it } from 'vitest'
import { testDevice } from '../../test/support/device.ts'
import { LimitError } from './device.ts'
import { Recorder } from './recorder.ts'
import {
  checkTensor,
  createTensor,
  createTensorGroup,
  tensorBytes,
  tensorFrom,
  uploadTensor,
  viewTensor,
} from './tensor.ts'

describe('tensors', async () => {
  const device = await testDevice()

  it('come back as they were sent, also of an odd number of 16-bit elements', async () => {
    const f32 = await tensorFrom(device, 'f32', [2, 2], new Float32Array([1, -2, 3.5, 1e-30]))
    const bf16 = await tensorFrom(device, 'bf16', [3], new Uint32Array([0x3f804000, 0x0000bf80]), 'bf16')
    const [first, second] = await new Recorder(device, 'test').submitAndRead(f32, bf16)
    expect([...new Float32Array(first!)]).toEqual([1, -2, 3.5, Math.fround(1e-30)])
    expect([...new Uint32Array(second!)]).toEqual([0x3f804000, 0x0000bf80])
    expect([f32.dtype, bf16.dtype, tensorBytes(bf16)]).toEqual(['f32', 'bf16', 6])
  })

  it('are zeroed when made, and counted with their padding', async () => {
    const before = device.counters.allocatedBytes
    const tensor = await createTensor(device, 'empty', 'u32', [5])
    expect(device.counters.allocatedBytes - before).toBe(32)
    const [bytes] = await new Recorder(device, 'test').submitAndRead(tensor)
    expect([...new Uint32Array(bytes!)]).toEqual([0, 0, 0, 0, 0])
    device.destroyBuffer(tensor.buffer)
    expect(device.counters.allocatedBytes).toBe(before)
  })

  it('refuse data of another size', async () => {
    const tensor = await createTensor(device, 'weight', 'bf16', [3])
    expect(() => uploadTensor(device, tensor, new Uint32Array(3))).toThrow(
      'upload of weight: 12 bytes given, [3] of bf16 holds 8',
    )
  })

  it('in a group start at multiples of 256 bytes of one buffer', async () => {
    const { buffer, sizeBytes, tensors } = await createTensorGroup(device, 'group', {
      a: { dtype: 'f32', shape: [65] },
      b: { dtype: 'bf16', shape: [3] },
      c: { dtype: 'u32', shape: [1] },
    })
    expect([tensors.a.offsetBytes, tensors.b.offsetBytes, tensors.c.offsetBytes]).toEqual([0, 512, 768])
    expect([sizeBytes, buffer.size, tensors.b.name, tensors.b.buffer === buffer]).toEqual([
      1024,
      1024,
      'group.b',
      true,
    ])
    uploadTensor(device, tensors.b, new Uint32Array([7, 8]))
    const [b, c] = await new Recorder(device, 'test').submitAndRead(tensors.b, tensors.c)
    expect([...new Uint32Array(b!), ...new Uint32Array(c!)]).toEqual([7, 8, 0])
  })

  it('can be seen in another shape of no more elements', async () => {
    const tensor = await createTensor(device, 'x', 'f32', [4, 6])
    expect(viewTensor(tensor, [2, 12])).toEqual({ ...tensor, shape: [2, 12] })
    expect(viewTensor(tensor, [1, 6]).buffer).toBe(tensor.buffer)
    expect(() => viewTensor(tensor, [5, 5])).toThrow('view of x: [5,5] needs more elements than its [4,6]')
  })

  it('are checked with what was expected and what to look at', async () => {
    const tensor = await createTensor(device, 'norm', 'f32', [896])
    expect(() => checkTensor('rms-norm', tensor, ['f32'], [896])).not.toThrow()
    expect(() => checkTensor('rms-norm', tensor, ['f32'], [1024])).toThrow(
      "rms-norm: norm is [896], expected [1024]; check the model's config against its weights",
    )
    expect(() => checkTensor('rms-norm', tensor, ['f32'], [1, 896])).toThrow(/is \[896\], expected \[1,896\]/)
    expect(() => checkTensor('embed', tensor, ['u32', 'bf16'], [896])).toThrow(
      'embed: norm is f32, expected u32 or bf16',
    )
  })

  it('beyond what the adapter binds are refused with their name and a remedy', async () => {
    const { maxBufferSize, maxStorageBufferBindingSize } = device.handle.limits
    const limit = Math.min(maxBufferSize, maxStorageBufferBindingSize)
    const before = { ...device.counters }
    const elements = limit / 4 + 4
    const failure = createTensor(device, 'lm_head', 'f32', [elements])
    await expect(failure).rejects.toThrow(LimitError)
    await expect(failure).rejects.toThrow(
      `buffer lm_head: is ${limit + 16} bytes, this adapter binds at most ${limit}; split it over more ranks (--tp)`,
    )
    expect(device.counters).toEqual(before)
  })
})
