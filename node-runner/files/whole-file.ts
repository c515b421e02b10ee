import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeSync } from 'node:fs'

/** A file that is written in pieces under another name, and is in its place only when it is whole. */
export interface WholeFile {
  write(piece: string | Uint8Array): void
  /** Puts the file in its place: a reader finds the old file or the new one, never a part. */
  commit(): void
  /** Removes what was written and leaves the old file; after `commit`, does nothing. */
  discard(): void
}

/** Begins a file that may be larger than memory. */
export function openWholeFile(path: string): WholeFile {
  const staging = `${path}.partial`
  // What an earlier process left is removed and never written to: in a folder from elsewhere it may be a link.
  rmSync(staging, { force: true })
  const file = openSync(staging, 'wx')
  let isOpen = true
  const close = () => {
    closeSync(file)
    isOpen = false
  }
  return {
    write(piece) {
      const bytes = typeof piece === 'string' ? Buffer.from(piece) : piece
      for (let written = 0; written < bytes.length; ) written += writeSync(file, bytes, written)
    },
    commit() {
      fsyncSync(file)
      close()
      try {
        renameSync(staging, path)
      } catch (error) {
        rmSync(staging, { force: true })
        throw error
      }
    },
    discard() {
      if (!isOpen) return
      close()
      rmSync(staging, { force: true })
    },
  }
}
