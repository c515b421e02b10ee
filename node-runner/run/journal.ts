import { closeSync, fdatasyncSync, fstatSync, ftruncateSync, openSync, readSync, writeSync } from 'node:fs'
import { basename, dirname } from 'node:path'
import { type JournalIndex, journalIndexName, lineMismatch } from '../../core/formats/journal-index.ts'
import { refuseNewerFormat } from '../../core/formats/refuse-newer-format.ts'
import { formatVersion, type SampleRecord } from '../../core/formats/sample-record.ts'
import { InputError } from '../../core/input-error.ts'
import { type JournalIndexFile, openIndexFile, readIndexFile } from './journal-index-file.ts'
import { sha256Of } from './run-manifest.ts'

/** What names a sample within a run: a problem's place in its data set, and which of its answers. */
export interface SampleName {
  problemIndex: number
  sampleIndex: number
}

/** Where a record's line lies in the file, and its digest; null where no index tells of it. */
interface Line extends SampleName {
  start: number
  byteLength: number
  sha256: string | null
}

/**
 * `samples.jsonl`: one line for each finished sample, appended and synced before it counts as finished. What a resume
 * reads, and what every other file of a run is made from. Holds places in memory, not records. Beside it lies its index, by which
 * a line is known without parsing it, and damage to it is found; both are checked wherever a line is read.
 */
export class Journal {
  readonly path: string
  readonly #file: number
  readonly #index: JournalIndexFile | null
  readonly #lines: Map<string, Line>
  readonly #unreadBytes: number
  #end: number

