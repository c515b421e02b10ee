import {
  type Compressors,
  type FileMetaData,
  parquetMetadata,
  parquetSchema,
  type SchemaTree,
} from 'hyparquet'
import type { ByteSource } from './byte-source.ts'

// A foreign file is held against its own length before the reader sees it: the reader believes every number that it finds, makes
// arrays of that size, and reads one byte for ever where a page lacks its size.

/** What a file may hold at most beside what its length explains. */
const freeRows = 10_000
const freeValues = 1_000_000
const freeBytes = 2 ** 26
/** Bytes that a byte of a file may stand for in one column, and values that a byte of a page may. */
const mostExpansion = 32
const mostValuesInByte = 64
/** By how much each codec can make bytes more, at the most; others not as much in any file that is meant to be read. */
const codecExpansion: Record<string, number> = { UNCOMPRESSED: 1, SNAPPY: 22, LZ4: 256, LZ4_RAW: 256 }
const otherExpansion = 2048
const mostFooterBytes = 2 ** 28
const mostFooterParts = 8_000_000
const mostSchemaElements = 10_000
const mostDepth = 32

/** Bytes of one plain value; null where they say it themselves. */
const plainBytes: Record<string, number | null> = {
  BOOLEAN: 1 / 8,
  INT32: 4,
  INT64: 8,
  INT96: 12,
  FLOAT: 4,
  DOUBLE: 8,
  BYTE_ARRAY: null,
}

/** What reads a file: hyparquet's AsyncBuffer. */
export interface ReadableBytes {
  byteLength: number
  slice(start: number, end?: number): Promise<ArrayBuffer>
}

/** A column chunk of a row group, and what of its schema says how its pages are stored. */
interface Chunk {
  name: string
  start: number
  end: number
  codec: string
  type: string
  typeLength: number
  definition: number
  repetition: number
  rows: number
}

type PageKind = 'data' | 'dictionary' | 'data2'

/** A page of a chunk; places are within the bytes that were looked at. */
interface Page {
  kind: PageKind
  start: number
  dataStart: number
  end: number
  uncompressed: number
  values: number
  nulls: number
  encoding: string
  levelBytes: [repetition: number, definition: number]
  isCompressed: boolean
}

/**
 * Reads a file's footer, and throws an Error unless it fits the file: numbers of rows and values that its bytes can hold, columns
 * that lie within it and are those of its schema.
 */
export async function readBoundedMetadata(source: ByteSource): Promise<FileMetaData> {
  const { byteLength } = source
  if (byteLength < 12) throw new Error(`${byteLength} bytes are too few`)
  const first = await source.slice(Math.max(0, byteLength - 2 ** 16))
  const length = new DataView(first).getUint32(first.byteLength - 8, true)
  if (length + 8 <= first.byteLength || length + 8 > Math.min(byteLength, mostFooterBytes))
    return boundedMetadata(new Uint8Array(first), byteLength)
  return boundedMetadata(new Uint8Array(await source.slice(byteLength - length - 8)), byteLength)
}

/** The footer that ends `bytes`, checked as `readBoundedMetadata` does. `fileBytes` is the length of the whole file. */
export function boundedMetadata(bytes: Uint8Array, fileBytes: number): FileMetaData {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const length = bytes.length < 8 ? 0 : view.getUint32(bytes.length - 8, true)
  if (length > 0 && length + 8 <= bytes.length) {
    // Parsing makes an object of every byte that claims to be one.
    const cursor = { view, at: bytes.length - 8 - length, end: bytes.length - 8, parts: mostFooterParts }
    skipStruct(cursor)
  }
  const metadata = parquetMetadata(bytes, { geoparquet: false })
  // The parser maps over whatever stands in the place of a list.
  if (!Array.isArray(metadata.key_value_metadata ?? [])) throw new Error('its key-value metadata is no list')
  refuseDeepSchema(metadata)
  const rows = metadata.row_groups.map(group => count(group.num_rows, 'rows of a row group'))
  const total = count(metadata.num_rows, 'rows')
  if (rows.reduce((sum, one) => sum + one, 0) !== total)
    throw new Error(`row groups of ${rows.slice(0, 10).join(', ')} rows are not the ${total} of the file`)
  if (total > freeRows + fileBytes)
    throw new Error(`${total} rows are more than a file of ${fileBytes} bytes can hold`)
  chunksOf(metadata, fileBytes)
  return metadata
}

