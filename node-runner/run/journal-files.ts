import {
  closeSync,
  existsSync,
  fdatasyncSync,
  fstatSync,
  ftruncateSync,
  openSync,
  readdirSync,
  readSync,
  type Stats,
  statSync,
  writeSync,
} from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { InputError } from '../../core/input-error.ts'
import {
  encodeIndexLine,
  type JournalIndex,
  type JournalIndexLine,
  journalIndexName,
  mostIndexBytes,
  readJournalIndex,
} from '../../core/record/journal-index.ts'
import { mostLineBytes } from '../../core/record/sample.ts'
import { nullWhere } from '../files/file-errors.ts'
import { writeFileAtomic } from '../files/write-file-atomic.ts'

/** Where a line lies in a file; the end of the line is not counted. */
export interface LinePlace {
  start: number
  byteLength: number
}

/** How a file is written to; tests put a disk that fails in its place. */
export interface FileWriter {
  /** Appends some of the bytes from `offset` on; returns how many. */
  write(file: number, bytes: Uint8Array, offset: number): number
  sync(file: number): void
  truncate(file: number, byteLength: number): void
}

const diskWriter: FileWriter = {
  write: (file, bytes, offset) => writeSync(file, bytes, offset),
  sync: fdatasyncSync,
  truncate: ftruncateSync,
}

/**
 * One file of whole lines, of which `samples.jsonl` is made. Everything that is written goes through `append`. A last line
 * without its end was being written when its process died, and does not count.
 */
export class JournalFile {
  readonly path: string
  readonly #file: number
  readonly #writer: FileWriter
  /** Where the next line begins: the bytes of whole lines. */
  #end = 0
  #lineCount = 0
  /** Whether bytes that count for nothing may lie behind the end, and the length of the file with them. */
  #isTorn = false
  #tornBytes = 0

  /** Opens a file: to read, to append, or to append to a new one. Throws Node's error where there is one already. */
  constructor(path: string, access: 'read' | 'append' | 'create', writer = diskWriter) {
    this.path = path
    this.#writer = writer
    this.#file = openSync(path, { read: 'r', append: 'a+', create: 'ax+' }[access])
  }

  /** Length of the file as far as it was looked at, with what was appended, bytes. */
  get byteLength(): number {
    return this.#isTorn ? this.#tornBytes : this.#end
  }

  /** Where the next line begins: the bytes of the whole lines that were given or appended. */
  get end(): number {
    return this.#end
  }

  /** Which line is the next one, from 1. */
  get nextNumber(): number {
    return this.#lineCount + 1
  }

