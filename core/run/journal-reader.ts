import { sha256 as sha256Of } from '../files/sha256.ts'
import { InputError } from '../input-error.ts'
import { journalIndexName, mostIndexBytes, readJournalIndex } from '../record/journal-index.ts'
import type { RunColumns } from '../record/run-tables.ts'
import { mostLineBytes, parseSampleLine, type SampleRecord } from '../record/sample.ts'
import { columnsOf } from '../study/columns.ts'
import type { RunFiles } from './run-files.ts'

interface Line {
  file: JournalFile
  start: number
  end: number
  /** Null where the index tells of nothing. */
  sha256: string | null
}

/** A file of the journal, and how much of it was read. */
interface JournalFile {
  name: string
  end: number
}

const nameOf = (number: number) => (number === 1 ? 'samples.jsonl' : `samples-${number}.jsonl`)
const newline = 0x0a

export type JournalReader = ReturnType<typeof createJournalReader>

/**
 * Reads the journal of a run as it grows, nothing yet: `samples.jsonl`, and `samples-2.jsonl` and so on that whoever took the
 * run over began, until the run is done and they are one. Of a sample the first whole line counts. Holds the columns and where
 * each line lies, not the samples.
 */
export function createJournalReader(files: RunFiles) {
  const lines: Line[] = []
  const seen = new Set<string>()
  let order: number[] = []
  let columns = columnsOf([])
  const journal: JournalFile[] = []
  const index = readJournalIndex('')
  let indexEnd = 0

  /** What was appended to the index: before the journal is read, so that all lines that it tells of are there. */
  async function readIndexOn(): Promise<void> {
    const decoder = new TextDecoder()
    let most = mostIndexBytes(0)
    for (;;) {
      const bytes = await files.tail(journalIndexName, indexEnd)
      if (!bytes?.byteLength) return
      indexEnd += bytes.byteLength
      if (indexEnd > most) most = mostIndexBytes(await journalBytes())
      if (indexEnd > most)
        throw new InputError(
          `${files.name}: ${journalIndexName} has more than ${most} bytes, expected a line of it for each line of the journal beside it; ` +
            'delete it to have the journal read unchecked',
        )
      index.add(decoder.decode(bytes))
    }
  }

  /** Length of the journal as it is now, bytes. */
  async function journalBytes(): Promise<number> {
    for (let number = 1, bytes = 0; ; number++) {
      const file = await files.open(nameOf(number))
      if (!file) return bytes
      bytes += file.byteLength
    }
  }

  function* recordsOf(file: JournalFile, bytes: Uint8Array, from: number): Generator<SampleRecord> {
    let start = 0
    for (let to = bytes.indexOf(newline); to !== -1; to = bytes.indexOf(newline, start)) {
      const line = bytes.subarray(start, to)
      const sha256 = index.lines.length > 0 ? sha256Of(line) : null
      const record = checkedRecord(file.name, line, from + start, sha256)
      const key = `${record.problemIndex} ${record.sampleIndex}`
      // A repeated sample keeps its first line.
      if (!seen.has(key)) {
        seen.add(key)
        lines.push({ file, start: from + start, end: from + to, sha256 })
        yield record
      }
      start = to + 1
    }
    file.end = from + start
  }

  function checkedRecord(file: string, line: Uint8Array, start: number, sha256: string | null): SampleRecord {
    const where = `${files.name}: ${file}, byte ${start}`
    const isKnown = sha256 !== null && index.sampleOf(sha256) !== null
    if (!isKnown) index.refuseChanged(where, { file, start, sample: null })
    const record = parseLine(line, where)
    if (!isKnown) index.refuseChanged(where, { file, start, sample: record })
    return record
  }

  /** Reads what was added to a file; false where there is no such file. */
  async function readFile(file: JournalFile): Promise<boolean> {
    // The last line may be in the middle of being written: it is read again from its start.
    let pending: Uint8Array[] = []
    let pendingBytes = 0
    for (;;) {
      const tail = await files.tail(file.name, file.end + pendingBytes)
      if (tail === null) return false
      if (tail.byteLength === 0) {
        const rest = { file: file.name, start: file.end, byteLength: pendingBytes }
        index.refuseChangedEnd(`${files.name}: ${file.name}, byte ${file.end}`, rest)
        return true
      }
      const bytes = new Uint8Array(tail)
      pending.push(bytes)
      pendingBytes += bytes.length
      if (bytes.includes(newline)) {
        const all = joinBytes(pending, pendingBytes)
        const from = file.end
        const added = columnsOf(recordsOf(file, all, from))
        if (added.count > 0) columns = joinColumns(columns, added)
        const rest = all.slice(file.end - from)
        pending = [rest]
        pendingBytes = rest.length
      }
      if (pendingBytes > mostLineBytes)
        throw new InputError(
          `${files.name}: ${file.name}, byte ${file.end}: a line of more than ${mostLineBytes} bytes, expected a finished sample; remove it`,
        )
    }
  }

  return {
    /** Bytes read. */
    get byteLength() {
      return journal.reduce((sum, { end }) => sum + end, 0)
    },
    /**
     * Reads the lines that were added since. Returns whether there were any; null where there is no journal, or its files have
     * been joined, so that a new reader has to begin.
     */
    async readOn(): Promise<boolean | null> {
      const before = lines.length
      await readIndexOn()
      for (let number = 1; ; number++) {
        const file = journal[number - 1] ?? { name: nameOf(number), end: 0 }
        if (await readFile(file)) journal[number - 1] = file
        else return number <= Math.max(1, journal.length) ? null : lines.length > before
      }
    },
    /** The samples' columns in the order of the run: by problem, then by answer. */
    columns(): RunColumns {
      const { problemIndex, sampleIndex } = columns
      order = Array.from(lines.keys()).sort(
        (a, b) => problemIndex[a]! - problemIndex[b]! || sampleIndex[a]! - sampleIndex[b]!,
      )
      return takeRows(columns, order)
    },
    /** A sample by its row in the columns that were asked for last. */
    async read(row: number): Promise<SampleRecord> {
      const line = lines[order[row] ?? -1]
      if (!line)
        throw new RangeError(`${files.name}: has no row ${row}, expected one of 0 to ${order.length - 1}`)
      const bytes = new Uint8Array(line.end - line.start)
      for (let done = 0; done < bytes.length; ) {
        const part = await files.tail(line.file.name, line.start + done)
        if (!part?.byteLength)
          throw new Error(`${files.name}: ${line.file.name} became shorter while it was read; reload`)
        bytes.set(new Uint8Array(part, 0, Math.min(part.byteLength, bytes.length - done)), done)
        done += part.byteLength
      }
      const where = `${files.name}: ${line.file.name}, byte ${line.start}`
      if (line.sha256 !== null && sha256Of(bytes) !== line.sha256)
        throw new InputError(`${where}: is not what it was when the run was opened; load it again`)
      return parseLine(bytes, where)
    },
  }
}

