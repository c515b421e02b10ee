import { closeSync, openSync, readFileSync, statSync, writeSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import {
  encodeIndexLine,
  type JournalIndex,
  type JournalIndexLine,
  journalIndexName,
  readJournalIndex,
} from '../../core/formats/journal-index.ts'
import { InputError } from '../../core/input-error.ts'
import { writeFileWhole } from '../files/write-file-whole.ts'

/** A line of the journal as it lies in its file. */
export type IndexedLine = Omit<JournalIndexLine, 'file' | 'check'>

/** The index of a journal, open to append. */
export interface JournalIndexFile {
  /** Tells of a line that is on disk. That this could not be written leaves the line unchecked, and is no error. */
  append(line: IndexedLine): void
  close(): void
}

/** A million samples; what one text can hold is about twice that. */
const mostIndexBytes = 2 ** 28

/** The index of the journals in a run's folder; of nothing where there is none. */
export function readIndexFile(folder: string): JournalIndex {
  const path = join(folder, journalIndexName)
  const sizeBytes = statSync(path, { throwIfNoEntry: false })?.size ?? 0
  if (sizeBytes > mostIndexBytes)
    throw new InputError(
      `${path}: has ${sizeBytes} bytes, expected a line for each sample, at most ${mostIndexBytes}; delete it, and the journal is read without`,
    )
  try {
    return readJournalIndex(readFileSync(path, 'utf8'))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return readJournalIndex('')
    throw error
  }
}

/**
 * Opens the index beside a journal to append. Where it does not tell of exactly the `lines` that are there (a process died before
 * it told of one, a line was removed by hand, the run is of 0.1.0) it is written again.
 */
export function openIndexFile(
  journalPath: string,
  index: JournalIndex,
  lines: readonly (Omit<IndexedLine, 'sha256'> & { sha256: string | null })[],
): JournalIndexFile {
  const path = join(dirname(journalPath), journalIndexName)
  const file = basename(journalPath)
  const textOf = (line: IndexedLine) => encodeIndexLine({ ...line, file })
  const digested = lines.filter((line): line is IndexedLine => line.sha256 !== null)
  const known = new Set(
    index.lines.filter(line => line.file === file).map(({ start, sha256 }) => `${start} ${sha256}`),
  )
  const isExact =
    index.isWhole &&
    known.size === digested.length &&
    digested.every(({ start, sha256 }) => known.has(`${start} ${sha256}`))
  if (!isExact)
    writeFileWhole(path, [
      ...index.lines.filter(line => line.file !== file).map(encodeIndexLine),
      ...digested.map(textOf),
    ])
  const handle = openSync(path, 'a')
  let isCut = false
  return {
    append(line) {
      try {
        const bytes = Buffer.from(`${isCut ? '\n' : ''}${textOf(line)}`)
        isCut = writeSync(handle, bytes) < bytes.length
      } catch {
        isCut = true
      }
    },
    close: () => closeSync(handle),
  }
}
