import { closeSync, fsyncSync, openSync, renameSync, writeSync } from 'node:fs'

/**
 * Writes a file in pieces under another name and renames it when it is whole, so that a reader finds the old file or
 * the new one, never a part. The pieces are made as they are written: a file may be larger than a string can be.
 */
export function writeFileWhole(path: string, pieces: Iterable<string | Uint8Array>): void {
  const staging = `${path}.partial`
  const file = openSync(staging, 'w')
  try {
    for (const piece of pieces) {
      const bytes = typeof piece === 'string' ? Buffer.from(piece) : piece
      for (let written = 0; written < bytes.length; ) written += writeSync(file, bytes, written)
    }
    fsyncSync(file)
  } finally {
    closeSync(file)
  }
  renameSync(staging, path)
}