/**
 * A file for the reader that gives it only bytes whose pages were checked: each page's size lies within its column's, and the values
 * it claims are there. Throws an Error for any other. `compressors` are those that the reader is given.
 */
export function boundedFile(
  file: ReadableBytes,
  metadata: FileMetaData,
  compressors: Compressors,
): ReadableBytes {
  const chunks = chunksOf(metadata, file.byteLength)
  const pagesOf = new Map<Chunk, Page[]>()
  return {
    byteLength: file.byteLength,
    slice(start, end = file.byteLength) {
      const checked = checkedSlice(start, end)
      // The reader asks for columns at once, and looks at none of the others when one is refused.
      checked.catch(() => {})
      return checked
    },
  }

  async function checkedSlice(start: number, end: number): Promise<ArrayBuffer> {
    const bytes = await file.slice(start, end)
    const asked = chunks.slice(firstFrom(chunks, start), firstFrom(chunks, end - 1) + 1)
    if (asked.length === 0 || (asked.length === 1 && asked[0]!.start >= end)) {
      // An index of pages, or what lies between columns.
      skipStruct({ view: new DataView(bytes), at: 0, end: bytes.byteLength, parts: mostFooterParts })
      return bytes
    }
    for (const chunk of asked) {
      if (chunk.start >= end) continue
      if (chunk.start >= start && chunk.end <= end)
        checkChunk(chunk, new Uint8Array(bytes, chunk.start - start, chunk.end - chunk.start), compressors)
      else await checkPart(chunk, start, new Uint8Array(bytes))
    }
    return bytes
  }

  /** Some pages of a chunk: those that the offset index names, which may name anything. */
  async function checkPart(chunk: Chunk, start: number, bytes: Uint8Array): Promise<void> {
    const pages =
      pagesOf.get(chunk) ?? readPages(chunk, new Uint8Array(await file.slice(chunk.start, chunk.end)))
    pagesOf.set(chunk, pages)
    const from = start - chunk.start
    const asked = pages.filter(page => page.start >= from && page.end <= from + bytes.length)
    if (asked[0]?.start !== from || asked.at(-1)?.end !== from + bytes.length)
      throw new Error(
        `column ${chunk.name}: bytes from ${start} to ${start + bytes.length} are no whole pages`,
      )
    for (const page of asked) checkPage(chunk, page, bytes, from, compressors)
  }
}

/** Place of the first chunk that ends after a byte. */
function firstFrom(chunks: readonly Chunk[], byte: number): number {
  let low = 0
  let high = chunks.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (chunks[middle]!.end > byte) high = middle
    else low = middle + 1
  }
  return low
}

function checkChunk(chunk: Chunk, bytes: Uint8Array, compressors: Compressors): void {
  for (const page of readPages(chunk, bytes)) checkPage(chunk, page, bytes, 0, compressors)
}

/** A number of the footer as one that indexes. */
function count(value: unknown, what: string): number {
  const number = typeof value === 'bigint' ? Number(value) : value
  if (!Number.isSafeInteger(number) || (number as number) < 0)
    throw new Error(`expected a number of ${what}, found ${String(value)}`)
  return number as number
}

/** The schema is a tree that is told by numbers of children. */
function refuseDeepSchema({ schema }: FileMetaData): void {
  if (schema.length > mostSchemaElements)
    throw new Error(`a schema of ${schema.length} elements, expected at most ${mostSchemaElements}`)
  const open: number[] = []
  for (const [index, { num_children: children }] of schema.entries()) {
    if (index > 0) {
      if (open.length === 0) throw new Error('the schema has elements outside of its root')
      open[open.length - 1]!--
    }
    if (children) open.push(count(children, 'children'))
    if (open.length > mostDepth) throw new Error(`a schema more than ${mostDepth} deep`)
    while (open.at(-1) === 0) open.pop()
  }
  if (open.length > 0) throw new Error('the schema lacks elements')
}