  /** The whole lines that were not given yet, with their numbers from 1. Throws InputError for one that has no end. */
  *lines(): Generator<LinePlace & { bytes: Buffer; number: number }> {
    const sizeBytes = fstatSync(this.#file).size
    this.#isTorn = false
    let pending: Buffer[] = []
    for (let at = this.#end; at < sizeBytes; at += chunkBytes) {
      const chunk = this.#readBytes(at, Math.min(chunkBytes, sizeBytes - at))
      let from = 0
      for (let to = chunk.indexOf(newline); to !== -1; to = chunk.indexOf(newline, from)) {
        const bytes = Buffer.concat([...pending, chunk.subarray(from, to)])
        const start = this.#end
        pending = []
        this.#end += bytes.length + 1
        from = to + 1
        yield { start, byteLength: bytes.length, bytes, number: ++this.#lineCount }
      }
      pending.push(chunk.subarray(from))
      if (at + chunk.length - this.#end > mostLineBytes)
        throw new InputError(
          `${this.path}: line ${this.nextNumber}: has more than ${mostLineBytes} bytes, expected a finished sample; ` +
            'remove the line to have the sample run again',
        )
    }
    this.#isTorn = this.#end < sizeBytes
    this.#tornBytes = sizeBytes
  }

  /** A line, its end included. */
  read({ start, byteLength }: LinePlace): Buffer {
    return this.#readBytes(start, byteLength + 1)
  }

  /**
   * Cuts off what an append left that failed, or a process that died. Returns whether the file now ends with a whole line; a
   * disk may refuse that (a file that may only grow), and then nothing is appended to this file again.
   */
  cutTorn(): boolean {
    if (!this.#isTorn) return true
    try {
      this.#writer.truncate(this.#file, this.#end)
      this.#isTorn = false
    } catch {
      // Kept as it is: readers leave a last line out that has no end.
    }
    return !this.#isTorn
  }

  /**
   * Appends a line, its end included, and syncs it. What fails, after some of the bytes too, is rolled back, so that a line
   * that comes later begins where this one did.
   */
  append(line: Uint8Array): LinePlace {
    if (!this.cutTorn())
      throw new Error(`${this.path}: ends in the middle of a line, which could not be cut off`)
    this.#checkUntouched()
    const start = this.#end
    try {
      this.write(line)
      this.sync()
    } catch (error) {
      this.#isTorn = true
      if (!this.cutTorn()) this.#tornBytes = fstatSync(this.#file).size
      throw error
    }
    this.#end += line.length
    this.#lineCount++
    return { start, byteLength: line.length - 1 }
  }

  /** Writes bytes without more ado, for a file that nobody reads before it is whole. */
  write(bytes: Uint8Array): void {
    for (let written = 0; written < bytes.length; ) {
      const count = this.#writer.write(this.#file, bytes, written)
      if (count === 0) throw new Error(`${this.path}: the disk takes no bytes`)
      written += count
    }
  }

  sync(): void {
    this.#writer.sync(this.#file)
  }

  close(): void {
    closeSync(this.#file)
  }

  /** A file that was removed, or to which others wrote, would lose what follows. */
  #checkUntouched(): void {
    const { size, nlink } = fstatSync(this.#file)
    if (nlink > 0 && size === this.#end) return
    throw new Error(
      `${this.path}: ${nlink === 0 ? 'was removed' : `has ${size} bytes, expected ${this.#end}: another program wrote to it`} ` +
        'while a run was writing to it',
    )
  }

  #readBytes(start: number, byteLength: number): Buffer {
    const bytes = Buffer.allocUnsafe(byteLength)
    for (let done = 0; done < byteLength; ) {
      const count = readSync(this.#file, bytes, done, byteLength - done, start + done)
      if (count === 0)
        throw new Error(`${this.path}: ends at byte ${start + done}, expected ${start + byteLength}`)
      done += count
    }
    return bytes
  }
}

const newline = 0x0a
const chunkBytes = 2 ** 20

/**
 * The files of a journal that are there, in the order in which they count: `samples.jsonl`, `samples-2.jsonl` and so on, of
 * which each was begun by whoever took the run over. `path` is that of the first.
 */
export function journalPaths(path: string): string[] {
  const folder = dirname(path)
  const stem = basename(path, '.jsonl')
  const numbers = (existsSync(folder) ? readdirSync(folder) : []).flatMap(name => {
    if (name === basename(path)) return [1]
    const [, number] = /^-([1-9]\d{0,8})\.jsonl$/.exec(name.slice(stem.length)) ?? []
    return name.startsWith(stem) && number !== undefined && number !== '1' ? [Number(number)] : []
  })
  return numbers.sort((a, b) => a - b).map(number => numberedPath(path, number))
}

/** Length of a run's journal as it is now, bytes; of all its files where a run was taken over. */
export function journalBytesOf(folder: string): number {
  return journalStats(folder).reduce((sum, { size }) => sum + size, 0)
}

/** Size and times of the files of a run's journal that are there. */
export function journalStats(folder: string): Stats[] {
  // One that has gone was joined with the first in between.
  return journalPaths(join(folder, 'samples.jsonl')).flatMap(
    path => statSync(path, { throwIfNoEntry: false }) ?? [],
  )
}

/** Begins the next file of a journal. Of several processes that do so at once each gets one of its own. */
export function beginJournalFile(path: string, writer?: FileWriter): JournalFile {
  for (let number = 1; ; number++) {
    const file = nullWhere('EEXIST', () => new JournalFile(numberedPath(path, number), 'create', writer))
    if (file) return file
  }
}

function numberedPath(path: string, number: number): string {
  return number === 1 ? path : join(dirname(path), `${basename(path, '.jsonl')}-${number}.jsonl`)
}

type IndexedLine = Omit<JournalIndexLine, 'check'>

/** The index of a journal, open to append. */
export type JournalIndexFile = ReturnType<typeof openIndexFile>

/** The index of the journals in a run's folder; of nothing where there is none. What is too long for its journal is not read. */
export function readIndexFile(folder: string): JournalIndex {
  const index = readJournalIndex('')
  const file = nullWhere('ENOENT', () => openSync(join(folder, journalIndexName), 'r'))
  if (file === null) return index
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
  const file = nullWhere('EEXIST', () => openSync(join(folder, journalIndexName), 'wx'))
  if (file === null) return
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
export function openIndexFile(folder: string, index: JournalIndex, lines: readonly IndexedLine[]) {
  const path = join(folder, journalIndexName)
  const keyOf = ({ file, start, sha256 }: IndexedLine) => `${file} ${start} ${sha256}`
  const known = new Set(index.lines.map(keyOf))
  const isExact = index.isWhole && known.size === lines.length && lines.every(line => known.has(keyOf(line)))
  if (!isExact) writeFileAtomic(path, lines.map(encodeIndexLine))
  const handle = openSync(path, 'a')
  let isCut = false
  return {
    /** Tells of a line that is on disk. That this could not be written leaves the line unchecked, and is no error. */
    append(line: IndexedLine) {
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