  /**
   * Opens a journal, creating it in order to append. A last line without its end was being written when the process
   * died: it is left out, and cut off in order to append. To read changes nothing, as a run may be under way.
   * Throws InputError for a line that is damaged, or of a newer format.
   */
  constructor(path: string, access: 'read' | 'append') {
    this.path = path
    // First, so that all lines that it tells of are in the journal.
    const index = readIndexFile(dirname(path))
    this.#file = openSync(path, access === 'read' ? 'r' : 'a+')
    try {
      const sizeBytes = fstatSync(this.#file).size
      const { lines, end } = readLines(path, this.#file, sizeBytes, index, access)
      this.#lines = lines
      this.#end = end
      this.#unreadBytes = access === 'read' ? sizeBytes - end : 0
      // Only then, as a journal that is newer than its results has samples that they lack.
      if (access === 'append' && end < sizeBytes) ftruncateSync(this.#file, end)
      this.#index = access === 'append' ? openIndexFile(path, index, [...lines.values()]) : null
    } catch (error) {
      closeSync(this.#file)
      throw error
    }
  }

  has(sample: SampleName): boolean {
    return this.#lines.has(keyOf(sample))
  }

  /** Keeps a finished sample. Nothing happens for one that is there already. */
  append(record: SampleRecord): void {
    if (this.has(record)) return
    const line = Buffer.from(`${JSON.stringify({ formatVersion, ...record })}\n`)
    for (let written = 0; written < line.length; ) written += writeSync(this.#file, line, written)
    fdatasyncSync(this.#file)
    const { problemIndex, sampleIndex } = record
    const place = {
      problemIndex,
      sampleIndex,
      start: this.#end,
      byteLength: line.length - 1,
      sha256: sha256Of(line.subarray(0, -1)),
    }
    this.#lines.set(keyOf(record), place)
    this.#end += line.length
    this.#index?.append(place)
  }

  /** Length of the file as it was opened, with what was appended, bytes. */
  get byteLength(): number {
    return this.#end + this.#unreadBytes
  }

  /** Which samples are finished, in the order in which they were. */
  names(): Iterable<SampleName> {
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
    const inOrder = [...this.#lines.values()].sort(compareNames)
    for (const place of inOrder) {
      const { start, byteLength, sha256 } = place
      const line = readBytes(this.#file, start, byteLength + 1)
      if (sha256 !== null && (sha256Of(line.subarray(0, -1)) !== sha256 || line.at(-1) !== newline))
        throw lineMismatch(`${this.path}: the line at byte ${start}`, {
          ...place,
          sha256,
          file: basename(this.path),
        })
      const where = `${this.path}: the line at byte ${start}`
      const { formatVersion: _, ...record } = recordOfLine(where, line.toString('utf8'))
      if (compareNames(record, place) !== 0)
        throw new InputError(`${where}: is another sample than ${journalIndexName} says; delete that file`)
      yield { record, line }
    }
  }

  close(): void {
    this.#index?.close()
    closeSync(this.#file)
  }
}

const newline = 0x0a
const chunkBytes = 2 ** 20
/** Of one sample, some ten times what 100,000 tokens take. */
const mostLineBytes = 2 ** 27

/**
 * Finds the lines of a journal and checks each: by its digest where the index knows that, else as a record. A repeated sample
 * keeps its first line.
 */
function readLines(
  path: string,
  file: number,
  sizeBytes: number,
  index: JournalIndex,
  access: 'read' | 'append',
): { lines: Map<string, Line>; end: number } {
  const lines = new Map<string, Line>()
  const name = basename(path)
  const isDigested = access === 'append' || index.lines.length > 0
  let end = 0
  let lineNumber = 0
  let pending: Buffer[] = []
  const sampleOf = (bytes: Buffer, sha256: string | null): SampleName => {
    const where = `${path}: line ${lineNumber}`
    const known = sha256 === null ? null : index.sampleOf(sha256)
    if (known) return known
    index.refuseChanged(where, { file: name, start: end, sample: null })
    const { problemIndex, sampleIndex } = recordOfLine(where, bytes.toString('utf8'))
    const sample = { problemIndex, sampleIndex }
    index.refuseChanged(where, { file: name, start: end, sample })
    return sample
  }
  for (let at = 0; at < sizeBytes; at += chunkBytes) {
    const chunk = readBytes(file, at, Math.min(chunkBytes, sizeBytes - at))
    let from = 0
    for (let to = chunk.indexOf(newline); to !== -1; to = chunk.indexOf(newline, from)) {
      const bytes = Buffer.concat([...pending, chunk.subarray(from, to)])
      lineNumber++
      const sha256 = isDigested ? sha256Of(bytes) : null
      const { problemIndex, sampleIndex } = sampleOf(bytes, sha256)
      const line = { problemIndex, sampleIndex, start: end, byteLength: bytes.length, sha256 }
      if (!lines.has(keyOf(line))) lines.set(keyOf(line), line)
      pending = []
      end += bytes.length + 1
      from = to + 1
    }
    pending.push(chunk.subarray(from))
    if (at + chunk.length - end > mostLineBytes)
      throw new InputError(
        `${path}: line ${lineNumber + 1}: has more than ${mostLineBytes} bytes, expected a finished sample; ` +
          'remove the line to have the sample run again',
      )
  }
  index.refuseChangedEnd(`${path}: line ${lineNumber + 1}`, {
    file: name,
    start: end,
    byteLength: sizeBytes - end,
  })
  return { lines, end }
}

/** The order of the data set: problems in theirs, and the answers to one in theirs. */
export function compareNames(a: SampleName, b: SampleName): number {
  return a.problemIndex - b.problemIndex || a.sampleIndex - b.sampleIndex
}

function keyOf({ problemIndex, sampleIndex }: SampleName): string {
  return `${problemIndex} ${sampleIndex}`
}

function recordOfLine(where: string, text: string): SampleRecord & { formatVersion?: unknown } {
  let record: (Partial<SampleRecord> & { formatVersion?: unknown }) | null
  try {
    record = JSON.parse(text)
  } catch {
    throw new InputError(
      `${where}: is not JSON, expected a finished sample; remove the line to have the sample run again`,
    )
  }
  // The version comes first: a newer one may have other names.
  refuseNewerFormat(where, record?.formatVersion)
  const { problemIndex, sampleIndex, tokens } = record ?? {}
  if (!isPlace(problemIndex) || !isPlace(sampleIndex) || !Array.isArray(tokens))
    throw new InputError(
      `${where}: has no problemIndex, sampleIndex and tokens, expected a finished sample; ` +
        'remove the line to have the sample run again',
    )
  return record as SampleRecord
}

/** Whether a value may be an index, which columns keep in 32 bits. */
function isPlace(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) >= 0 && (value as number) < 2 ** 31
}

function readBytes(file: number, start: number, byteLength: number): Buffer {
  const bytes = Buffer.allocUnsafe(byteLength)
  for (let done = 0; done < byteLength; ) {
    const count = readSync(file, bytes, done, byteLength - done, start + done)
    if (count === 0) throw new Error(`journal: ends at byte ${start + done}, expected ${start + byteLength}`)
    done += count
  }
  return bytes
}