/** Every chunk of a file that has bytes, in their order, checked against it. */
function chunksOf(metadata: FileMetaData, fileBytes: number): Chunk[] {
  const leaves = leavesOf(parquetSchema(metadata), 0, 0)
  const chunks = metadata.row_groups.flatMap(({ columns, num_rows }) => {
    if (columns.length !== leaves.length)
      throw new Error(
        `a row group has ${columns.length} columns, expected the ${leaves.length} of the schema`,
      )
    return columns.map((column, index): Chunk => {
      const { meta_data: meta } = column
      const leaf = leaves[index]!
      const name = leaf.tree.path.join('.')
      if (!meta) throw new Error(`column ${name} has no metadata`)
      if (meta.path_in_schema.join('.') !== name || meta.type !== leaf.tree.element.type)
        throw new Error(
          `column ${meta.path_in_schema.join('.')} of ${meta.type} is not the schema's ${name} of ${leaf.tree.element.type}`,
        )
      const start = count(meta.dictionary_page_offset || meta.data_page_offset, 'the first byte')
      const end = start + count(meta.total_compressed_size, 'compressed bytes')
      if (end > fileBytes) throw new Error(`column ${name}: bytes [${start}, ${end}) are not within the file`)
      const typeLength = leaf.tree.element.type_length ?? 0
      return {
        name,
        start,
        end,
        codec: meta.codec,
        type: meta.type,
        typeLength: meta.type === 'FIXED_LEN_BYTE_ARRAY' ? count(typeLength, 'bytes of a value') : 0,
        definition: leaf.definition,
        repetition: leaf.repetition,
        rows: Number(num_rows),
      }
    })
  })
  const filled = chunks.filter(({ start, end }) => end > start).sort((one, other) => one.start - other.start)
  for (const [index, chunk] of filled.entries()) {
    const next = filled[index + 1]
    if (next && next.start < chunk.end) throw new Error(`columns ${chunk.name} and ${next.name} overlap`)
  }
  return filled
}

interface Leaf {
  tree: SchemaTree
  definition: number
  repetition: number
}

function leavesOf(tree: SchemaTree, definition: number, repetition: number): Leaf[] {
  if (tree.children.length === 0) return [{ tree, definition, repetition }]
  return tree.children.flatMap(child => {
    const kind = child.element.repetition_type
    return leavesOf(
      child,
      definition + (kind === 'REQUIRED' ? 0 : 1),
      repetition + (kind === 'REPEATED' ? 1 : 0),
    )
  })
}

const pageKinds = new Map<number | undefined, PageKind>([
  [0, 'data'],
  [2, 'dictionary'],
  [3, 'data2'],
])
const encodings = new Map<number | undefined, string>([
  [0, 'plain'],
  [2, 'dictionary'],
  [3, 'rle'],
  [5, 'delta'],
  [6, 'delta'],
  [7, 'delta'],
  [8, 'dictionary'],
  [9, 'split'],
])

/** The pages of a chunk in order, as their headers tell them, each within the chunk; all of them together no more than the file explains. */
function readPages(chunk: Chunk, bytes: Uint8Array): Page[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const pages: Page[] = []
  let uncompressed = 0
  let values = 0
  const isFlat = chunk.repetition === 0
  const mostValues = isFlat ? chunk.rows : chunk.rows + freeValues + mostValuesInByte * bytes.length
  // The reader stops one byte before the end, or with the last row.
  for (let start = 0; start < bytes.length - 1 && !(isFlat && values >= chunk.rows); ) {
    const page = readPageHeader(chunk, view, start)
    uncompressed += page.uncompressed
    if (page.kind !== 'dictionary') values += page.values
    if (uncompressed > freeBytes + mostExpansion * bytes.length)
      refusePage(chunk, start, `the pages claim ${uncompressed} bytes from ${bytes.length}`)
    if (values > mostValues)
      refusePage(chunk, start, `the pages claim ${values} values, expected at most ${mostValues}`)
    pages.push(page)
    start = page.end
  }
  return pages
}

function refusePage({ name, start }: Chunk, at: number, reason: string): never {
  throw new Error(`column ${name}: page at byte ${start + at}: ${reason}`)
}

