import { closeSync, openSync, readSync, writeSync } from 'node:fs'
import { join } from 'node:path'

import {
  encodeIndexLine,
  type JournalIndex,
  type JournalIndexLine,
  journalIndexName,
  mostIndexBytes,
  readJournalIndex,
} from '../../core/formats/journal-index.ts'
import { writeFileWhole } from '../files/write-file-whole.ts'
import { journalBytesOf } from './run-manifest.ts'

/** A line of the journal as it lies in its file. */
export type IndexedLine = Omit<JournalIndexLine, 'check'>

/** The index of a journal, open to append. */
export interface JournalIndexFile {
  /** Tells of a line that is on disk. That this could not be written leaves the line unchecked, and is no error. */
  append(line: IndexedLine): void
  close(): void
}

const chunkBytes = 2 ** 20

/** The index of the journals in a run's folder; of nothing where there is none. What is too long for its journal is not read. */
export function readIndexFile(folder: string): JournalIndex {
  const index = readJournalIndex('')
  let file: number
  try {
    file = openSync(join(folder, journalIndexName), 'r')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return index
    throw error
  }
  try {
    const mostBytes = mostIndexBytes(journalBytesOf(folder))
    const chunk = Buffer.allocUnsafe(chunkBytes)
    for (let at = 0; at < mostBytes; ) {
      const count = readSync(file, chunk, 0, chunkBytes, at)
      if (count === 0) break
      // Other than ASCII is in no whole line.
      index.add(chunk.toString('latin1', 0, count))
      at += count
    }
    return index
  } finally {
    closeSync(file)
  }
}

/** Writes an index of lines where there is none at all: that of a process that appends is never replaced. */
export function writeFirstIndex(folder: string, lines: readonly IndexedLine[]): void {
  let file: number
  try {
    file = openSync(join(folder, journalIndexName), 'wx')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return
    throw error
  }
  try {
    // What is cut short tells of nothing, and is written again by a resume.
    for (const line of lines) writeSync(file, encodeIndexLine(line))
  } finally {
    closeSync(file)
  }
}

/**
 * Opens the index of the journals in a run's folder to append. Where it does not tell of exactly the `lines` that are there (a process died before
 * it told of one, a line was removed by hand, the run is of 0.1.0) it is written again.
 */
export function openIndexFile(
  folder: string,
  index: JournalIndex,
  lines: readonly IndexedLine[],
): JournalIndexFile {
  const path = join(folder, journalIndexName)
  const keyOf = ({ file, start, sha256 }: IndexedLine) => `${file} ${start} ${sha256}`
  const known = new Set(index.lines.map(keyOf))
  const isExact = index.isWhole && known.size === lines.length && lines.every(line => known.has(keyOf(line)))
  if (!isExact) writeFileWhole(path, lines.map(encodeIndexLine))
  const handle = openSync(path, 'a')
  let isCut = false
  return {
    append(line) {
      try {
        const bytes = Buffer.from(`${isCut ? '\n' : ''}${encodeIndexLine(line)}`)
        isCut = writeSync(handle, bytes) < bytes.length
      } catch {
        isCut = true
      }
    },
    close: () => closeSync(handle),
  }
}
