import { type FileMetaData, parquetRead, parquetReadObjects } from 'hyparquet'
import type { ByteSource } from '../files/byte-source.ts'
import { boundedMetadata, type ReadableBytes } from '../files/parquet-bounds.ts'
import { createParquetWriter, type RowGroupPlace } from '../files/parquet-writer.ts'
import { firstIndex } from '../first-index.ts'
import { InputError } from '../input-error.ts'
import { describeColumns, type RunColumn } from './field.ts'
import { type PromptToken, promptTokenEntries, promptTokensOfRow } from './prompt-token.ts'
import {
  boundedRunFile,
  checkColumns,
  checkParquet,
  damagedTable,
  identifyingKeyValues,
  openParquet,
} from './run-parquet.ts'
import { columnsKey, firstTextColumn, type TraceColumn, traceColumns } from './run-tables.ts'
import { type SampleRecord, sampleFields } from './sample.ts'
import { type TokenColumns, tokenColumnsOfRow, tokenFieldEntries } from './token.ts'

/** A row group of `traces.parquet`: its place in the file, and which rows of the run it holds. */
export interface TraceGroup extends RowGroupPlace {
  firstRow: number
  rowCount: number
}

/**
 * Where every sample lies in `traces.parquet`, in the order of the file. `summary.parquet` holds it, so that a reader need
 * not fetch the footer of a large `traces.parquet`, which is some kilobytes a row group.
 */
export interface TraceIndex {
  /** Length of `traces.parquet`, bytes: tells whether both files were written together. */
  fileBytes: number
  groups: TraceGroup[]
}

/**
 * A row group ends with the sample that reaches one of these. About half a megabyte is a fast request, and the groups of
 * 100,000 samples of 500 tokens are some thousands.
 */
const groupTokens = 8192
const groupSamples = 64

/** What each column holds of a sample, by its name. `metadata` is JSON text. */
const columnValues: Record<string, (sample: SampleRecord) => unknown> = {
  ...Object.fromEntries(
    Object.entries(sampleFields).flatMap(([field, column]) =>
      'name' in column
        ? [[column.name, (sample: SampleRecord) => sample[field as keyof SampleRecord]] as const]
        : [],
    ),
  ),
  metadata: sample => JSON.stringify(sample.metadata),
  ...Object.fromEntries(
    tokenFieldEntries.map(({ name, field }) => [
      field.name,
      ({ tokens }: SampleRecord) => tokens.map(token => token[name] ?? null),
    ]),
  ),
  ...Object.fromEntries(
    promptTokenEntries.map(({ name, field }) => [
      field.name,
      ({ promptScores = [] }: SampleRecord) => promptScores.map(token => token[name]),
    ]),
  ),
  top_text_ids: ({ topTexts = {} }) => Object.keys(topTexts).map(Number),
  top_texts: ({ topTexts = {} }) => Object.values(topTexts),
}

/**
 * Writes `traces.parquet` from samples as they come; holds one row group in memory. `sink` is given the bytes in order and
 * must have used them when it returns. Texts are UTF-8: half a surrogate pair, which no UTF-8 can carry, becomes U+FFFD. The columns
 * of the prompts' tokens are written where that is asked for.
 */
export function createTraceWriter(
  sink: (bytes: Uint8Array) => void,
  { hasPrompts = false }: { hasPrompts?: boolean } = {},
) {
  const ofPrompts = new Set<string>(promptTokenEntries.map(({ field }) => field.name))
  const columns = traceColumns.filter(({ name }) => hasPrompts || !ofPrompts.has(name))
  const writer = createParquetWriter(sink, {
    columns,
    keyValues: identifyingKeyValues('traces'),
    mainKeyValues: { [columnsKey]: JSON.stringify(describeColumns(columns)) },
    tail: firstTextColumn,
    standalone: true,
  })
  const groups: TraceGroup[] = []
  let firstRow = 0
  let pending: SampleRecord[] = []
  let pendingTokens = 0
  const writeGroup = () => {
    const place = writer.writeRowGroup(
      Object.fromEntries(columns.map(({ name }) => [name, pending.map(columnValues[name]!)])),
    )
    groups.push({ ...place, firstRow, rowCount: pending.length })
    firstRow += pending.length
    pending = []
    pendingTokens = 0
  }
  return {
    /** Adds a sample; samples come in the order of the run. */
    add(sample: SampleRecord): void {
      pending.push(sample)
      pendingTokens += sample.tokens.length + (sample.promptScores?.length ?? 0)
      if (pendingTokens >= groupTokens || pending.length >= groupSamples) writeGroup()
    },
    /** Writes what is left. Returns where each sample lies. */
    finish(): TraceIndex {
      if (pending.length > 0) writeGroup()
      return { fileBytes: writer.finish(), groups }
    },
  }
}