function readPageHeader(chunk: Chunk, view: DataView, start: number): Page {
  const fields = new Map<number, number>()
  const cursor = { view, at: start, end: view.byteLength, parts: 10_000, fields }
  try {
    skipStruct(cursor)
  } catch (error) {
    refusePage(chunk, start, (error as Error).message)
  }
  const field = (path: number, what: string): number => {
    const value = fields.get(path)
    if (value === undefined || value < 0)
      refusePage(chunk, start, `expected a header with ${what}, found ${value}`)
    return value
  }
  const kind = pageKinds.get(fields.get(1))
  if (!kind) refusePage(chunk, start, `expected a page of data or a dictionary, found type ${fields.get(1)}`)
  const header = { data: 500, dictionary: 700, data2: 800 }[kind]
  const isSecond = kind === 'data2'
  const page: Page = {
    kind,
    start,
    dataStart: cursor.at,
    end: cursor.at + field(3, 'compressed_page_size'),
    uncompressed: field(2, 'uncompressed_page_size'),
    values: field(header + 1, 'num_values'),
    nulls: isSecond ? field(802, 'num_nulls') : 0,
    encoding:
      kind === 'dictionary' ? 'plain' : (encodings.get(fields.get(header + (isSecond ? 4 : 2))) ?? 'other'),
    levelBytes: isSecond
      ? [field(806, 'repetition_levels_byte_length'), field(805, 'definition_levels_byte_length')]
      : [0, 0],
    isCompressed: !isSecond || fields.get(807) !== 0,
  }
  const compressed = page.end - page.dataStart
  const levels = page.levelBytes[0] + page.levelBytes[1]
  if (page.end > view.byteLength)
    refusePage(chunk, start, `${compressed} bytes reach past the column, which ends at byte ${chunk.end}`)
  const expansion = codecExpansion[chunk.codec] ?? otherExpansion
  if (page.uncompressed > expansion * compressed + 1024)
    refusePage(chunk, start, `${compressed} bytes of ${chunk.codec} cannot hold ${page.uncompressed}`)
  if (levels > compressed || levels > page.uncompressed || page.nulls > page.values)
    refusePage(chunk, start, `levels of ${levels} bytes and ${page.nulls} nulls are more than the page`)
  if (isSecond && field(803, 'num_rows') > chunk.rows)
    refusePage(chunk, start, `claims ${fields.get(803)} rows of the row group's ${chunk.rows}`)
  return page
}

/** Throws unless a page's bytes hold the values that its header claims. `offset` is where `bytes` begin in the chunk. */
function checkPage(
  chunk: Chunk,
  page: Page,
  bytes: Uint8Array,
  offset: number,
  compressors: Compressors,
): void {
  const stored = bytes.subarray(page.dataStart - offset, page.end - offset)
  const levels = page.levelBytes[0] + page.levelBytes[1]
  const compressor = chunk.codec === 'UNCOMPRESSED' ? null : compressors[chunk.codec as keyof Compressors]
  // What the reader has no codec for it refuses itself.
  if (compressor === undefined) return
  const { encoding, kind } = page
  const isCoded = encoding === 'dictionary' || encoding === 'rle' || encoding === 'delta'
  const hasLevels = kind === 'data' && chunk.definition + chunk.repetition > 0
  const unpack = (packed: Uint8Array, length: number) =>
    compressor && page.isCompressed ? compressor(packed, length) : packed
  try {
    if (kind === 'data2') {
      const [repetitionEnd] = page.levelBytes
      if (chunk.repetition > 0) checkRuns(stored, 0, repetitionEnd, widthOf(chunk.repetition), page.values)
      if (chunk.definition > 0)
        checkRuns(stored, repetitionEnd, levels, widthOf(chunk.definition), page.values)
      const data = isCoded ? unpack(stored.subarray(levels), page.uncompressed - levels) : null
      checkValues(chunk, page, data, page.uncompressed - levels, page.values - page.nulls)
    } else if (isCoded || hasLevels) {
      const whole = unpack(stored, page.uncompressed)
      let at = 0
      let present = page.values
      for (const [level, isDefinition] of [
        [chunk.repetition, false],
        [chunk.definition, true],
      ] as const) {
        if (kind === 'dictionary' || level === 0) continue
        const end = at + 4 + new DataView(whole.buffer, whole.byteOffset, whole.length).getUint32(at, true)
        const full = checkRuns(whole, at + 4, end, widthOf(level), page.values, level)
        if (isDefinition) present = full
        at = end
      }
      checkValues(chunk, page, whole.subarray(at), whole.length - at, present)
    } else checkValues(chunk, page, null, page.uncompressed, page.values)
  } catch (error) {
    refusePage(chunk, page.start, (error as Error).message)
  }
}

