// Reads Parquet files in a process of its own: a damaged or hostile one may have the reader loop or ask for any memory.
import { createHash } from 'node:crypto'
import { basename } from 'node:path'
import { Worker } from 'node:worker_threads'
import { mayBeUsed } from '../../core/evaluate/data-set-columns.ts'
import { readParquetColumns } from '../../core/evaluate/parquet-columns.ts'
import type { ByteSource } from '../../core/files/byte-source.ts'
import { InputError } from '../../core/input-error.ts'
import { checkedByteSource, DigestMismatch } from '../../core/record/manifest.ts'
import { openTraces } from '../../core/record/traces.ts'
import { openSummary } from '../../core/study/summary.ts'
import { openFileByteSource } from './file-byte-source.ts'
import type { ParquetWatch } from './parquet-watch.ts'
import { serveParent } from './processes.ts'
import {
  type ParquetCommand,
  type ParquetPart,
  type ParquetReply,
  type ParquetRequest,
  parquetLimits,
  type RunFileRequest,
} from './read-parquet.ts'

const pieceBytes = 2 ** 22
const progress = new Int32Array(new SharedArrayBuffer(4))

serveParent((command: ParquetCommand) => {
  answer(command).then(
    () => reply({ kind: 'done' }),
    error => reply({ kind: 'failed', kindOfError: kindOfError(error), message: error.message }),
  )
})

function reply(message: ParquetReply): Promise<void> {
  Atomics.add(progress, 0, 1)
  return new Promise(resolve => process.send?.(message, undefined, {}, () => resolve()))
}

async function answer({ request, limits }: ParquetCommand): Promise<void> {
  const file = await openFileByteSource(request.path)
  const { idleMs, processBytes, handedBytes } = limits ?? parquetLimits(file.byteLength)
  const workerData: ParquetWatch = { progress, mostIdleMs: idleMs, mostBytes: processBytes }
  // Nothing is read before the watch begins.
  const watch = new Worker(new URL('./parquet-watch.ts', import.meta.url), { workerData })
  await new Promise(resolve => watch.once('message', resolve))
  const source: ByteSource = {
    ...file,
    slice(start, end) {
      Atomics.add(progress, 0, 1)
      return file.slice(start, end)
    },
  }
  let handed = 0
  for await (const part of partsOf(request, source)) {
    handed += bytesOf(part)
    if (handed > handedBytes)
      throw new Error(
        `its values take more than ${handedBytes} bytes, expected fewer in a file of its length`,
      )
    await reply({ kind: 'part', part })
  }
}

function kindOfError(error: Error) {
  if (error instanceof DigestMismatch) return 'DigestMismatch'
  return error instanceof InputError ? 'InputError' : null
}

/** A file that is checked as it is read, where something tells what it was. */
function checked(source: ByteSource, { path, digest }: RunFileRequest): ByteSource {
  const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex')
  return digest ? checkedByteSource(source, basename(path), digest, sha256) : source
}

async function* partsOf(request: ParquetRequest, source: ByteSource): AsyncGenerator<ParquetPart> {
  switch (request.kind) {
    case 'data set': {
      const { rowCount, columns, unread } = await readParquetColumns(source, name =>
        mayBeUsed(name, request.options),
      )
      yield { kind: 'rows', rowCount, unread, names: [...columns.keys()] }
      for (const [name, values] of columns) yield* piecesOf(name, Array.from(values))
      return
    }
    case 'summary': {
      const summary = await openSummary(checked(source, request), request.known)
      const columns = await summary.readColumns()
      const traces = request.withTraces ? await summary.readTraceIndex() : null
      yield { kind: 'summary', grading: summary.grading, columns, traces }
      return
    }
    case 'entropies': {
      const traces = await openTraces(checked(source, request), request.index)
      let lists: ArrayLike<number>[] = []
      let bytes = 0
      for await (const list of traces.entropies()) {
        lists.push(list)
        bytes += 8 * list.length
        if (bytes < pieceBytes) continue
        yield { kind: 'entropies', lists }
        lists = []
        bytes = 0
      }
      yield { kind: 'entropies', lists }
      return
    }
    default:
      request satisfies never
  }
}

function* piecesOf(name: string, values: unknown[]): Generator<ParquetPart> {
  let first = 0
  let bytes = 0
  for (const [index, value] of values.entries()) {
    bytes += bytesOf(value)
    if (bytes < pieceBytes && index < values.length - 1) continue
    yield { kind: 'column', name, values: values.slice(first, index + 1) }
    first = index + 1
    bytes = 0
  }
}

/** About how much memory a value takes. */
function bytesOf(value: unknown): number {
  if (typeof value === 'string') return value.length + 16
  if (typeof value !== 'object' || value === null) return 8
  if (ArrayBuffer.isView(value)) return value.byteLength
  const members = Array.isArray(value) ? value : Object.values(value)
  return members.reduce((sum: number, member) => sum + bytesOf(member), 32)
}
