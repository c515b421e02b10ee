import type { ByteSource } from '../../core/files/byte-source.ts'

/** A ByteSource over bytes in memory, as strict about ranges as a file's. */
export function memoryByteSource(bytes: Uint8Array, name = 'memory'): ByteSource {
  return {
    name,
    byteLength: bytes.length,
    async slice(start, end = bytes.length) {
      if (!(start >= 0 && start <= end && end <= bytes.length))
        throw new RangeError(`${name}: bytes [${start}, ${end}) are not within its ${bytes.length} bytes`)
      return new Uint8Array(bytes.subarray(start, end)).buffer
    },
  }
}