/** Bits of a level up to `most`. */
function widthOf(most: number): number {
  return 32 - Math.clz32(most)
}

/** Whether `byteLength` bytes hold `values` values; `data` are those bytes where the values are coded. */
function checkValues(
  { type, typeLength }: Chunk,
  { encoding, kind }: Page,
  data: Uint8Array | null,
  byteLength: number,
  values: number,
): void {
  if (values === 0) return
  if (encoding === 'plain' || encoding === 'split') {
    const valueBytes = plainBytes[type] === null ? 4 : (plainBytes[type] ?? typeLength)
    if (valueBytes * values > byteLength || (type === 'FIXED_LEN_BYTE_ARRAY' && typeLength === 0))
      throw new Error(`${byteLength} bytes cannot hold ${values} values of ${type}`)
  } else if (encoding === 'delta') checkDelta(data!, values)
  else if (kind === 'data2' ? encoding === 'rle' : type === 'BOOLEAN' && encoding !== 'other') {
    // Runs of single bits, after their length.
    const length = new DataView(data!.buffer, data!.byteOffset, data!.length).getUint32(0, true)
    checkRuns(data!, 4, 4 + length, 1, values)
  } else if (encoding === 'dictionary' || encoding === 'rle') {
    const width = data![0] ?? 0
    if (width > 32) throw new Error(`a dictionary of ${width} bits`)
    // The reader looks for runs of no bits in pages of the second version alone.
    if (width > 0 || kind === 'data2') checkRuns(data!, 1, data!.length, width, values)
  }
}

/**
 * Throws unless bytes [start, end) are runs of the hybrid of run lengths and bit packing that make `values` values and no more.
 * Returns how many of them are `counted`.
 */
function checkRuns(
  bytes: Uint8Array,
  start: number,
  end: number,
  width: number,
  values: number,
  counted = -1,
): number {
  if (end > bytes.length) throw new Error(`runs of ${end - start} bytes reach past the page`)
  let found = 0
  let at = start
  for (let seen = 0; seen < values; ) {
    let header = 0
    for (let shift = 0; ; shift += 7) {
      if (at >= end || shift > 28) throw new Error(`runs end after ${seen} of ${values} values`)
      const byte = bytes[at++]!
      header += (byte & 0x7f) * 2 ** shift
      if (byte < 0x80) break
    }
    const left = values - seen
    const isPacked = header % 2 === 1
    const length = Math.floor(header / 2) * (isPacked ? 8 : 1)
    // Packed values come by eights, some writers' by 512.
    if (length === 0 || length > left + (isPacked ? 512 : 0))
      throw new Error(`a run of ${length} values where ${left} are left`)
    const kept = Math.min(length, left)
    const byteLength = isPacked ? Math.ceil((kept * width) / 8) : Math.ceil(width / 8)
    if (at + byteLength > end) throw new Error(`runs end after ${seen} of ${values} values`)
    if (counted >= 0)
      found += isPacked ? countPacked(bytes, at, width, kept, counted) : bytes[at] === counted ? kept : 0
    at += isPacked ? (length * width) / 8 : byteLength
    seen += kept
  }
  return found
}

/** How many of the levels that are packed from `at` on, each of at most eight bits, are `counted`. */
function countPacked(bytes: Uint8Array, at: number, width: number, values: number, counted: number): number {
  const mask = 2 ** width - 1
  let found = 0
  for (let index = 0; index < values; index++) {
    const bit = index * width
    const pair = bytes[at + (bit >> 3)]! | ((bytes[at + (bit >> 3) + 1] ?? 0) << 8)
    if (((pair >> (bit & 7)) & mask) === counted) found++
  }
  return found
}

