import type { ColumnChunk, FileMetaData, RowGroup, SchemaElement } from 'hyparquet'
import { ByteWriter } from 'hyparquet-writer'
import { writeColumn } from 'hyparquet-writer/src/column.js'
import { writeIndexes } from 'hyparquet-writer/src/indexes.js'
import { writeMetadata } from 'hyparquet-writer/src/metadata.js'
import { snappyCompress } from 'hyparquet-writer/src/snappy.js'
import {
  encodingOf,
  type ListLevels,
  listLevels,
  type ParquetColumn,
  schemaElements,
  shredRows,
} from './parquet-column.ts'

/** Where a row group lies in its file: bytes [start, end), of which those from `tailStart` on hold its last columns. */
export interface RowGroupPlace {
  start: number
  tailStart: number
  end: number
}

/** What a Parquet file is to hold. */
export interface ParquetLayout {
  columns: readonly ParquetColumn[]
  /** Key-value metadata of the file. */
  keyValues: Record<string, string>
  /** Further ones, which the footers of single groups leave out. */
  mainKeyValues?: Record<string, string>
  /** Name of the first of the columns that a reader may want without the others. */
  tail?: string
  /**
   * Whether each row group is to be readable alone: a page for each row of a list column, an index of these pages, and a
   * footer of the group's own behind it, which other readers pass over.
   */
  standalone?: boolean
}

const magic = 0x31524150
const pageBytes = 2 ** 20

/**
 * Writes a Parquet file (https://github.com/apache/parquet-format) piece by piece: pages of version 2, Snappy. `sink` is
 * given the bytes in order and must have used them when it returns. A piece is what a reader may fetch alone: a column of a row
 * group or, where groups are read alone, the group up to its tail and from there on; then the footer.
 */
export function createParquetWriter(sink: (bytes: Uint8Array) => void, layout: ParquetLayout) {
  const { columns, keyValues, mainKeyValues, tail, standalone = false } = layout
  const writer = new ByteWriter(2 ** 16)
  const root: SchemaElement = { name: 'root', num_children: columns.length }
  const schema = [root, ...columns.flatMap(schemaElements)]
  const rowGroups: RowGroup[] = []
  let rowCount = 0
  /** Hands on what was written, in pieces that end at these offsets in the file and at its end so far. */
  const flush = (offsets: readonly number[] = []) => {
    const bytes = writer.getBytes()
    const base = writer.offset - bytes.length
    let from = 0
    for (const to of [...offsets.map(offset => offset - base), bytes.length]) {
      if (to > from) sink(bytes.subarray(from, to))
      from = to
    }
    writer.index = 0
  }
  const writeFooter = (row_groups: RowGroup[], count: number, pairs: Record<string, string>) => {
    const footer: Omit<FileMetaData, 'metadata_length'> = {
      version: 2,
      created_by: 'entrace',
      schema,
      num_rows: BigInt(count),
      row_groups,
      key_value_metadata: Object.entries(pairs).map(([key, value]) => ({ key, value })),
    }
    writeMetadata(writer, footer as FileMetaData)
    writer.appendUint32(magic)
  }
  writer.appendUint32(magic)
  return {
    /**
     * Writes a row group; `rows` holds a column's value (or list) in each row, by the column's name. Throws for values that
     * are not of their column's type.
     */
    writeRowGroup(rows: Record<string, ArrayLike<unknown>>): RowGroupPlace {
      const start = writer.offset
      let tailStart = start
      let groupRows = 0
      const levelsOfShape = new Map<string, ListLevels>()
      const levelsOf = ({ depth = 0, shape }: ParquetColumn, values: ArrayLike<unknown>) => {
        const known = shape === undefined ? undefined : levelsOfShape.get(shape)
        const levels = known ?? listLevels(values, depth)
        if (shape !== undefined) levelsOfShape.set(shape, levels)
        return levels
      }
      const pieceEnds: number[] = []
      const written = columns.map(column => {
        if (column.name === tail) tailStart = writer.offset
        // The magic bytes before the first group go with its first column.
        if (column !== columns[0] && (!standalone || column.name === tail)) pieceEnds.push(writer.offset)
        const values = rows[column.name]
        if (values === undefined) throw new Error(`parquet: no values for column ${column.name}`)
        groupRows = values.length
        const elements = schemaElements(column)
        const hasPageRows = standalone && (column.depth ?? 0) > 0
        const encoding = encodingOf(column)
        return writeColumn({
          writer,
          column: {
            columnName: column.name,
            element: elements.at(-1) as SchemaElement,
            schemaPath: [root, ...elements],
            codec: 'SNAPPY',
            compressors: { SNAPPY: snappyCompress },
            stats: false,
            // A page ends with the first row that fills it.
            pageSize: hasPageRows ? 1 : pageBytes,
            columnIndex: false,
            offsetIndex: hasPageRows,
            ...(encoding && { encoding }),
          },
          pageData: shredRows(column, values, levelsOf(column, values)),
        })
      })
      const chunks: ColumnChunk[] = written.map(({ chunk }) => chunk)
      const sizeOf = ({ meta_data }: ColumnChunk) => meta_data?.total_uncompressed_size ?? 0n
      const sizeBytes = chunks.reduce((sum, chunk) => sum + sizeOf(chunk), 0n)
      const group: RowGroup = {
        columns: chunks,
        total_byte_size: sizeBytes,
        total_compressed_size: BigInt(writer.offset - start),
        num_rows: BigInt(groupRows),
      }
      writeIndexes(writer, written)
      if (standalone) writeFooter([group], groupRows, keyValues)
      rowGroups.push(group)
      rowCount += groupRows
      flush(pieceEnds)
      return { start, tailStart, end: writer.offset }
    },
    /** Writes the footer. Returns the length of the whole file, bytes. */
    finish(): number {
      writeFooter(rowGroups, rowCount, { ...keyValues, ...mainKeyValues })
      flush()
      return writer.offset
    },
  }
}
