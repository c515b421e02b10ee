import { type CsvError, parse } from 'csv-parse/browser/esm'
import type { ByteSource } from '../files/byte-source.ts'
import { refuseUnbounded } from '../files/read-json.ts'
import { InputError } from '../input-error.ts'
import { findPythonNumber, parseExactJson } from './cell.ts'
import { type ParquetColumns, readParquetColumns } from './parquet-columns.ts'
import { maximumTextLength, readLines, readTextPieces, readWholeText } from './text-pieces.ts'

/** A row as the file gives it: numbers that a double would change are text, and so are dates. */
export interface DataSetRow {
  /** Where it stands, for error messages: "set.jsonl: line 7", in other files "set.csv: row 7", from 1. */
  place: string
  cells: Record<string, unknown>
}

/** The rows of a file. */
export interface DataSetTable {
  rows: DataSetRow[]
  /** Why columns were not read that the rows lack, completing their names: "cannot be read: ...". */
  unread: Map<string, string>
}

/** Keys under which a JSON object may hold the rows. */
const arrayKeys = ['data', 'rows', 'examples', 'problems']

/** What a table may have: some ten times what any published set has. */
const mostColumns = 5000
/** Lists and objects of JSON in each other, and values beside those that its length explains. */
const mostDepth = 64
const freeValues = 1_000_000
const freeRows = 10_000

/** How a data set is read. */
export interface ReadSettings {
  /** Which columns are read though they hold lists or structures, where a file allows to leave some. */
  isNestedWanted?: (name: string) => boolean
  /** Characters that a string may have. */
  limit?: number
  /** How a Parquet file is read; where it is not said, on this thread, which it can hold for long. */
  readParquet?: (source: ByteSource) => Promise<ParquetColumns>
}

/** How the files of one format are read: all that there is to say of it. */
interface DataSetFormat {
  read(source: ByteSource, settings: Required<ReadSettings>): Promise<DataSetTable>
  /** Whether a file may also be packed, as .jsonl.gz. */
  isText: boolean
  /** Another ending of such files. */
  alsoNamed?: string
  /** What such a file begins with, in small letters, and what to do about one that is named otherwise. */
  mark?: [content: string, description: string]
}

/** The formats of data sets by the ending of their files. */
const formats = new Map<string, DataSetFormat>([
  ['jsonl', { ...textFormat(readJsonLines), alsoNamed: 'ndjson' }],
  ['json', textFormat(readJson)],
  ['csv', textFormat(readCsv)],
  ['tsv', textFormat(readCsv)],
  [
    'parquet',
    { read: readParquetRows, isText: false, mark: ['par1', 'is a Parquet file. Rename it to .parquet'] },
  ],
])

/** The endings of data sets in words: ".jsonl, .json, .csv, .tsv or .parquet". */
export const dataSetEndings = Array.from(formats.keys(), ending => `.${ending}`)
  .join(', ')
  .replace(/, (?=[^,]*$)/, ' or ')

function textFormat(read: (source: ByteSource, limit: number) => Promise<DataSetRow[]>): DataSetFormat {
  return {
    isText: true,
    read: async (source, { limit }) => ({ rows: await read(source, limit), unread: new Map() }),
  }
}

/** What a file of another kind begins with, in small letters, and what to do about it. */
const otherContents: NonNullable<DataSetFormat['mark']>[] = [
  ...Array.from(formats.values()).flatMap(({ mark }) => (mark ? [mark] : [])),
  [
    'version https://git-lfs',
    'is a Git LFS pointer, which stands for a file that was not downloaded. Fetch it with "git lfs pull", or download it from its page',
  ],
  ['\x1f\x8b', 'is packed with gzip. Add .gz to its name'],
  ['pk\x03\x04', 'is a ZIP archive, as spreadsheets are too. Unpack it, or save the sheet as CSV'],
  ['<!doctype', 'is a web page. Download the file itself'],
  ['<html', 'is a web page. Download the file itself'],
]

