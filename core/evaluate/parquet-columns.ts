import { type FileMetaData, parquetScan, parquetSchema, type SchemaTree } from 'hyparquet'
import { compressors } from 'hyparquet-compressors'
import type { ByteSource } from '../files/byte-source.ts'
import { boundedFile, type ReadableBytes, readBoundedMetadata } from '../files/parquet-bounds.ts'
import { exactNumber, parseExactJson, shortestNumber } from './cell.ts'

/** The columns of a Parquet file as far as they can be read. */
export interface ParquetColumns {
  rowCount: number
  /** Values of each column, in the order of the file. */
  columns: Map<string, ArrayLike<unknown>>
  /** Why a column was not read, completing its name: "cannot be read: ...". */
  unread: Map<string, string>
}

type SchemaElement = FileMetaData['schema'][number]

/**
 * Reads a Parquet file column by column, each value as the file says it: decimals and wide integers with all their digits,
 * float32 as the shortest decimal that it holds, dates and times as ISO 8601 text. A column of a kind that cannot be read does not
 * keep the others from it; one of lists or structures is read only where `isNestedWanted`. Throws the reader's error where the
 * file is damaged.
 */
export async function readParquetColumns(
  source: ByteSource,
  isNestedWanted: (name: string) => boolean,
): Promise<ParquetColumns> {
  const metadata = await readBoundedMetadata(source)
  const file = boundedFile(source, metadata, compressors)
  const unconverted = { ...metadata, schema: metadata.schema.map(withoutConversion) }
  const columns = new Map<string, ArrayLike<unknown>>()
  const unread = new Map<string, string>()
  for (const column of parquetSchema(metadata).children) {
    const { name, repetition_type } = column.element
    const isNested = column.children.length > 0 || repetition_type === 'REPEATED'
    if (isNested && !isNestedWanted(name)) {
      unread.set(name, 'holds lists or structures')
      continue
    }
    try {
      columns.set(name, await readColumn(file, unconverted, column))
    } catch (error) {
      const { message } = error as Error
      // What the reader does not know, or text that is none, says nothing of the other columns; damage does.
      if (!(error instanceof NotTextError) && !/unsupported|not supported/.test(message))
        throw new Error(`column "${name}": ${message}`, { cause: error })
      unread.set(name, `cannot be read: ${message}`)
    }
  }
  return { rowCount: Number(metadata.num_rows), columns, unread }
}

class NotTextError extends Error {}

async function readColumn(
  file: ReadableBytes,
  metadata: FileMetaData,
  tree: SchemaTree,
): Promise<ArrayLike<unknown>> {
  const { name } = tree.element
  // A scan of its own, since a scan keeps what it has read.
  const { ranges, readColumn: read } = await parquetScan({
    file,
    metadata,
    columns: [name],
    compressors,
    utf8: false,
    parsers: {
      stringFromBytes: bytes => bytes && decodeText(bytes),
      jsonFromBytes: bytes => bytes && parseExactJson(decodeText(bytes)),
      timestampFromNanoseconds: nanoseconds => nanoseconds,
    },
  })
  const parts: ArrayLike<unknown>[] = []
  for (const range of ranges) parts.push(await read({ column: name, ...range }))
  const rowCount = parts.reduce((sum, { length }) => sum + length, 0)
  if (rowCount !== Number(metadata.num_rows))
    throw new Error(`it has ${rowCount} values for ${metadata.num_rows} rows`)
  const values = parts.flatMap(part => Array.from(part))
  const convert = conversionOf(tree, values)
  return convert === null ? values : values.map(value => convert(value))
}

function decodeText(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    throw new NotTextError('expected UTF-8 text, found other bytes')
  }
}

/** What a leaf's stored values stand for, by its logical type or else by the older converted type. */
function meaningOf({
  type,
  converted_type: older,
  logical_type: logical,
}: SchemaElement): string | undefined {
  if (logical?.type !== undefined) return logical.type
  if (older?.startsWith('TIMESTAMP_')) return 'TIMESTAMP'
  if (older?.startsWith('TIME_')) return 'TIME'
  return older ?? (type === 'INT96' ? 'TIMESTAMP' : type)
}

/** The reader would make doubles of decimals and milliseconds of times; without their annotation it leaves the stored values. */
function withoutConversion(element: SchemaElement): SchemaElement {
  const { converted_type, logical_type, ...stored } = element
  return ['DECIMAL', 'DATE', 'TIME', 'TIMESTAMP'].includes(meaningOf(element) ?? '') ? stored : element
}

type Conversion = (value: unknown) => unknown