/** Throws unless delta-coded integers begin with blocks of a size that the format allows, and with their number. */
function checkDelta(bytes: Uint8Array, values: number): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  const cursor: Cursor = { view, at: 0, end: bytes.length, parts: 0 }
  const [blockSize, miniblocks, stated] = [readVarInt(cursor), readVarInt(cursor), readVarInt(cursor)]
  if (blockSize === 0 || blockSize > 2 ** 20 || miniblocks === 0 || blockSize % miniblocks !== 0)
    throw new Error(`blocks of ${blockSize} values in ${miniblocks} parts`)
  if (stated !== values) throw new Error(`${stated} coded values, expected ${values}`)
}

/** A place in a text of Thrift's compact protocol. */
interface Cursor {
  view: DataView
  at: number
  end: number
  /** How many more structures and members of lists it may have. */
  parts: number
  /** Where integers are kept, if anywhere: a field by its number, one of a structure in it by 100 times the structure's before. */
  fields?: Map<number, number>
}

/** Passes over a structure. Throws unless its lists fit its bytes and it is no deeper or larger than any of a Parquet file. */
function skipStruct(cursor: Cursor, depth = 0, path = 0): void {
  if (depth > mostDepth) throw new Error(`structures more than ${mostDepth} deep`)
  spend(cursor, 1)
  for (let field = 0; ; ) {
    const byte = readByte(cursor)
    const type = byte & 0x0f
    if (type === 0) return
    field = byte >> 4 ? field + (byte >> 4) : unfold(readVarInt(cursor))
    skipValue(cursor, type, depth, depth < 2 && field > 0 && field < 100 ? 100 * path + field : -1)
  }
}

function skipValue(cursor: Cursor, type: number, depth: number, path: number): void {
  const keep = (value: number) => path >= 0 && cursor.fields?.set(path, value)
  switch (type) {
    case 1:
    case 2:
      keep(2 - type)
      return
    case 3:
      skipBytes(cursor, 1)
      return
    case 4:
    case 5:
      keep(unfold(readVarInt(cursor)))
      return
    case 6:
      for (let length = 1; readByte(cursor) >= 0x80; length++)
        if (length === 10) throw new Error('an integer of more than ten bytes')
      return
    case 7:
      skipBytes(cursor, 8)
      return
    case 8:
      skipBytes(cursor, readVarInt(cursor))
      return
    case 9: {
      const header = readByte(cursor)
      const length = header >> 4 === 15 ? readVarInt(cursor) : header >> 4
      if (length > cursor.end - cursor.at)
        throw new Error(`a list of ${length} in ${cursor.end - cursor.at} bytes`)
      spend(cursor, length)
      const member = (header & 0x0f) <= 2 ? 3 : header & 0x0f
      for (let index = 0; index < length; index++) skipValue(cursor, member, depth, -1)
      return
    }
    case 12:
      skipStruct(cursor, depth + 1, path)
      return
    default:
      throw new Error(`a field of the unknown type ${type}`)
  }
}

function spend(cursor: Cursor, parts: number): void {
  cursor.parts -= parts
  if (cursor.parts < 0) throw new Error('more structures than a file has')
}

function readByte(cursor: Cursor): number {
  if (cursor.at >= cursor.end) throw new Error('a header that does not end')
  return cursor.view.getUint8(cursor.at++)
}

function skipBytes(cursor: Cursor, length: number): void {
  if (length > cursor.end - cursor.at)
    throw new Error(`a text of ${length} bytes in ${cursor.end - cursor.at}`)
  cursor.at += length
}

/** An unsigned integer of at most 32 bits, seven bits a byte. */
function readVarInt(cursor: Cursor): number {
  let value = 0
  for (let shift = 0; shift <= 28; shift += 7) {
    const byte = readByte(cursor)
    value += (byte & 0x7f) * 2 ** shift
    if (byte < 0x80) return value
  }
  throw new Error('an integer of more than five bytes')
}

/** The signed integer that an unsigned one stands for. */
function unfold(value: number): number {
  return value % 2 === 0 ? value / 2 : -(value + 1) / 2
}
