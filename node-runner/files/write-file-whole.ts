import { openWholeFile } from './whole-file.ts'

/**
 * Writes a file in pieces, so that a reader finds the old file or the new one, never a part. The pieces are made as they
 * are written: a file may be larger than a string can be. What making them throws leaves the old file.
 */
export function writeFileWhole(path: string, pieces: Iterable<string | Uint8Array>): void {
  const file = openWholeFile(path)
  try {
    for (const piece of pieces) file.write(piece)
    file.commit()
  } finally {
    file.discard()
  }
}