/** How values of a column become what the file says, those in its lists too; null where they are so already. */
function conversionOf(
  { element, children }: SchemaTree,
  values: readonly unknown[] | null,
): Conversion | null {
  const [first] = children
  if (first === undefined) {
    const convert = leafConversion(element, values)
    return convert && inLists(value => (value === null || value === undefined ? null : convert(value)))
  }
  // The reader leaves out the groups that make up lists and maps.
  if (element.converted_type === 'LIST')
    return conversionOf(first.children.length === 1 ? first.children[0]! : first, null)
  const convertMember = new Map(children.map(child => [child.element.name, conversionOf(child, null)]))
  const ofMap = element.converted_type === 'MAP' ? conversionOf(first.children[1] ?? first, null) : null
  if (ofMap === null && [...convertMember.values()].every(convert => convert === null)) return null
  return inLists(value => {
    if (typeof value !== 'object' || value === null) return value
    const members = Object.entries(value).map(([name, member]) => {
      const convert = ofMap ?? convertMember.get(name)
      return [name, convert ? convert(member) : member]
    })
    return Object.fromEntries(members)
  })
}

function inLists(convert: Conversion): Conversion {
  return value => (Array.isArray(value) ? value.map(inLists(convert)) : convert(value))
}

function leafConversion(element: SchemaElement, values: readonly unknown[] | null): Conversion | null {
  const { type, logical_type: logical } = element
  switch (meaningOf(element)) {
    case 'DECIMAL': {
      const scale = element.scale ?? (logical?.type === 'DECIMAL' ? logical.scale : 0)
      return value => exactNumber(decimalText(integerOf(value), scale))
    }
    case 'FLOAT':
      return value => shortestNumber(value as number, 6, candidate => Math.fround(candidate) === value)
    case 'FLOAT16':
      return value => shortestNumber(value as number, 3, candidate => isSameHalf(candidate, value as number))
    case 'DATE':
      return value => momentText(integerOf(value) * 86_400n, 1n).split('T')[0]
    case 'TIME': {
      const units = unitsOf(element)
      return value => momentText(integerOf(value), units).split('T')[1]
    }
    case 'TIMESTAMP': {
      const units = unitsOf(element)
      const isUtc = logical?.type === 'TIMESTAMP' ? logical.isAdjustedToUTC : type !== 'INT96'
      // Dates are often stored as midnights.
      const areDates = values?.every(
        value => value === null || (!Array.isArray(value) && integerOf(value) % (86_400n * units) === 0n),
      )
      if (areDates) return value => momentText(integerOf(value), units).split('T')[0]
      return value => momentText(integerOf(value), units) + (isUtc ? 'Z' : '')
    }
    default:
      if (type !== 'BYTE_ARRAY') return null
      return value => (value instanceof Uint8Array ? decodeText(value) : value)
  }
}

/** A stored integer: of 32 or 64 bits, or in two's complement with the most significant byte first. */
function integerOf(value: unknown): bigint {
  if (!(value instanceof Uint8Array)) return BigInt(value as number | bigint)
  let integer = 0n
  for (const byte of value) integer = (integer << 8n) | BigInt(byte)
  return BigInt.asIntN(8 * value.length, integer)
}

/** unscaled · 10^−scale, without zeros at the end of the fraction. */
function decimalText(unscaled: bigint, scale: number): string {
  const digits = String(unscaled < 0n ? -unscaled : unscaled).padStart(scale + 1, '0')
  const fraction = digits.slice(digits.length - scale).replace(/0+$/, '')
  const text = digits.slice(0, digits.length - scale) + (scale > 0 && fraction !== '' ? `.${fraction}` : '')
  return unscaled < 0n ? `-${text}` : text
}

/** Units in a second. */
function unitsOf({ type, converted_type: older, logical_type: logical }: SchemaElement): bigint {
  const unit = logical !== undefined && 'unit' in logical ? logical.unit : older
  if (type === 'INT96' || unit === 'NANOS') return 1_000_000_000n
  return unit?.endsWith('MICROS') ? 1_000_000n : 1_000n
}

/** A moment as ISO 8601 without its zone, from units since 1970, with as many digits of a second as it has. */
function momentText(units: bigint, unitsInSecond: bigint): string {
  const fraction = ((units % unitsInSecond) + unitsInSecond) % unitsInSecond
  const seconds = Number((units - fraction) / unitsInSecond)
  const digits = String(fraction)
    .padStart(String(unitsInSecond).length - 1, '0')
    .replace(/0+$/, '')
  return new Date(1000 * seconds).toISOString().replace(/\.\d+Z$/, digits === '' ? '' : `.${digits}`)
}

function isSameHalf(candidate: number, value: number): boolean {
  // Half of the last of eleven significant bits.
  return Math.abs(candidate - value) < 2 ** (Math.floor(Math.log2(Math.abs(value))) - 11)
}