function joinBytes(parts: readonly Uint8Array[], byteLength: number): Uint8Array {
  const all = new Uint8Array(byteLength)
  let at = 0
  for (const part of parts) {
    all.set(part, at)
    at += part.length
  }
  return all
}

function parseLine(bytes: Uint8Array, where: string): SampleRecord {
  return parseSampleLine(where, new TextDecoder().decode(bytes))
}

/** The columns of the samples of both, those of `first` first. Both have the same scores. */
function joinColumns(first: RunColumns, second: RunColumns): RunColumns {
  return mapColumns(first, first.count + second.count, (column, name) => {
    const other = name in second.scores ? second.scores[name]! : second[name as keyof RunColumns]
    if (Array.isArray(column)) return [...column, ...(other as unknown[])]
    const joined = new (column.constructor as new (length: number) => Float64Array)(
      column.length + (other as Float64Array).length,
    )
    joined.set(column as Float64Array)
    joined.set(other as Float64Array, column.length)
    return joined
  })
}

/** The columns of some samples, in the order of `rows`; in arrays of their own. */
function takeRows(columns: RunColumns, rows: readonly number[]): RunColumns {
  return mapColumns(columns, rows.length, column => {
    if (Array.isArray(column)) return rows.map(row => column[row])
    const taken = new (column.constructor as new (length: number) => Float64Array)(rows.length)
    for (const [index, row] of rows.entries()) taken[index] = column[row]!
    return taken
  })
}

type Column = unknown[] | Float64Array | Int32Array | Uint8Array

function mapColumns(
  { scores, count: _, ...scalars }: RunColumns,
  count: number,
  map: (column: Column, name: string) => Column,
): RunColumns {
  const mapAll = (columns: Record<string, Column>) =>
    Object.fromEntries(Object.entries(columns).map(([name, column]) => [name, map(column, name)]))
  return { count, ...mapAll(scalars), scores: mapAll(scores) } as unknown as RunColumns
}
