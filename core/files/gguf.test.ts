import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { type EncodedTensor, encodeGguf } from '../../test/support/encode-gguf.ts'
import { memoryByteSource } from '../../test/support/memory-byte-source.ts'
import { InputError } from '../input-error.ts'
import { openGguf } from './gguf.ts'

const folder = 'test/models/gguf'
const open = (...file: Parameters<typeof encodeGguf>) =>
  openGguf(memoryByteSource(encodeGguf(...file), 'file'))
const f32 = (name: string, ...dims: number[]): EncodedTensor => ({
  name,
  dims,
  type: 0,
  data: new Uint8Array(4 * dims.reduce((product, size) => product * size, 1)).fill(name.length),
})

describe('openGguf', () => {
  it.each(readdirSync(folder).filter(name => name.endsWith('.gguf')))('reads %s', async name => {
    const bytes = new Uint8Array(readFileSync(join(folder, name)))
    const { metadata, tensors } = await openGguf(memoryByteSource(bytes, name))
    expect(metadata.get('general.architecture')).toBe(
      /tiny-([a-z]+\d?)/.exec(name)![1]!.replace('llama3', 'llama'),
    )
    expect(tensors.get('token_embd.weight')?.dims[1]).toBe(metadata.count('tokenizer.ggml.tokens'))
    const ends = [...tensors.values()].map(({ start, byteLength }) => start + byteLength)
    expect(bytes.length - Math.max(...ends)).toBeLessThan(32)
  })

  it('reads a long header in few pieces, and no value before it is asked for', async () => {
    const bytes = gunzipSync(readFileSync(join(folder, 'r1-distill-qwen-7b-header.gguf.gz')))
    const source = memoryByteSource(new Uint8Array(bytes))
    const read: number[] = []
    const { metadata, tensors } = await openGguf({
      ...source,
      slice(start, end = source.byteLength) {
        read.push(end - start)
        return source.slice(start, end)
      },
    })
    expect(read.length).toBeLessThan(10)
    expect(read.reduce((sum, length) => sum + length)).toBeLessThan(bytes.length + 2000)
    expect(tensors.size).toBe(0)
    const tokens = metadata.get('tokenizer.ggml.tokens') as string[]
    expect([tokens.length, tokens[0], tokens[151_643]]).toEqual([152_064, '!', '<｜end▁of▁sentence｜>'])
    expect(metadata.count('tokenizer.ggml.merges')).toBe(151_387)
  })

  it('knows every type of value', async () => {
    const bytes = (...numbers: number[]) => new Uint8Array(numbers)
    const f64 = new Uint8Array(new Float64Array([-0.1]).buffer)
    const list = (type: number, count: number, ...rest: number[]) =>
      bytes(type, 0, 0, 0, count, 0, 0, 0, 0, 0, 0, 0, ...rest)
    const values: Record<string, [number, Uint8Array, unknown]> = {
      uint8: [0, bytes(255), 255],
      int8: [1, bytes(255), -1],
      uint16: [2, bytes(1, 2), 513],
      int16: [3, bytes(0, 255), -256],
      uint32: [4, bytes(0, 0, 0, 255), 255 * 2 ** 24],
      int32: [5, bytes(254, 255, 255, 255), -2],
      float32: [6, bytes(0, 0, 192, 63), 1.5],
      bool: [7, bytes(1), true],
      string: [8, bytes(2, 0, 0, 0, 0, 0, 0, 0, 195, 169), 'é'],
      uint64: [10, bytes(1, 0, 0, 0, 1, 0, 0, 0), 2 ** 32 + 1],
      large: [10, bytes(1, 0, 0, 0, 0, 0, 0, 128), 2n ** 63n + 1n],
      int64: [11, bytes(255, 255, 255, 255, 255, 255, 255, 255), -1],
      float64: [12, f64, -0.1],
      bools: [9, list(7, 2, 0, 1), [false, true]],
      int16s: [9, list(3, 2, 255, 255, 2, 0), new Int16Array([-1, 2])],
      strings: [9, list(8, 2, 1, 0, 0, 0, 0, 0, 0, 0, 97, 0, 0, 0, 0, 0, 0, 0, 0), ['a', '']],
      lists: [9, list(9, 2, ...list(0, 1, 7), ...list(9, 0)), [new Uint8Array([7]), []]],
    }
    const metadata = Object.fromEntries(
      Object.entries(values).map(([key, [type, raw]]) => [key, { type, bytes: raw }]),
    )
    const file = await open(metadata, [])
    expect([...file.metadata.keys()]).toEqual(Object.keys(values))
    for (const [key, [, , expected]] of Object.entries(values))
      expect(file.metadata.get(key)).toEqual(expected)
    expect(file.metadata.get('another')).toBeUndefined()
  })

  it('finds tensors where the alignment puts them', async () => {
    const tensors = [f32('a', 3), f32('longer', 2, 5)]
    for (const alignment of [32, 64, 4096]) {
      const bytes = encodeGguf({ 'general.alignment': alignment }, tensors)
      const found = await openGguf(memoryByteSource(bytes))
      for (const { name, dims, data } of tensors) {
        const entry = found.tensors.get(name)!
        expect(entry).toMatchObject({ type: 'f32', dims, byteLength: data.length })
        expect(entry.start % alignment).toBe(0)
        expect(bytes.subarray(entry.start, entry.start + entry.byteLength)).toEqual(data)
      }
    }
  })

  it('refuses a header that is longer than any', async () => {
    const source = {
      name: 'long',
      byteLength: 2 ** 40,
      slice: async (start: number, end = 2 ** 40) => {
        const bytes = new Uint8Array(end - start)
        const begin = encodeGguf(
          { list: { type: 9, bytes: new Uint8Array([4, 0, 0, 0, 0, 0, 0, 0, 16, 0, 0, 0]) } },
          [],
        )
        if (start === 0) bytes.set(begin.subarray(0, bytes.length))
        return bytes.buffer
      },
    }
    await expect(openGguf(source)).rejects.toThrow(/^long: list: the header is longer than 64000000 bytes/)
  })

  it.each<[string, Parameters<typeof encodeGguf>, RegExp]>([
    ['an alignment of 3', [{ 'general.alignment': 3 }, []], /general\.alignment is 3 \(uint32\)/],
    ['a tensor of no dimension', [{}, [f32('none')]], /tensor none: 0 dimensions/],
    [
      'rows that blocks do not fill',
      [{}, [{ name: 'odd', dims: [48, 2], type: 2, data: new Uint8Array(54) }]],
      /tensor odd: rows of 48 numbers of type Q4_0, expected a multiple of its blocks' 32/,
    ],
    [
      'a type that no kernel reads',
      [{}, [{ name: 'x', dims: [256], type: 23, data: new Uint8Array(136) }]],
      /tensor x: type 23 \(IQ4_XS\), expected one of F32/,
    ],
  ])('refuses %s', async (_, file, message) => {
    await expect(open(...file)).rejects.toThrow(InputError)
    await expect(open(...file)).rejects.toThrow(message)
  })
})