type TracedField = 'problemId' | 'problemIndex' | 'sampleIndex' | 'problem' | 'prompt' | 'generatedText'

/** One sample of `traces.parquet`. */
export interface TraceSample extends Pick<SampleRecord, TracedField | 'error' | 'metadata' | 'topTexts'> {
  tokens: TokenColumns
  /** Of the first answer to a problem, where the run kept it. */
  promptScores?: PromptToken[]
}

/** The texts of one sample, and its row in the run. */
export interface TraceText {
  row: number
  problem: string
  generatedText: string
}

/** `traces.parquet`, open: what is asked for is fetched, and no more. */
export type TraceReader = Awaited<ReturnType<typeof openTraces>>

const laterColumns = traceColumns.filter((column: RunColumn) => column.isLater).map(({ name }) => name)

const textColumns: TraceColumn[] = ['problem', 'generated_text']

/**
 * Opens `traces.parquet`. `index` is that of the summary.parquet beside it, and makes opening cost no request; without it
 * the footer is read, which is large for large runs. Throws InputError for files that were not written together, and for
 * a file that is damaged, not of traces, or of a newer format.
 */
export async function openTraces(source: ByteSource, index?: TraceIndex) {
  if (index && source.byteLength !== index.fileBytes)
    throw new InputError(
      `${source.name}: has ${source.byteLength} bytes, expected the ${index.fileBytes} that summary.parquet tells of; ` +
        'the two files were not written together, write them again with entrace analyse',
    )
  const groups = index?.groups ?? (await readGroups(source))
  const last = groups.at(-1)
  const count = last ? last.firstRow + last.rowCount : 0
  const groupAt = (row: number) => firstIndex(groups.length, index => groups[index]!.firstRow > row) - 1
  return {
    /** Number of samples. */
    count,
    /** One sample by its row, which is that of summary.parquet: one range of about half a megabyte. */
    async read(row: number): Promise<TraceSample> {
      if (!(Number.isInteger(row) && row >= 0 && row < count))
        throw new RangeError(`${source.name}: has no row ${row}, expected one of 0 to ${count - 1}`)
      const group = groups[groupAt(row)]!
      const rowStart = row - group.firstRow
      const range = { rowStart, rowEnd: rowStart + 1, useOffsetIndex: true }
      return readGroup(source, group, group.start, async (file, metadata) => {
        const [found] = await parquetReadObjects({ file, metadata, ...range })
        return sampleOf(found as Record<TraceColumn, never>)
      })
    },
    /** The texts of every sample, in order, from row `first` on: a range for each row group, as they are asked for. */
    async *texts(first = 0): AsyncGenerator<TraceText> {
      for (const group of groups.slice(groupAt(first))) {
        const rows = await readGroup(source, group, group.tailStart, (file, metadata) =>
          parquetReadObjects({ file, metadata, columns: textColumns }),
        )
        for (const [place, { problem, generated_text }] of rows.entries()) {
          const row = group.firstRow + place
          if (row >= first) yield { row, problem, generatedText: generated_text }
        }
      }
    },
    /** The entropies of every sample's tokens, nats, in order. */
    async *entropies(): AsyncGenerator<ArrayLike<number>> {
      for (const group of groups) {
        yield* await readGroup(source, group, group.start, async (file, metadata) => {
          const lists: ArrayLike<number>[] = []
          await parquetRead({
            file,
            metadata,
            columns: ['entropy_nats'],
            onChunk: ({ columnData }) => {
              for (const list of columnData) lists.push(list)
            },
          })
          if (lists.length !== group.rowCount)
            throw new Error(`column entropy_nats has ${lists.length} rows, expected ${group.rowCount}`)
          return lists
        })
      }
    },
  }
}

