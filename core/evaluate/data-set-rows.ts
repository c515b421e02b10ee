import { type CsvError, parse } from 'csv-parse/browser/esm/sync'
import { parquetReadObjects } from 'hyparquet'
import { compressors } from 'hyparquet-compressors'
import type { ByteSource } from '../formats/byte-source.ts'
import { InputError } from '../input-error.ts'

/** A row as the file gives it. */
export interface DataSetRow {
  /** Where it stands, for error messages: "set.jsonl: line 7", in other files "set.csv: row 7", from 1. */
  place: string
  cells: Record<string, unknown>
}

/** Keys under which a JSON object may hold the rows. */
const arrayKeys = ['data', 'rows', 'examples', 'problems']

/** Reads the rows of a .jsonl, .json, .csv or .parquet file. Throws an InputError for any other or broken file. */
export async function readRows(source: ByteSource): Promise<DataSetRow[]> {
  // An address may carry a query behind the name.
  const extension = /\.([a-z0-9]+)(?:[?#].*)?$/i.exec(source.name)?.[1]?.toLowerCase()
  const readers: Record<string, (source: ByteSource) => Promise<DataSetRow[]>> = {
    jsonl: readJsonLines,
    ndjson: readJsonLines,
    json: readJson,
    csv: readCsv,
    parquet: readParquet,
  }
  const read = extension === undefined ? undefined : readers[extension]
  if (read === undefined) {
    throw new InputError(
      `${source.name}: expected a data set that ends in .jsonl, .json, .csv or .parquet, found ${extension ? `.${extension}` : 'no ending'}. Convert or rename it.`,
    )
  }
  const rows = source.byteLength === 0 ? [] : await read(source)
  if (rows.length === 0) {
    throw new InputError(
      `${source.name}: expected problems, found none in ${source.byteLength} bytes. Check that the file was written to the end.`,
    )
  }
  return rows
}

async function readJsonLines(source: ByteSource): Promise<DataSetRow[]> {
  const rows: DataSetRow[] = []
  const lines = (await readText(source)).split('\n')
  for (const [index, line] of lines.entries()) {
    if (line.trim() === '') continue
    const place = `${source.name}: line ${index + 1}`
    rows.push({ place, cells: asObject(parseJson(line, place), place) })
  }
  return rows
}

async function readJson(source: ByteSource): Promise<DataSetRow[]> {
  const value = parseJson(await readText(source), `${source.name}: the file`)
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

function arrayInside(value: unknown): unknown[] | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  const cells = value as Record<string, unknown>
  return arrayKeys.map(key => cells[key]).find(inside => Array.isArray(inside))
}

async function readCsv(source: ByteSource): Promise<DataSetRow[]> {
  const text = await readText(source)
  try {
    const records = parse<Record<string, string>>(text, {
      columns: (names: string[]) => namedOnce(names, source.name),
      skip_empty_lines: true,
    })
    return records.map((cells, index) => ({ place: `${source.name}: row ${index + 1}`, cells }))
  } catch (error) {
    if (error instanceof InputError) throw error
    const { message } = error as CsvError
    throw new InputError(
      `${source.name}: this is no CSV with a header line: ${message}. Quote fields that hold commas, quotes or line breaks.`,
      { cause: error },
    )
  }
}

function namedOnce(names: string[], file: string): string[] {
  const twice = names.find((name, place) => names.indexOf(name) !== place)
  if (twice === undefined) return names
  throw new InputError(`${file}: expected columns of different names, found "${twice}" twice. Rename one.`)
}

async function readParquet(source: ByteSource): Promise<DataSetRow[]> {
  try {
    const records = await parquetReadObjects({ file: source, compressors })
    return records.map((cells, index) => ({ place: `${source.name}: row ${index + 1}`, cells }))
  } catch (error) {
    throw new InputError(
      `${source.name}: this Parquet file of ${source.byteLength} bytes cannot be read: ${(error as Error).message}. It may be cut; download it again.`,
      { cause: error },
    )
  }
}

async function readText(source: ByteSource): Promise<string> {
  const bytes = await source.slice(0)
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch (error) {
    throw new InputError(`${source.name}: expected UTF-8 text, found other bytes. Save the file as UTF-8.`, {
      cause: error,
    })
  }
}

function parseJson(text: string, place: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    throw new InputError(
      `${place} is not JSON: ${(error as Error).message}; found ${excerpt(text)}. Mend it, or write the file again if it is cut.`,
      { cause: error },
    )
  }
}

function asObject(value: unknown, place: string): Record<string, unknown> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    return value as Record<string, unknown>
  }
  throw new InputError(
    `${place}: expected an object with the columns of one problem, found ${describe(value)}.`,
  )
}

function describe(value: unknown): string {
  if (Array.isArray(value)) return `an array of ${value.length}`
  if (typeof value === 'object' && value !== null) return `an object with ${Object.keys(value).join(', ')}`
  return excerpt(JSON.stringify(value))
}

function excerpt(text: string): string {
  const trimmed = text.trim()
  return trimmed.length > 60 ? `${trimmed.slice(0, 60)}…` : trimmed
}
