import { closeSync, fsyncSync, openSync, renameSync, rmSync, statSync } from 'node:fs'
import { basename, dirname } from 'node:path'
import { InputError } from '../../core/input-error.ts'
import {
  type JournalIndex,
  journalIndexName,
  type LineSample,
  lineMismatch,
  readJournalIndex,
} from '../../core/record/journal-index.ts'
import { formatVersion } from '../../core/record/run-files.ts'
import { parseSampleLine, type SampleRecord } from '../../core/record/sample.ts'
import {
  beginJournalFile,
  type FileWriter,
  JournalFile,
  type JournalIndexFile,
  journalPaths,
  type LinePlace,
  openIndexFile,
  readIndexFile,
  writeFirstIndex,
} from './journal-files.ts'
import { sha256Of } from './read-run-files.ts'
import type { RunLease } from './run-lease.ts'

/** Where a record's line lies, and its digest. */
interface Line extends LineSample, LinePlace {
  file: JournalFile
  sha256: string
}

/** Who may append to a journal: see RunLease. */
type JournalOwner = Pick<RunLease, 'number' | 'ownsJournal' | 'check'>

/** For a folder that nobody else knows of. */
const soleOwner = (): JournalOwner => ({ number: 0, ownsJournal: true, check() {} })

/**
 * `samples.jsonl`: one line for each finished sample, appended and synced before it counts as finished. What a resume
 * reads, and what every other file of a run is made from. Holds places in memory, not records. Beside it lies its index, by which
 * a line is known without parsing it, and damage to it is found; both are checked wherever a line is read.
 * Whoever takes a run over begins a file of its own, `samples-2.jsonl` and so on, so that no file is ever written to by two. Readers
 * take all of them, and of a sample the first whole line; a run that is done joins them.
 */
export class Journal {
  readonly path: string
  readonly #owner: JournalOwner | null
  readonly #writer: FileWriter | undefined
  #files: JournalFile[] = []
  /** In the order of the files and of their lines. */
  #lines = new Map<string, Line>()
  /** What the index told when the journal was opened. */
  #index: JournalIndex = readJournalIndex('')
  #indexFile: JournalIndexFile | null = null

  /**
   * Opens a journal by the path of its first file, creating it in order to append. A last line without its end was being
   * written when the process died: it is left out, and cut off where it stands in the way. To read changes nothing, as a
   * run may be under way. Throws InputError for a line that is damaged, or of a newer format.
   */
  constructor(path: string, access: 'read' | 'append', owner = soleOwner(), writer?: FileWriter) {
    this.path = path
    this.#owner = access === 'append' ? owner : null
    this.#writer = writer
    this.#open()
  }

  has(sample: LineSample): boolean {
    return this.#lines.has(keyOf(sample))
  }

  /**
   * Keeps a finished sample. Nothing happens for one that is there already. What fails leaves no part of a line. Throws
   * LeaseLostError where another process has taken the run over.
   */
  append(record: SampleRecord): void {
    if (this.has(record)) return
    const line = Buffer.from(`${JSON.stringify({ formatVersion, ...record })}\n`)
    const file = this.#ownFile()
    const { problemIndex, sampleIndex } = record
    const sha256 = sha256Of(line.subarray(0, -1))
    let place: LinePlace
    try {
      place = file.append(line)
    } catch (error) {
      // Taken over since it was looked at: the new holder has joined the files, and this one is gone.
      this.#owner?.check()
      throw error
    }
    const entry = { problemIndex, sampleIndex, ...place, sha256 }
    this.#lines.set(keyOf(record), { ...entry, file })
    this.#indexFile?.append({ ...entry, file: basename(file.path) })
  }

  /** Length of all its files as they were read, with what was appended, bytes. */
  get byteLength(): number {
    return this.#files.reduce((sum, file) => sum + file.byteLength, 0)
  }

  /** Which samples are finished, in the order of the files and of their lines. */
  names(): Iterable<LineSample> {
    return this.#lines.values()
  }

  /** Number of finished samples. */
  get size(): number {
    return this.#lines.size
  }

  /** The finished samples of the first `limit` problems, in the order of the data set, read as they are asked for. */
  *records(limit = Number.POSITIVE_INFINITY): Generator<SampleRecord> {
    for (const { record } of this.entries()) {
      if (record.problemIndex >= limit) return
      yield record
    }
  }

