import { fork } from 'node:child_process'
import { once } from 'node:events'
import type { DataSetOptions } from '../../core/evaluate/data-set-columns.ts'
import type { ParquetColumns } from '../../core/evaluate/parquet-columns.ts'
import type { GradingRules } from '../../core/grade/grading-rules.ts'
import { InputError } from '../../core/input-error.ts'
import { DigestMismatch, type FileDigest } from '../../core/record/manifest.ts'
import type { RunColumns } from '../../core/record/run-tables.ts'
import type { TraceIndex } from '../../core/record/traces.ts'
import type { KnownSamples } from '../../core/study/summary.ts'

/** What a reading process is asked. */
export type ParquetRequest = { path: string } & (
  | { kind: 'data set'; options: DataSetOptions }
  | ({ kind: 'summary'; known: KnownSamples; withTraces: boolean } & RunFileRequest)
  | ({ kind: 'entropies'; index: TraceIndex } & RunFileRequest)
)

/** A file of a run, and what it was when it was written, by which it is checked as it is read; null where nothing tells of it. */
export interface RunFileRequest {
  path: string
  digest: FileDigest | null
}

/** To the reading process; without limits those of the file's length hold. */
export interface ParquetCommand {
  request: ParquetRequest
  limits: ParquetLimits | undefined
}

/** What a summary.parquet holds; `traces` where it was asked for. */
export interface SummaryContent {
  grading: GradingRules
  columns: RunColumns
  traces: TraceIndex | null
}

/** A piece of what it read. */
export type ParquetPart =
  | { kind: 'rows'; rowCount: number; unread: Map<string, string>; names: string[] }
  | { kind: 'column'; name: string; values: unknown[] }
  | ({ kind: 'summary' } & SummaryContent)
  | { kind: 'entropies'; lists: ArrayLike<number>[] }

/** From the reading process. */
export type ParquetReply =
  | { kind: 'part'; part: ParquetPart }
  | { kind: 'done' }
  | { kind: 'failed'; kindOfError: keyof typeof errorKinds | null; message: string }

/** Errors that say what to do about a file. */
export const errorKinds = { DigestMismatch, InputError }

/** What reading a file may take. */
export type ParquetLimits = ReturnType<typeof parquetLimits>

/** Limits for a file of this length, none of which a good one comes near: it takes no 0.5 s a MB. */
export function parquetLimits(byteLength: number) {
  return {
    /** Computing time without progress. */
    idleMs: 1200 + byteLength / 2000,
    /** Memory of the process that reads. */
    processBytes: 384 * 2 ** 20 + 24 * byteLength,
    /** Memory of what it reads. */
    handedBytes: 2 ** 27 + 64 * byteLength,
  }
}

/**
 * The columns of a data set in a Parquet file, as `readParquetColumns` reads them, read by a process that ends when it loops or takes
 * too much memory. Throws an Error that says so, or what is wrong with the file.
 */
export async function readDataSetApart(
  path: string,
  options: DataSetOptions,
  limits?: ParquetLimits,
): Promise<ParquetColumns> {
  const read: ParquetColumns = { rowCount: 0, columns: new Map(), unread: new Map() }
  const columns = new Map<string, unknown[]>()
  for await (const part of readApart({ kind: 'data set', path, options }, limits)) {
    if (part.kind === 'rows') {
      read.rowCount = part.rowCount
      read.unread = part.unread
      for (const name of part.names) columns.set(name, [])
    } else if (part.kind === 'column') for (const value of part.values) columns.get(part.name)?.push(value)
  }
  return { ...read, columns }
}

/**
 * What a summary.parquet holds, read apart as a data set is; `known` is what it may hold. Throws InputError, DigestMismatch where the
 * file is not what it was.
 */
export async function readSummaryApart(
  file: RunFileRequest,
  known: KnownSamples,
  withTraces: boolean,
): Promise<SummaryContent> {
  for await (const part of readApart({ kind: 'summary', ...file, known, withTraces }))
    if (part.kind === 'summary') return part
  throw new InputError(`${file.path}: cannot be read; write it again with entrace analyse`)
}

/** The entropies of every sample's tokens in a traces.parquet, nats, in order, read apart in the same way. */
export async function* readEntropiesApart(
  file: RunFileRequest,
  index: TraceIndex,
): AsyncGenerator<ArrayLike<number>> {
  for await (const part of readApart({ kind: 'entropies', ...file, index }))
    if (part.kind === 'entropies') yield* part.lists
}

/** What a process of its own reads, part by part. */
async function* readApart(request: ParquetRequest, limits?: ParquetLimits): AsyncGenerator<ParquetPart> {
  const child = fork(new URL('./parquet-process.ts', import.meta.url), {
    serialization: 'advanced',
    // A V8 that runs out of memory says so at length.
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
  })
  let replies: ParquetReply[] = []
  let wake = () => {}
  let end: { code: number | null; signal: string | null } | null = null
  child.on('error', () => {})
  child.on('message', (reply: ParquetReply) => {
    replies.push(reply)
    wake()
  })
  const ended = once(child, 'close').then(([code, signal]) => {
    end = { code, signal }
    wake()
  })
  child.send({ request, limits } satisfies ParquetCommand, () => {})
  try {
    for (;;) {
      const taken = replies
      replies = []
      for (const reply of taken) {
        if (reply.kind === 'part') yield reply.part
        else if (reply.kind === 'done') return
        else throw new (reply.kindOfError ? errorKinds[reply.kindOfError] : Error)(reply.message)
      }
      if (replies.length > 0) continue
      if (end)
        throw new InputError(`${request.path}: ${describeEnd(end)}; the file is damaged or made to harm`)
      await new Promise<void>(resolve => {
        wake = resolve
      })
    }
  } finally {
    // It holds nothing of its own.
    child.kill('SIGKILL')
    await ended
  }
}

function describeEnd({ code, signal }: { code: number | null; signal: string | null }): string {
  if (signal === 'SIGTERM') return 'reading it made no progress'
  if (signal === 'SIGKILL' || signal === 'SIGABRT')
    return 'reading it took more memory than a file of its length explains'
  return `the process that read it ended with ${signal ?? `code ${code}`}`
}
