import { closeSync, existsSync, fsyncSync, lstatSync, openSync, renameSync, rmSync, writeSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { InputError } from '../../core/input-error.ts'
import { isRunFile } from '../../core/record/run-files.ts'

/** A file that is written in pieces under another name, and is in its place only when it is whole. */
export interface AtomicFile {
  write(piece: string | Uint8Array): void
  /** Puts the file in its place: a reader finds the old file or the new one, never a part. */
  commit(): void
  /** Removes what was written and leaves the old file; after `commit`, does nothing. */
  discard(): void
}

/** Begins a file that may be larger than memory. */
export function openAtomicFile(path: string): AtomicFile {
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

/**
 * Writes a file in pieces, so that a reader finds the old file or the new one, never a part. The pieces are made as they
 * are written: a file may be larger than a string can be. What making them throws leaves the old file.
 */
export function writeFileAtomic(path: string, pieces: Iterable<string | Uint8Array>): void {
  const file = openAtomicFile(path)
  try {
    for (const piece of pieces) file.write(piece)
    file.commit()
  } finally {
    file.discard()
  }
}

/**
 * Throws InputError for a file that may not be put in the place that was asked for: one takes the place of what has its name, which
 * would remove a link or a device (as /dev/null) from this machine, and a file of a run from its run.
 */
export function refuseOutput(path: string): void {
  if (path === '') throw new InputError('--out: is empty, expected the file to write')
  const entry = lstatSync(path, { throwIfNoEntry: false })
  if (entry && !entry.isFile())
    throw new InputError(
      `${path}: expected a file to write, found a link, a folder or a device, which would be lost; name another file with --out`,
    )
  const name = basename(path)
  if ((isRunFile(name) || /^lease-\d+$/.test(name)) && existsSync(join(dirname(path), 'run.json')))
    throw new InputError(
      `${path}: is a file of the run itself, which would be lost; name another file with --out`,
    )
}