  /** Every finished sample with its line, the end of the line included, in the order of the data set. */
  *entries(): Generator<{ record: SampleRecord; line: Buffer }> {
    const inOrder = [...this.#lines.values()].sort(sampleOrder)
    for (const place of inOrder) {
      const line = readLine(place)
      const where = `${place.file.path}: the line at byte ${place.start}`
      const { formatVersion: _, ...record } = parseSampleLine(where, line.toString('utf8'))
      if (sampleOrder(record, place) !== 0)
        throw new InputError(`${where}: is another sample than ${journalIndexName} says; delete that file`)
      yield { record, line }
    }
  }

  /**
   * Makes one file of several, for a run that is done: the first whole line of each sample, in a new file that is renamed into
   * place. A holder of before that wakes writes to what was the first file, which no longer has a name.
   */
  join(): void {
    const owner = this.#owner
    if (!owner || journalPaths(this.path).length < 2) return
    // Another holder may have ended a line since this one looked.
    for (const file of this.#files) this.#take(file)
    const staging = `${this.path}.partial-${owner.number}`
    rmSync(staging, { force: true })
    const joined = new JournalFile(staging, 'create', this.#writer)
    try {
      for (const place of this.#lines.values()) joined.write(readLine(place))
      joined.sync()
      // Who takes over after this look removes the file before it reads the journal, so that the rename fails.
      owner.check()
      renameSync(staging, this.path)
    } catch (error) {
      rmSync(staging, { force: true })
      owner.check()
      throw error
    } finally {
      joined.close()
    }
    // A power cut must not keep the removal and lose the renaming.
    syncFolder(dirname(this.path))
    for (const path of journalPaths(this.path).slice(1).reverse()) {
      owner.check()
      rmSync(path)
    }
    owner.ownsJournal = true
    this.close()
    this.#open()
  }

  /** Writes the index of a journal that has none, as those of 0.1.0, so that damage to it is found from now on. */
  writeFirstIndex(): void {
    if (this.size > 0) writeFirstIndex(dirname(this.path), this.#linesOfIndex())
  }

  close(): void {
    this.#indexFile?.close()
    this.#indexFile = null
    for (const file of this.#files) file.close()
    this.#files = []
  }

  #open(): void {
    this.#lines = new Map()
    // First, so that all lines that it tells of are in the journal.
    this.#index = readIndexFile(dirname(this.path))
    try {
      this.#files = openFiles(this.path, this.#owner?.ownsJournal === true, this.#writer)
      if (this.#files.length === 0 && !this.#owner) this.#files = [new JournalFile(this.path, 'read')]
      for (const file of this.#files) this.#take(file)
      if (!this.#owner) return
      this.#ownFile()
      this.#indexFile = openIndexFile(dirname(this.path), this.#index, this.#linesOfIndex())
    } catch (error) {
      this.close()
      throw error
    }
  }

  #linesOfIndex() {
    return [...this.#lines.values()].map(({ file, ...line }) => ({ ...line, file: basename(file.path) }))
  }

  /**
   * Takes the lines in that a file has and that were not taken yet, and checks each: by its digest where the index knows that, else
   * as a record. A repeated sample keeps its first line.
   */
  #take(file: JournalFile): void {
    const { path } = file
    const name = basename(path)
    for (const { bytes, number, ...place } of file.lines()) {
      const sha256 = sha256Of(bytes)
      let sample = this.#index.sampleOf(sha256)
      if (!sample) {
        const where = `${path}: line ${number}`
        const known = { file: name, start: place.start }
        this.#index.refuseChanged(where, { ...known, sample })
        sample = parseSampleLine(where, bytes.toString('utf8'))
        this.#index.refuseChanged(where, { ...known, sample })
      }
      const { problemIndex, sampleIndex } = sample
      const line = { problemIndex, sampleIndex, ...place, file, sha256 }
      if (!this.has(line)) this.#lines.set(keyOf(line), line)
    }
    const rest = { file: name, start: file.end, byteLength: file.byteLength - file.end }
    this.#index.refuseChangedEnd(`${path}: line ${file.nextNumber}`, rest)
  }

  /** The file that this process appends to; begun where the last one is, or may be, another's, or cannot be fixed. */
  #ownFile(): JournalFile {
    const owner = this.#owner
    if (!owner) throw new Error(`${this.path}: was opened to read, expected to append`)
    // Before anything is changed: the last file may be that of another process by now.
    owner.check()
    const last = this.#files.at(-1)
    if (last && owner.ownsJournal && last.cutTorn()) return last
    const file = beginJournalFile(this.path, this.#writer)
    this.#files.push(file)
    // Looked at after it was begun: who takes over from now on begins another.
    owner.check()
    owner.ownsJournal = true
    return file
  }
}

/** A line, its end included. Throws DigestMismatch where it is not what it was when it was written. */
function readLine({ file, ...place }: Line): Buffer {
  const line = file.read(place)
  const { start, sha256 } = place
  if (sha256Of(line.subarray(0, -1)) !== sha256 || line.at(-1) !== newline)
    throw lineMismatch(`${file.path}: the line at byte ${start}`, { ...place, file: basename(file.path) })
  return line
}

const newline = 0x0a

/** Opens the files of a journal, the last one to append where that is this process's own. */
function openFiles(path: string, ownsLast: boolean, writer: FileWriter | undefined): JournalFile[] {
  for (let tries = 1; ; tries++) {
    const paths = journalPaths(path)
    const files: JournalFile[] = []
    try {
      for (const [index, each] of paths.entries())
        files.push(new JournalFile(each, ownsLast && index === paths.length - 1 ? 'append' : 'read', writer))
      return files
    } catch (error) {
      for (const file of files) file.close()
      // They were joined in between: the first one is another by now.
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || tries === mostTries) throw error
    }
  }
}

const mostTries = 10

/**
 * When a journal was begun and last written to, milliseconds since 1970, by the times of its files; the second for both where a copy or
 * a system has not kept the first. `path` is that of its first file, which is there.
 */
export function journalTimes(path: string): { begunMs: number; finishedMs: number } {
  const files = journalPaths(path).map(each => statSync(each))
  const finishedMs = Math.max(...files.map(({ mtimeMs }) => mtimeMs))
  const births = files.map(({ birthtimeMs }) => birthtimeMs).filter(ms => ms > 0)
  return { begunMs: Math.min(finishedMs, ...births), finishedMs }
}

function syncFolder(path: string): void {
  try {
    const folder = openSync(path, 'r')
    try {
      fsyncSync(folder)
    } finally {
      closeSync(folder)
    }
  } catch {
    // Not every system syncs folders.
  }
}

/** The order of the data set: problems in theirs, and the answers to one in theirs. */
export function sampleOrder(a: LineSample, b: LineSample): number {
  return a.problemIndex - b.problemIndex || a.sampleIndex - b.sampleIndex
}

function keyOf({ problemIndex, sampleIndex }: LineSample): string {
  return `${problemIndex} ${sampleIndex}`
}
