import { openGguf } from '../../core/files/gguf.ts'
import { memoryByteSource } from './memory-byte-source.ts'

/** A value of metadata: integers become uint32, other numbers float32, lists what they are, and bytes what their type says. */
export type EncodedValue =
  | string
  | boolean
  | number
  | readonly string[]
  | Float32Array
  | Int32Array
  | { type: number; bytes: Uint8Array }

/** A tensor as a GGUF file holds it: dimensions from the inner one on, and ggml's number of its type. */
export interface EncodedTensor {
  name: string
  dims: readonly number[]
  type: number
  data: Uint8Array
}

const encoder = new TextEncoder()

function integer(value: number, bytes: 4 | 8): Uint8Array {
  const view = new DataView(new ArrayBuffer(bytes))
  if (bytes === 4) view.setUint32(0, value, true)
  else view.setBigUint64(0, BigInt(value), true)
  return new Uint8Array(view.buffer)
}

function text(value: string): Uint8Array {
  const bytes = encoder.encode(value)
  return joined([integer(bytes.length, 8), bytes])
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0))
  let at = 0
  for (const part of parts) {
    all.set(part, at)
    at += part.length
  }
  return all
}

function typed(value: EncodedValue): Uint8Array[] {
  const list = (type: number, count: number) => [integer(9, 4), integer(type, 4), integer(count, 8)]
  if (typeof value === 'string') return [integer(8, 4), text(value)]
  if (typeof value === 'boolean') return [integer(7, 4), new Uint8Array([value ? 1 : 0])]
  if (typeof value === 'number')
    return Number.isInteger(value)
      ? [integer(4, 4), integer(value, 4)]
      : [integer(6, 4), new Uint8Array(new Float32Array([value]).buffer)]
  if (value instanceof Float32Array)
    return [...list(6, value.length), new Uint8Array(value.buffer, value.byteOffset, value.byteLength)]
  if (value instanceof Int32Array)
    return [...list(5, value.length), new Uint8Array(value.buffer, value.byteOffset, value.byteLength)]
  if ('bytes' in value) return [integer(value.type, 4), value.bytes]
  return [...list(8, value.length), ...value.map(text)]
}

/** The bytes of a GGUF file, version 3. */
export function encodeGguf(
  metadata: Readonly<Record<string, EncodedValue>>,
  tensors: readonly EncodedTensor[],
): Uint8Array {
  const alignment = Number(metadata['general.alignment'] ?? 32)
  const padded = (length: number) => Math.ceil(length / alignment) * alignment
  const keys = Object.entries(metadata)
  let offset = 0
  const infos = tensors.flatMap(({ name, dims, type, data }) => {
    const info = [
      text(name),
      integer(dims.length, 4),
      ...dims.map(size => integer(size, 8)),
      integer(type, 4),
      integer(offset, 8),
    ]
    offset += padded(data.length)
    return info
  })
  const header = joined([
    encoder.encode('GGUF'),
    integer(3, 4),
    integer(tensors.length, 8),
    integer(keys.length, 8),
    ...keys.flatMap(([key, value]) => [text(key), ...typed(value)]),
    ...infos,
  ])
  const file = new Uint8Array(padded(header.length) + offset)
  file.set(header)
  let at = padded(header.length)
  for (const { data } of tensors) {
    file.set(data, at)
    at += padded(data.length)
  }
  return file
}

/** What `encodeGguf` makes a file of unquantised tensors from; sizes that metadata hold in other types become uint32. */
export async function decodeGguf(
  bytes: Uint8Array,
): Promise<{ metadata: Record<string, EncodedValue>; tensors: EncodedTensor[] }> {
  const { metadata, tensors } = await openGguf(memoryByteSource(bytes))
  const typeNumbers: Record<string, number> = { f32: 0, f16: 1, bf16: 30 }
  const values = Array.from(metadata.keys(), key => [key, metadata.get(key) as EncodedValue] as const)
  return {
    metadata: Object.fromEntries(values),
    tensors: Array.from(tensors.values(), ({ name, dims, type, start, byteLength }) => ({
      name,
      dims,
      type: typeNumbers[type]!,
      data: bytes.subarray(start, start + byteLength),
    })),
  }
}
