import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { encodeSafetensors } from '../../test/support/encode-safetensors.ts'
import { memoryByteSource } from '../../test/support/memory-byte-source.ts'
import { InputError } from '../input-error.ts'
import type { ByteSource } from './byte-source.ts'
import { openSafetensors } from './safetensors.ts'

const header = {
  __metadata__: { format: 'pt' },
  matrix: { dtype: 'BF16', shape: [2, 3], data_offsets: [4, 16] },
  scalar: { dtype: 'F32', shape: [], data_offsets: [0, 4] },
  half: { dtype: 'F16', shape: [2], data_offsets: [16, 20] },
  empty: { dtype: 'F32', shape: [0, 7], data_offsets: [16, 16] },
}
const data = Uint8Array.from({ length: 20 }, (_, index) => index)
const open = (bytes: Uint8Array) => openSafetensors(memoryByteSource(bytes, 'model.safetensors'))
const openTensor = (tensor: object | null) => open(encodeSafetensors({ ...header, matrix: tensor }, data))

describe('openSafetensors', () => {
  it('says where each tensor lies', async () => {
    const entries = await open(encodeSafetensors(header, data))
    expect([...entries.keys()]).toEqual(['matrix', 'scalar', 'half', 'empty'])
    const matrix = entries.get('matrix')!
    expect(matrix).toMatchObject({ name: 'matrix', dtype: 'bf16', shape: [2, 3], byteLength: 12 })
    const bytes = await matrix.source.slice(matrix.start, matrix.start + matrix.byteLength)
    expect([...new Uint8Array(bytes)]).toEqual([...data.subarray(4, 16)])
    expect(entries.get('scalar')).toMatchObject({ dtype: 'f32', shape: [], byteLength: 4 })
    expect(entries.get('half')).toMatchObject({ dtype: 'f16', byteLength: 4 })
  })

  it('reads the header and nothing after it', async () => {
    const bytes = encodeSafetensors(header, data)
    const whole = memoryByteSource(bytes)
    const headerEnd = bytes.length - data.length
    const source: ByteSource = {
      ...whole,
      slice: (start, end) => {
        expect(end).toBeLessThanOrEqual(headerEnd)
        return whole.slice(start, end)
      },
    }
    expect((await openSafetensors(source)).size).toBe(4)
  })

  it('leaves out what it has no format for and nobody needs', async () => {
    const further = {
      ...header,
      mask: { dtype: 'BOOL', shape: [3], data_offsets: [20, 23] },
      position_ids: { dtype: 'I64', shape: [1, 2], data_offsets: [23, 39] },
    }
    const bytes = encodeSafetensors(further, new Uint8Array(39))
    const opened = (isNeeded: (name: string) => boolean) =>
      openSafetensors(memoryByteSource(bytes, 'model.safetensors'), isNeeded)
    expect([...(await opened(name => name in header)).keys()]).toEqual(['matrix', 'scalar', 'half', 'empty'])
    await expect(opened(name => name !== 'mask')).rejects.toThrow(/tensor position_ids: dtype I64, expected/)
    const overlapping = { ...further, mask: { dtype: 'BOOL', shape: [3], data_offsets: [19, 22] } }
    await expect(
      openSafetensors(memoryByteSource(encodeSafetensors(overlapping, new Uint8Array(39))), () => false),
    ).rejects.toThrow(/half and mask overlap/)
  })

  it('calls a Git LFS pointer by its name', async () => {
    const oid = 'a'.repeat(64)
    const pointer = `version https://git-lfs.github.com/spec/v1\noid sha256:${oid}\nsize 988097824\n`
    const failure = open(new TextEncoder().encode(pointer))
    await expect(failure).rejects.toThrow(InputError)
    await expect(failure).rejects.toThrow(
      /^model\.safetensors: is a Git LFS pointer, expected the file of 988097824 bytes .*git lfs pull/,
    )
  })

  it.each([
    ['an empty file', new Uint8Array(0), /0 bytes, expected at least the 8/],
    ['a file cut in its length', new Uint8Array(7), /7 bytes, expected at least the 8/],
    ['a file cut in its header', encodeSafetensors(header, data).subarray(0, 60), /cut in its header/],
    [
      'a file cut in its data',
      encodeSafetensors(header, data.subarray(0, 19)),
      /tensor half: .*cut in its data/,
    ],
    ['a length past the cap', new Uint8Array(16).fill(255), /header of 18446744073709551615 bytes/],
    ['a header that is cut JSON', encodeSafetensors('{"a": {', data), /header: expected JSON/],
    ['a header that is not UTF-8', Uint8Array.of(1, 0, 0, 0, 0, 0, 0, 0, 0xff), /header: expected JSON/],
    ['a header that is a list', encodeSafetensors('[]', data), /not a JSON object/],
  ])('refuses %s', async (_, bytes, message) => {
    await expect(open(bytes)).rejects.toThrow(InputError)
    await expect(open(bytes)).rejects.toThrow(message)
  })

  it.each([
    ['an unknown dtype', { dtype: 'I32', shape: [3], data_offsets: [4, 16] }, /tensor matrix: dtype I32/],
    [
      'a dtype of Object.prototype',
      { dtype: 'toString', shape: [3], data_offsets: [4, 16] },
      /dtype toString/,
    ],
    [
      'a wrong length',
      { dtype: 'F32', shape: [2, 2], data_offsets: [4, 16] },
      /\[2, 2\] of F32 takes 16 .*hold 12/,
    ],
    [
      'offsets past the end',
      { dtype: 'F32', shape: [3], data_offsets: [12, 24] },
      /tensor matrix: .*cut in its data/,
    ],
    ['backward offsets', { dtype: 'F32', shape: [3], data_offsets: [16, 4] }, /run backwards/],
    ['overlapping tensors', { dtype: 'F32', shape: [3], data_offsets: [2, 14] }, /scalar and matrix overlap/],
    [
      'a negative offset',
      { dtype: 'F32', shape: [3], data_offsets: [-4, 8] },
      /tensor matrix: .*data_offsets.0/,
    ],
    ['a fractional size', { dtype: 'F32', shape: [1.5], data_offsets: [4, 10] }, /tensor matrix: .*shape.0/],
    [
      'a size past 2^53',
      { dtype: 'F32', shape: [2 ** 53], data_offsets: [4, 16] },
      /tensor matrix: .*shape.0/,
    ],
    ['no shape', { dtype: 'F32', data_offsets: [4, 16] }, /tensor matrix: .*shape/],
    ['no entry', null, /tensor matrix: .*malformed/],
  ])('refuses %s', async (_, tensor, message) => {
    await expect(openTensor(tensor)).rejects.toThrow(InputError)
    await expect(openTensor(tensor)).rejects.toThrow(message)
  })

  it.each([
    [
      'a hole',
      { half: { dtype: 'F16', shape: [1], data_offsets: [18, 20] } },
      /bytes \[\d+, \d+\) between empty and half/,
    ],
    [
      'bytes before the first tensor',
      { scalar: undefined },
      /bytes \[\d+, \d+\) between the header and matrix/,
    ],
    ['bytes after the last tensor', { half: undefined }, /bytes \[\d+, \d+\) after empty are no tensor's/],
    [
      'a tensor without bytes within another',
      { empty: { dtype: 'F32', shape: [0], data_offsets: [8, 8] } },
      /matrix and empty overlap/,
    ],
    [
      '65 dimensions',
      { half: { dtype: 'F16', shape: Array(65).fill(1), data_offsets: [16, 18] } },
      /tensor half: a shape of 65 dimensions, expected at most 64/,
    ],
  ])('refuses %s', async (_, tensors, message) => {
    const failure = open(encodeSafetensors({ ...header, ...tensors }, data))
    await expect(failure).rejects.toThrow(InputError)
    await expect(failure).rejects.toThrow(message)
  })

  const scalar = '{"dtype":"F32","shape":[],"data_offsets":[0,4]}'
  it.each([
    ['a tensor named twice', `{"a":${scalar},"b":{},"a":${scalar}}`, /header: the key "a" stands twice/],
    ['a name spelled in two ways', `{"a":${scalar},"\\u0061":${scalar}}`, /header: the key "a" stands twice/],
    ['a field named twice', '{"a":{"dtype":"F32","dtype":"F32"}}', /header: the key "dtype" stands twice/],
    [
      'lists in lists',
      `{"a":${'['.repeat(2 ** 20)}`,
      /header: lists and objects in each other more than 4 deep/,
    ],
    [
      'more values than tensors have',
      `{"a":{"shape":[${'1,'.repeat(9_000_000)}1]}}`,
      /header: more than 500000 values/,
    ],
    ['a name of 18 MB', `{"${'a'.repeat(18_000_000)}":{"dtype":1}}`, /more characters/],
    [
      'more than ten faults',
      `{"a":{"shape":[${'-1,'.repeat(60)}-1],"data_offsets":"x"}}`,
      /and 5\d more; fetch/,
    ],
  ])('refuses %s, in little time and few words', async (_, text, message) => {
    const failure: unknown = await open(encodeSafetensors(text, data.subarray(0, 4))).catch(error => error)
    expect(failure).toBeInstanceOf(InputError)
    expect((failure as InputError).message).toMatch(message)
    expect((failure as InputError).message.length).toBeLessThan(8200)
  })

  it('answers arbitrary bytes with InputError or entries within the file', async () => {
    await fc.assert(
      fc.asyncProperty(fc.oneof(fc.uint8Array({ maxLength: 64 }), mutatedFile()), async bytes => {
        const entries = await open(bytes).catch((error: unknown) => {
          expect(error).toBeInstanceOf(InputError)
          return new Map<string, never>()
        })
        const ends = [...entries.values()].map(entry => entry.start + entry.byteLength)
        expect(Math.max(0, ...ends)).toBeLessThanOrEqual(bytes.length)
      }),
      { numRuns: 2000 },
    )
  })

  it('answers arbitrary JSON headers with InputError or entries', async () => {
    const tensor = fc.record({
      dtype: fc.oneof(fc.constantFrom('F32', 'F16', 'BF16'), fc.jsonValue()),
      shape: fc.oneof(fc.array(fc.integer({ min: -1, max: 9 }), { maxLength: 3 }), fc.jsonValue()),
      data_offsets: fc.oneof(fc.tuple(fc.integer(), fc.integer()), fc.jsonValue()),
    })
    const anyHeader = fc.oneof(fc.dictionary(fc.string(), fc.oneof(tensor, fc.jsonValue())), fc.jsonValue())
    await fc.assert(
      fc.asyncProperty(anyHeader, async value => {
        await open(encodeSafetensors(JSON.stringify(value), data)).catch((error: unknown) =>
          expect(error).toBeInstanceOf(InputError),
        )
      }),
      { numRuns: 2000 },
    )
  })
})

/** A valid file with a few bytes changed, perhaps cut. */
function mutatedFile(): fc.Arbitrary<Uint8Array> {
  const valid = encodeSafetensors(header, data)
  const change = fc.tuple(fc.nat(valid.length - 1), fc.nat(255))
  return fc.tuple(fc.array(change, { maxLength: 4 }), fc.nat(valid.length)).map(([changes, length]) => {
    const bytes = valid.slice()
    for (const [index, value] of changes) bytes[index] = value
    return length % 3 === 0 ? bytes.subarray(0, length) : bytes
  })
}
