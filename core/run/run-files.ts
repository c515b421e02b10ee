import type { ByteSource } from '../files/byte-source.ts'
import { openHttpByteSource } from '../files/http-byte-source.ts'
import { quickSha256 } from '../files/sha256.ts'
import {
  checkedByteSource,
  type Manifest,
  manifestName,
  parseManifest,
  refuseLongManifest,
} from '../record/manifest.ts'

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

/** The files of the run at an http address. */
export function addressFiles(address: string): RunFiles {
  const folder = address.endsWith('/') ? address : `${address}/`
  return {
    name: folder,
    open: name => openHttpByteSource(new URL(name, folder).href),
    tail: (name, start) => fetchTail(new URL(name, folder).href, start),
  }
}

/** The files of a run that `open` opens by their names. */
export function filesOpenedBy(name: string, open: RunFiles['open']): RunFiles {
  return {
    name,
    open,
    async tail(file, start) {
      const source = await open(file)
      if (!source) return null
      const { byteLength } = source
      return source.slice(Math.min(start, byteLength), Math.min(start + tailBytes, byteLength))
    },
  }
}

/** The files of a run that a page was given: dropped on it, or chosen. */
export function givenFiles(files: readonly File[]): RunFiles {
  return filesOpenedBy('the dropped files', async name => {
    const file = files.find(candidate => candidate.name === name)
    return file ? fileByteSource(file) : null
  })
}

/** A browser's file for ranged reads. */
function fileByteSource(file: Blob & { name: string }): ByteSource {
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
  const headers = { Range: `bytes=${start}-${start + tailBytes - 1}` }
  const { status, body } = await fetch(address, { headers, cache: 'no-store' })
    .then(async response => ({ status: response.status, body: await response.arrayBuffer() }))
    .catch(error => {
      const reason = error instanceof Error ? error.message : String(error)
      const text = `${address}: could not be fetched (${reason}); is the server still there?`
      throw new Error(text, { cause: error })
    })
  switch (status) {
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
      throw new Error(`${address}: the server answered HTTP ${status}, expected 206; try again`)
  }
}

/** The files of a run, those that its manifest tells of checked as they are read. */
export interface CheckedFiles extends RunFiles {
  /** Null where there is none, and all is read unchecked. */
  readonly manifest: Manifest | null
  /** The files by the manifest of now: results may have been put in place. */
  again(): Promise<CheckedFiles>
}

/** Reads the manifest of a run's files. Rejects with InputError where it is damaged. */
export async function checkFiles(files: RunFiles): Promise<CheckedFiles> {
  const source = await files.open(manifestName)
  if (source) refuseLongManifest(source.name, source.byteLength)
  const manifest = source ? parseManifest(source.name, new TextDecoder().decode(await source.slice(0))) : null
  return {
    name: files.name,
    manifest,
    again: () => checkFiles(files),
    async open(name) {
      const found = await files.open(name)
      const digest = manifest?.files[name]
      return found && digest ? checkedByteSource(found, name, digest, quickSha256) : found
    },
    tail: (name, start) => files.tail(name, start),
  }
}

/** The results of a run may be replaced while they are read; more often than that, something else is wrong. */
const mostTries = 5

/** Reads files that belong together: once more from the start where others are put in place meanwhile. */
export async function readTogether<Read>(
  files: CheckedFiles,
  read: (files: CheckedFiles) => Promise<Read>,
): Promise<Read> {
  let current = files
  for (let tries = 1; ; tries++)
    try {
      return await read(current)
    } catch (error) {
      const next = tries < mostTries ? await files.again().catch(() => null) : null
      if (!next || next.manifest?.sha256 === current.manifest?.sha256) throw error
      current = next
    }
}
