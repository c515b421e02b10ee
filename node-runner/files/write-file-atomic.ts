import { closeSync, existsSync, fsyncSync, lstatSync, openSync, renameSync, rmSync, writeSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { InputError } from '../../core/input-error.ts'
import { isRunFile } from '../../core/record/run-files.ts'

/** Begins a new file, which is written in pieces. */
export function openNewFile(path: string) {
  const file = openSync(path, 'wx')
  let isOpen = true
  const close = () => {
    if (isOpen) closeSync(file)
    isOpen = false
  }
  return {
    /** Returns the bytes of the piece. */
    write(piece: string | Uint8Array): Uint8Array {
      const bytes = typeof piece === 'string' ? Buffer.from(piece) : piece
      for (let written = 0; written < bytes.length; ) written += writeSync(file, bytes, written)
      return bytes
    },
    /** Makes sure that the file is on disk, and closes it. */
    finish() {
      fsyncSync(file)
      close()
    },
    close,
  }
}

/** Begins a file that may be larger than memory. It is written under another name, and is in its place only when it is whole. */
export function openAtomicFile(path: string) {
  const staging = `${path}.partial`
  // What an earlier process left is removed and never written to: in a folder from elsewhere it may be a link.
  rmSync(staging, { force: true })
  const { write, finish, close } = openNewFile(staging)
  let isInPlace = false
  return {
    write,
    /** Puts the file in its place: a reader finds the old file or the new one, never a part. */
    commit() {
      finish()
      renameSync(staging, path)
      isInPlace = true
    },
    /** Removes what was written and leaves the old file; after `commit`, does nothing. */
    discard() {
      close()
      if (!isInPlace) rmSync(staging, { force: true })
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
