import type { Compressors } from 'hyparquet'
import { type Cursor, readVarInt, skipStruct } from './thrift-compact.ts'

/** What the pages of a column may hold at most beside what their bytes explain. */
const freeValues = 1_000_000
const freeBytes = 2 ** 26
/** Bytes that a byte of a file may stand for in one column, and values that a byte of a page may. */
const mostExpansion = 32
const mostValuesInByte = 64
/** By how much each codec can make bytes more, at the most; others not as much in any file that is meant to be read. */
const codecExpansion: Record<string, number> = { UNCOMPRESSED: 1, SNAPPY: 22, LZ4: 256, LZ4_RAW: 256 }
const otherExpansion = 2048
/** Zstandard and Brotli say in a few bytes that a value is repeated a million times. */
const freePageBytes = 2 ** 24

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

/** A column chunk of a row group, and what of its schema says how its pages are stored. */
export interface Chunk {
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
export type Page = ReturnType<typeof readPageHeader>

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
export function readPages(chunk: Chunk, bytes: Uint8Array): Page[] {
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

function readPageHeader(chunk: Chunk, view: DataView, start: number) {
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
  const page = {
    kind,
    start,
    dataStart: cursor.at,
    end: cursor.at + field(3, 'compressed_page_size'),
    uncompressed: field(2, 'uncompressed_page_size'),
    values: field(header + 1, 'num_values'),
    nulls: isSecond ? field(802, 'num_nulls') : 0,
    encoding:
      kind === 'dictionary' ? 'plain' : (encodings.get(fields.get(header + (isSecond ? 4 : 2))) ?? 'other'),
    /** Of repetition and of definition. */
    levelBytes: isSecond
      ? ([field(806, 'repetition_levels_byte_length'), field(805, 'definition_levels_byte_length')] as const)
      : ([0, 0] as const),
    isCompressed: !isSecond || fields.get(807) !== 0,
  }
  const compressed = page.end - page.dataStart
  const levels = page.levelBytes[0] + page.levelBytes[1]
  if (page.end > view.byteLength)
    refusePage(chunk, start, `${compressed} bytes reach past the column, which ends at byte ${chunk.end}`)
  const expansion = codecExpansion[chunk.codec] ?? otherExpansion
  if (page.uncompressed > expansion * compressed + (chunk.codec in codecExpansion ? 1024 : freePageBytes))
    refusePage(chunk, start, `${compressed} bytes of ${chunk.codec} cannot hold ${page.uncompressed}`)
  if (levels > compressed || levels > page.uncompressed || page.nulls > page.values)
    refusePage(chunk, start, `levels of ${levels} bytes and ${page.nulls} nulls are more than the page`)
  if (isSecond && field(803, 'num_rows') > chunk.rows)
    refusePage(chunk, start, `claims ${fields.get(803)} rows of the row group's ${chunk.rows}`)
  return page
}

/** Throws unless a page's bytes hold the values that its header claims. `offset` is where `bytes` begin in the chunk. */
export function checkPage(
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
