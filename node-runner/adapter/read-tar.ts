import { basename } from 'node:path'

/** A regular file of a tar archive. */
export interface TarFile {
  /** Its name without folders. */
  name: string
  content: Uint8Array
}

/** Regular files of a ustar archive (POSIX.1-1988), flattened to their base names. Throws when the archive is cut. */
export function* readTar(archive: Uint8Array): Generator<TarFile> {
  const blockBytes = 512
  const text = (start: number, length: number) =>
    new TextDecoder().decode(archive.subarray(start, start + length)).replace(/\0.*$/s, '')
  for (let at = 0; at + blockBytes <= archive.length && archive[at] !== 0; ) {
    const sizeBytes = Number.parseInt(text(at + 124, 12), 8)
    const start = at + blockBytes
    if (!(start + sizeBytes <= archive.length))
      throw new Error(`tar: ${text(at, 100)} is cut: expected ${sizeBytes} bytes`)
    const type = text(at + 156, 1)
    if (type === '0' || type === '')
      yield { name: basename(text(at, 100)), content: archive.subarray(start, start + sizeBytes) }
    at = start + Math.ceil(sizeBytes / blockBytes) * blockBytes
  }
}