/** The ending by which a data set's name says how to read it, as "jsonl" or "csv.gz"; null for any other name. */
export function dataSetEnding(name: string): string | null {
  // An address may carry a query behind the name.
  const ending = /\.([a-z0-9]+(?:\.gz)?)(?:[?#].*)?$/i.exec(name)?.[1]?.toLowerCase()
  return ending !== undefined && formatOf(ending) !== undefined ? ending : null
}

function formatOf(ending: string): DataSetFormat | undefined {
  const plain = ending.replace('.gz', '')
  const format =
    formats.get(plain) ?? Array.from(formats.values()).find(({ alsoNamed }) => alsoNamed === plain)
  return format?.isText || plain === ending ? format : undefined
}

/**
 * Reads the rows of a .jsonl, .json, .csv, .tsv or .parquet file, text also packed with gzip. JSON Lines and JSON may be named
 * as each other. Throws an InputError for any other or broken file, and for a JSON value or a line of more than `limit` characters.
 */
export async function readRows(source: ByteSource, settings: ReadSettings = {}): Promise<DataSetTable> {
  const { name, byteLength } = source
  const ending = dataSetEnding(name)
  const format = ending === null ? undefined : formatOf(ending)
  if (ending === null || format === undefined) {
    const found = /\.[a-z0-9]+$/i.exec(name)?.[0] ?? 'no ending'
    throw new InputError(
      `${name}: expected a data set that ends in ${dataSetEndings}, found ${found}. Convert or rename it.`,
    )
  }
  await refuseOtherContents(source, ending, format)
  const { isNestedWanted = () => false, limit = maximumTextLength } = settings
  const { readParquet = file => readParquetColumns(file, isNestedWanted) } = settings
  const table = byteLength === 0 ? null : await format.read(source, { isNestedWanted, limit, readParquet })
  if (table === null || table.rows.length === 0) {
    throw new InputError(
      `${name}: expected problems, found none in ${byteLength} bytes. Check that the file was written to the end.`,
    )
  }
  return table
}

async function refuseOtherContents(
  source: ByteSource,
  ending: string,
  { mark }: DataSetFormat,
): Promise<void> {
  const bytes = new Uint8Array(await source.slice(0, Math.min(source.byteLength, 512)))
  const beginning = String.fromCharCode(...bytes)
    .trimStart()
    .toLowerCase()
  const [content, description] = otherContents.find(([content]) => beginning.startsWith(content)) ?? []
  const own = ending.endsWith('.gz') ? '\x1f\x8b' : mark?.[0]
  if (content === undefined || content === own) return
  throw new InputError(`${source.name}: expected a data set as .${ending}, but the file ${description}.`)
}

async function readJsonLines(source: ByteSource, limit: number): Promise<DataSetRow[]> {
  const rows: DataSetRow[] = []
  for await (const [number, line] of readLines(source, limit)) {
    if (line.trim() === '') continue
    const place = `${source.name}: line ${number}`
    try {
      rows.push({ place, cells: asObject(parseJson(line, place), place) })
      refuseManyRows(source, rows)
    } catch (error) {
      if (rows.length > 0 || !/^\s*[[{]/.test(line)) throw error
      // One JSON value over several lines, or an array in one, is no JSON Lines whatever its name.
      return readJsonValue(source, limit).catch(() => {
        throw error
      })
    }
  }
  return rows
}

async function readJson(source: ByteSource, limit: number): Promise<DataSetRow[]> {
  const lines = readLines(source, limit)
  const first = await firstValue(lines)
  const isFollowed = first !== undefined && !Array.isArray(first) && (await firstLine(lines)) !== undefined
  return isFollowed ? readJsonLines(source, limit) : readJsonValue(source, limit)
}

/** The value of the first line that is not blank, where it is JSON by itself. */
async function firstValue(lines: AsyncGenerator<[number, string]>): Promise<unknown> {
  try {
    const line = (await firstLine(lines)) ?? ''
    refuseUnboundedText(line, '')
    return JSON.parse(line)
  } catch {
    // Whatever is wrong with the file, reading it as one value says so.
    return undefined
  }
}

async function firstLine(lines: AsyncGenerator<[number, string]>): Promise<string | undefined> {
  for (;;) {
    const { done, value } = await lines.next()
    if (done) return undefined
    if (value[1].trim() !== '') return value[1]
  }
}

async function readJsonValue(source: ByteSource, limit: number): Promise<DataSetRow[]> {
  const value = parseJson(await readWholeText(source, limit), `${source.name}: the file`)
  const array = Array.isArray(value) ? value : arrayInside(value)
  if (array === undefined) {
    throw new InputError(
      `${source.name}: expected an array of problems, or an object with one under ${arrayKeys.join(', ')}; found ${describe(value)}. One object a line is a .jsonl file.`,
    )
  }
  return array.map((item, index) => {
    const place = `${source.name}: row ${index + 1}`
    return { place, cells: asObject(item, place) }
  })
}

/** The rows under a known key, or under whichever holds the only list of objects. */
function arrayInside(value: unknown): unknown[] | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  const cells = value as Record<string, unknown>
  const known = arrayKeys.map(key => cells[key]).find(inside => Array.isArray(inside))
  const lists = Object.values(cells).filter(
    (inside): inside is unknown[] => Array.isArray(inside) && typeof inside[0] === 'object',
  )
  return known ?? (lists.length === 1 ? lists[0] : undefined)
}

async function readCsv(source: ByteSource): Promise<DataSetRow[]> {
  const rows: DataSetRow[] = []
  try {
    let parser: ReturnType<typeof parse> | undefined
    let ended: Promise<void> | undefined
    for await (const piece of readTextPieces(source)) {
      if (parser === undefined) {
        const started = startCsv(source.name, piece)
        parser = started
        started.on('data', (cells: Record<string, string>) => {
          rows.push({ place: `${source.name}: row ${rows.length + 1}`, cells: withPlainLineEnds(cells) })
        })
        ended = new Promise((resolve, reject) => {
          started.on('end', resolve)
          started.on('error', reject)
        })
        // It is awaited below; until then a rejection is no one's.
        ended.catch(() => {})
      }
      parser.write(piece)
      refuseManyRows(source, rows)
    }
    parser?.end()
    await ended
    return rows
  } catch (error) {
    if (error instanceof InputError) throw error
    const { message } = error as CsvError
    throw new InputError(
      `${source.name}: this is no CSV with a header line: ${message}. Quote fields that hold commas, quotes or line breaks.`,
      { cause: error },
    )
  }
}

/** Separates by tabs in .tsv, else by whichever of comma, semicolon and tab the header holds. Any line end ends a row. */
function startCsv(name: string, beginning: string): ReturnType<typeof parse> {
  const isTsv = dataSetEnding(name)?.startsWith('tsv') ?? false
  const header = /^[^\r\n]*/.exec(beginning.trimStart())![0]
  const delimiter = isTsv ? '\t' : ([',', ';', '\t'].find(sign => header.includes(sign)) ?? ',')
  return parse({
    delimiter,
    columns: (names: string[]) => namedOnce(names, name),
    record_delimiter: ['\r\n', '\n', '\r'],
    skip_empty_lines: true,
    // Tabs seldom stand in a field, so that quotes there are mostly the text's own.
    relax_quotes: isTsv,
  })
}

function namedOnce(names: string[], file: string): string[] {
  if (names.length > mostColumns)
    throw new InputError(
      `${file}: expected a header of at most ${mostColumns} columns, found ${names.length}. Check that the file is a table.`,
    )
  const twice = names.find((name, place) => names.indexOf(name) !== place)
  if (twice === undefined) return names
  throw new InputError(`${file}: expected columns of different names, found "${twice}" twice. Rename one.`)
}

/** A line break inside a quoted field is written as the file ends its lines, and no part of the text. */
function withPlainLineEnds(cells: Record<string, string>): Record<string, string> {
  for (const [column, value] of Object.entries(cells))
    if (value.includes('\r')) cells[column] = value.replace(/\r\n?/g, '\n')
  return cells
}

async function readParquetRows(
  source: ByteSource,
  { readParquet }: Required<ReadSettings>,
): Promise<DataSetTable> {
  try {
    const { rowCount, columns, unread } = await readParquet(source)
    const rows = Array.from({ length: rowCount }, (_, index): DataSetRow => {
      const cells = Object.fromEntries(Array.from(columns, ([name, values]) => [name, values[index]]))
      return { place: `${source.name}: row ${index + 1}`, cells }
    })
    return { rows, unread }
  } catch (error) {
    throw new InputError(
      `${source.name}: this Parquet file of ${source.byteLength} bytes cannot be read: ${(error as Error).message}. It may be cut; download it again.`,
      { cause: error },
    )
  }
}

function refuseUnboundedText(text: string, place: string): void {
  const bytes = new TextEncoder().encode(text)
  const values = freeValues + Math.floor(bytes.length / 4)
  refuseUnbounded(bytes, place, { bytes: bytes.length, depth: mostDepth, values })
}

/** A row takes a byte of its file at the very least, packed or not. */
function refuseManyRows({ name, byteLength }: ByteSource, rows: readonly DataSetRow[]): void {
  if (rows.length > freeRows + byteLength)
    throw new InputError(
      `${name}: expected no more problems than bytes, found ${rows.length} in ${byteLength}. Unpack it and look at what it holds.`,
    )
}

function parseJson(text: string, place: string): unknown {
  refuseUnboundedText(text, place)
  try {
    return parseExactJson(text)
  } catch (error) {
    const python = findPythonNumber(text)
    if (python !== undefined)
      throw new InputError(
        `${place} is not JSON: it holds ${python} as Python writes it, found ${excerpt(text)}. Write null in its place (json.dumps with allow_nan=False finds it).`,
        { cause: error },
      )
    throw new InputError(
      `${place} is not JSON: ${(error as Error).message}; found ${excerpt(text)}. Fix it, or write the file again if it is cut.`,
      { cause: error },
    )
  }
}

function asObject(value: unknown, place: string): Record<string, unknown> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    // Millions of them stand in few bytes.
    for (const _ in value) return value as Record<string, unknown>
  }
  throw new InputError(
    `${place}: expected an object with the columns of one problem, found ${describe(value)}.`,
  )
}

function describe(value: unknown): string {
  if (Array.isArray(value)) return `an array of ${value.length}`
  if (typeof value === 'object' && value !== null) {
    const names = Object.keys(value)
    return names.length === 0 ? 'an empty object' : `an object with ${names.slice(0, 10).join(', ')}`
  }
  return excerpt(JSON.stringify(value))
}

function excerpt(text: string): string {
  const trimmed = text.trim()
  return trimmed.length > 60 ? `${trimmed.slice(0, 60)}…` : trimmed
}
