import { type FileMetaData, parquetSchema, snappyUncompress } from 'hyparquet'
import type { ByteSource } from '../files/byte-source.ts'
import { boundedFile, type ReadableBytes, readBoundedMetadata } from '../files/parquet-bounds.ts'
import { type ParquetColumn, schemaElements, typeInWords } from '../files/parquet-column.ts'
import { InputError } from '../input-error.ts'
import { formatVersion, refuseNewerFormat } from './run-files.ts'

const versionKey = 'entrace.formatVersion'
const kindKey = 'entrace.kind'

/** Which of a run's Parquet files one is. */
export type ParquetKind = 'summary' | 'traces'

/** The key-value metadata by which `openParquet` knows a file. */
export function identifyingKeyValues(kind: ParquetKind): Record<string, string> {
  return { [versionKey]: formatVersion, [kindKey]: kind }
}

/** What is thrown for a file that is not as it was written, with what is wrong with it. */
export function damagedTable(where: string, fault: string, options?: ErrorOptions): InputError {
  return new InputError(
    `${where}: ${fault}; the file is damaged, write it again with entrace analyse`,
    options,
  )
}

/**
 * Reads a file's footer, which has its key-value metadata. Throws InputError for a file that is damaged, of another kind, or of a newer
 * format.
 */
export async function openParquet(source: ByteSource, kind: ParquetKind) {
  const metadata = await readingParquet(source, source.name, readBoundedMetadata)
  return checkParquet(source.name, metadata, kind)
}

/** A run's file for the reader, which gives it only what was checked. */
export function boundedRunFile(file: ReadableBytes, metadata: FileMetaData): ReadableBytes {
  return boundedFile(file, metadata, { SNAPPY: unpackSnappy })
}

function unpackSnappy(bytes: Uint8Array, length: number): Uint8Array {
  const unpacked = new Uint8Array(length)
  snappyUncompress(bytes, unpacked)
  return unpacked
}

/**
 * What `read` makes of a file, which it is to read through the source that it is given. Throws InputError, which begins with
 * `where`, for whatever the reader finds wrong with it; what the source itself throws says nothing of what it holds, and stays as it is.
 */
export async function readingParquet<Result>(
  source: ByteSource,
  where: string,
  read: (source: ByteSource) => Promise<Result>,
): Promise<Result> {
  let readError: unknown
  const watched: ByteSource = {
    ...source,
    async slice(start, end = source.byteLength) {
      if (!(start >= 0 && start <= end && end <= source.byteLength))
        throw new RangeError(`bytes [${start}, ${end}) are not within it`)
      try {
        return await source.slice(start, end)
      } catch (error) {
        readError = error
        throw error
      }
    },
  }
  try {
    return await read(watched)
  } catch (error) {
    if (error === readError || error instanceof InputError) throw error
    const reason = error instanceof Error ? error.message : String(error)
    throw new InputError(
      `${where}: expected a Parquet file, found ${source.byteLength} bytes that are not (${reason}); ` +
        'the file is damaged or cut, write it again with entrace analyse',
      { cause: error },
    )
  }
}

/** Throws InputError unless a footer is one that this version of the format knows. */
export function checkParquet(where: string, metadata: FileMetaData, kind: ParquetKind) {
  const keyValues = new Map(metadata.key_value_metadata?.map(({ key, value }) => [key, value ?? '']))
  const found = keyValues.get(kindKey)
  if (!keyValues.has(versionKey) || found === undefined)
    throw new InputError(
      `${where}: a Parquet file without ${versionKey} and ${kindKey}, expected the ${kind}.parquet of a run; check the path`,
    )
  refuseNewerFormat(where, keyValues.get(versionKey))
  if (found !== kind)
    throw new InputError(
      `${where}: is the ${found}.parquet of a run, expected ${kind}.parquet; check the path`,
    )
  return { metadata, keyValues }
}

/**
 * Throws InputError unless a file has these columns as they are written. `optional` names those that older files lack.
 */
export function checkColumns(
  where: string,
  metadata: FileMetaData,
  columns: readonly ParquetColumn[],
  optional: readonly string[] = [],
): void {
  const trees = new Map(parquetSchema(metadata).children.map(tree => [tree.element.name, tree]))
  for (const column of columns) {
    let tree = trees.get(column.name)
    if (!tree && optional.includes(column.name)) continue
    for (const { name, type, repetition_type, num_children: children = 0 } of schemaElements(column)) {
      const { element, children: below } = tree ?? {}
      const isIt = element?.name === name && element.type === type && below?.length === children
      if (!isIt || element.repetition_type !== repetition_type) {
        const fault = `column ${column.name} is missing or of another type, expected ${typeInWords(column)}`
        throw damagedTable(where, fault)
      }
      tree = below[0]
    }
  }
}
