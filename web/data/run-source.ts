import type { ByteSource } from '../../core/formats/byte-source.ts'
import { openHttpByteSource } from '../../core/formats/http-byte-source.ts'

/** Where a run is: the folder at an address, or files that were dropped on the page. */
export type RunSource = { kind: 'address'; address: string } | { kind: 'files'; files: File[] }

/** The files of a run. */
export interface RunFiles {
  /** A name for messages. */
  readonly name: string
  /** Opens a file for ranged reads; null when there is none. */
  open(name: string): Promise<ByteSource | null>
  /**
   * Bytes of a file that may be growing, from `start` on, at most `tailBytes` of them: none at its end; null when there is
   * no such file.
   */
  tail(name: string, start: number): Promise<ArrayBuffer | null>
}

const tailBytes = 4 * 2 ** 20

/** The files of a source. */
export function filesOf(source: RunSource): RunFiles {
  switch (source.kind) {
    case 'address': {
      const folder = source.address.endsWith('/') ? source.address : `${source.address}/`
      return {
        name: folder,
        open: name => openHttpByteSource(new URL(name, folder).href),
        tail: (name, start) => fetchTail(new URL(name, folder).href, start),
      }
    }
    case 'files': {
      const find = (name: string) => source.files.find(candidate => candidate.name === name)
      return {
        name: 'the dropped files',
        async open(name) {
          const file = find(name)
          return file ? fileByteSource(file) : null
        },
        tail: async (name, start) =>
          (await find(name)
            ?.slice(start, start + tailBytes)
            .arrayBuffer()) ?? null,
      }
    }
    default:
      return source satisfies never
  }
}

/** A browser's file for ranged reads. */
export function fileByteSource(file: Blob & { name: string }): ByteSource {
  return {
    name: file.name,
    byteLength: file.size,
    async slice(start, end = file.size) {
      if (!(start >= 0 && start <= end && end <= file.size))
        throw new RangeError(`${file.name}: bytes [${start}, ${end}) are not within its ${file.size} bytes`)
      return file.slice(start, end).arrayBuffer()
    },
  }
}

async function fetchTail(address: string, start: number): Promise<ArrayBuffer | null> {
  let response: Response
  let body: ArrayBuffer
  try {
    response = await fetch(address, {
      headers: { Range: `bytes=${start}-${start + tailBytes - 1}` },
      cache: 'no-store',
    })
    body = await response.arrayBuffer()
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw new Error(`${address}: could not be fetched (${reason}); is the server still there?`, {
      cause: error,
    })
  }
  switch (response.status) {
    case 206:
      return body
    case 200:
      // A server without ranges sends all of it.
      return body.slice(start, start + tailBytes)
    case 404:
      return null
    case 416:
      return new ArrayBuffer(0)
    default:
      throw new Error(`${address}: the server answered HTTP ${response.status}, expected 206; try again`)
  }
}