async function readGroups(source: ByteSource): Promise<TraceGroup[]> {
  const { metadata } = await openParquet(source, 'traces')
  const offsetOf = (group: FileMetaData['row_groups'][number], column: string) => {
    const chunk = group.columns.find(({ meta_data }) => meta_data?.path_in_schema[0] === column)?.meta_data
    return Number(chunk?.dictionary_page_offset ?? chunk?.data_page_offset)
  }
  const firstColumn = metadata.schema[1]?.name ?? ''
  const starts = metadata.row_groups.map(group => offsetOf(group, firstColumn))
  const ends = [...starts.slice(1), source.byteLength - metadata.metadata_length - 8]
  let next = 0
  return metadata.row_groups.map((group, index) => {
    const [firstRow, rowCount] = [next, Number(group.num_rows)]
    next += rowCount
    const tailStart = offsetOf(group, firstTextColumn)
    return { start: starts[index]!, tailStart, end: ends[index]!, firstRow, rowCount }
  })
}

/**
 * What `read` makes of the bytes [from, end) of a row group, which it is given as a file that answers for no others, and of the
 * group's own footer, which lies at their end. Throws InputError where they are damaged.
 */
async function readGroup<Result>(
  source: ByteSource,
  group: TraceGroup,
  from: number,
  read: (file: ReadableBytes, metadata: FileMetaData) => Promise<Result>,
): Promise<Result> {
  const where = `${source.name}: row group at byte ${group.start}`
  // Each place comes from a table of its own, and any of them may be damaged.
  if (!(from >= 0 && from <= group.end && group.end <= source.byteLength))
    throw damagedTable(where, `is said to be read from byte ${from} to ${group.end} of ${source.byteLength}`)
  const bytes = await source.slice(from, group.end)
  const file: ByteSource = {
    name: where,
    byteLength: source.byteLength,
    async slice(start, end = source.byteLength) {
      if (start < from || end > group.end)
        throw new Error(`bytes [${start}, ${end}) are not the row group's [${from}, ${group.end})`)
      return bytes.slice(start - from, end - from)
    },
  }
  let metadata: FileMetaData
  try {
    metadata = boundedMetadata(new Uint8Array(bytes), source.byteLength)
  } catch (error) {
    const fault = `expected a footer of its own before byte ${group.end}, found none (${String(error)})`
    throw damagedTable(where, fault)
  }
  checkParquet(where, metadata, 'traces')
  checkColumns(where, metadata, traceColumns, laterColumns)
  if (Number(metadata.num_rows) !== group.rowCount)
    throw damagedTable(where, `has ${metadata.num_rows} rows, expected ${group.rowCount}`)
  try {
    return await read(boundedRunFile(file, metadata), metadata)
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw damagedTable(where, `cannot be read (${reason})`, { cause: error })
  }
}

function sampleOf(row: Record<TraceColumn, never>): TraceSample {
  const promptScores = promptTokensOfRow(row)
  return {
    problemId: row.problem_id,
    problemIndex: row.problem_index,
    sampleIndex: row.sample_index,
    problem: row.problem,
    prompt: row.prompt,
    generatedText: row.generated_text,
    error: row.error ?? null,
    metadata: JSON.parse(row.metadata),
    topTexts: Object.fromEntries(
      Array.from((row.top_text_ids ?? []) as ArrayLike<number>, (id, index) => [id, row.top_texts[index]]),
    ),
    tokens: tokenColumnsOfRow(row),
    ...(promptScores && { promptScores }),
  }
}
