import { type FileMetaData, parquetMetadataAsync } from 'hyparquet'
import { InputError } from '../input-error.ts'
import type { ByteSource } from './byte-source.ts'
import { refuseNewerFormat } from './refuse-newer-format.ts'
import { formatVersion } from './sample-record.ts'

/** Names of the files' key-value metadata. */
const versionKey = 'entrace.formatVersion'
const kindKey = 'entrace.kind'

/** Which of a run's Parquet files one is. */
export type ParquetKind = 'summary' | 'traces'

/** A Parquet file of a run whose footer has been read and checked. */
export interface ParquetFile {
  metadata: FileMetaData
  /** Its key-value metadata. */
  keyValues: Map<string, string>
}

/** The key-value metadata by which `openParquet` knows a file. */
export function identifyingKeyValues(kind: ParquetKind): Record<string, string> {
  return { [versionKey]: formatVersion, [kindKey]: kind }
}

/** Reads a file's footer. Throws InputError for a file that is damaged, of another kind, or of a newer format. */
export async function openParquet(source: ByteSource, kind: ParquetKind): Promise<ParquetFile> {
  let metadata: FileMetaData
  let readError: unknown
  const file = {
    byteLength: source.byteLength,
    slice: (start: number, end?: number) =>
      source.slice(start, end).catch(error => {
        readError = error
        throw error
      }),
  }
  try {
    // Most footers of runs are smaller; a larger one costs a second request.
    metadata = await parquetMetadataAsync(file, { initialFetchSize: 2 ** 16, geoparquet: false })
  } catch (error) {
    // A source that cannot be read says nothing of what it holds.
    if (error === readError) throw error
    const reason = error instanceof Error ? error.message : String(error)
    throw new InputError(
      `${source.name}: expected a Parquet file, found ${source.byteLength} bytes that are not (${reason}); ` +
        'the file is damaged or cut, write it again with entrace analyse',
    )
  }
  return checkParquet(source.name, metadata, kind)
}

/** Throws InputError unless a footer is one that this version of the format knows. */
export function checkParquet(where: string, metadata: FileMetaData, kind: ParquetKind): ParquetFile {
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
