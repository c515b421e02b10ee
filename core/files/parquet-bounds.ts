import {
  type Compressors,
  type FileMetaData,
  parquetMetadata,
  parquetSchema,
  type SchemaTree,
} from 'hyparquet'
import { firstIndex } from '../first-index.ts'
import type { ByteSource } from './byte-source.ts'
import { type Chunk, checkPage, type Page, readPages } from './parquet-page-bounds.ts'
import { skipStruct } from './thrift-compact.ts'

// A foreign file is held against its own length before the reader sees it: the reader believes every number that it finds, makes
// arrays of that size, and reads one byte for ever where a page lacks its size.

/** Rows that a file may have beside those that its length explains. */
const freeRows = 10_000
const mostFooterBytes = 2 ** 28
const mostFooterParts = 8_000_000
const mostSchemaElements = 10_000
const mostDepth = 32

/** What reads a file: hyparquet's AsyncBuffer. */
export type ReadableBytes = Pick<ByteSource, 'byteLength' | 'slice'>

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
    const chunkAt = (byte: number) => firstIndex(chunks.length, index => chunks[index]!.end > byte)
    const asked = chunks.slice(chunkAt(start), chunkAt(end - 1) + 1)
    if (asked.length === 0 || (asked.length === 1 && asked[0]!.start >= end)) {
      // An index of pages, or what lies between columns.
      skipStruct({ view: new DataView(bytes), at: 0, end: bytes.byteLength, parts: mostFooterParts })
      return bytes
    }
    for (const chunk of asked) {
      if (chunk.start >= end) continue
      if (chunk.start >= start && chunk.end <= end) {
        const whole = new Uint8Array(bytes, chunk.start - start, chunk.end - chunk.start)
        for (const page of readPages(chunk, whole)) checkPage(chunk, page, whole, 0, compressors)
      } else await checkPart(chunk, start, new Uint8Array(bytes))
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
      const { tree, definition, repetition } = leaves[index]!
      const { type, type_length: typeLength = 0 } = tree.element
      const name = tree.path.join('.')
      if (!meta) throw new Error(`column ${name} has no metadata`)
      const stated = meta.path_in_schema.join('.')
      if (stated !== name || meta.type !== type)
        throw new Error(`column ${stated} of ${meta.type} is not the schema's ${name} of ${type}`)
      const start = count(meta.dictionary_page_offset || meta.data_page_offset, 'the first byte')
      const end = start + count(meta.total_compressed_size, 'compressed bytes')
      if (end > fileBytes) throw new Error(`column ${name}: bytes [${start}, ${end}) are not within the file`)
      const valueBytes = type === 'FIXED_LEN_BYTE_ARRAY' ? count(typeLength, 'bytes of a value') : 0
      const stored = { codec: meta.codec, type, typeLength: valueBytes, definition, repetition }
      return { name, start, end, ...stored, rows: Number(num_rows) }
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
    const [optional, repeated] = [kind === 'REQUIRED' ? 0 : 1, kind === 'REPEATED' ? 1 : 0]
    return leavesOf(child, definition + optional, repetition + repeated)
  })
}
