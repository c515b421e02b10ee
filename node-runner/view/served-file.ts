import { constants } from 'node:fs'
import { type FileHandle, lstat, open, realpath } from 'node:fs/promises'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { basename, dirname, extname, join, relative, sep } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { ggufShardNames, isGgufName } from '../../core/model/gguf-files.ts'
import { isRunFile } from '../../core/record/run-files.ts'
import { tokenizerFileNames } from '../../core/tokenizer/tokenizer-files.ts'

/** A file that is open to be sent, and how a browser is told to take it. */
export interface ServedFile {
  file: FileHandle
  name: string
  mediaType: string
  /** What a browser does that is sent there: it shows it, shows it without script and origin, or saves it. */
  use: 'shown' | 'sandboxed' | 'saved'
}

const pageTypes: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json',
  '.txt': 'text/plain; charset=utf-8',
  '.wasm': 'application/wasm',
  '.woff2': 'font/woff2',
}

// A run may come from anybody, so none of its types runs at the page's origin: a drawing is no SVG here but bytes to save,
// and HTML, which is the report alone, has no script and an origin of its own.
const dataTypes: Record<string, { mediaType: string; use: ServedFile['use'] }> = {
  '.html': { mediaType: 'text/html; charset=utf-8', use: 'sandboxed' },
  '.json': { mediaType: 'application/json', use: 'shown' },
  '.jsonl': { mediaType: 'application/x-ndjson', use: 'shown' },
  '.md': { mediaType: 'text/plain; charset=utf-8', use: 'shown' },
  '.png': { mediaType: 'image/png', use: 'shown' },
}
const bytesType = 'application/octet-stream'
const savedBytes = { mediaType: bytesType, use: 'saved' } as const

/** A file of the page by the address below its folder. Null where there is none. */
export async function openPageFile(folder: string, address: string): Promise<ServedFile | null> {
  const file = await openWithin(folder, address.split('/'))
  const name = basename(address)
  return file && { file, name, mediaType: pageTypes[extname(name)] ?? bytesType, use: 'shown' }
}

/**
 * A file of a run by its name; null for a name that no file of a run has, and for what is no file of its folder itself: a
 * link is not followed.
 */
export async function openRunFile(folder: string, name: string): Promise<ServedFile | null> {
  if (!isRunFile(name)) return null
  const file = await openUnlinked(join(folder, name))
  return file && { file, name, ...(dataTypes[extname(name)] ?? savedBytes) }
}

// What continuing an answer reads; the folder may hold other things.
const modelFiles = new Set<string>([
  'config.json',
  'generation_config.json',
  'model.safetensors.index.json',
  ...tokenizerFileNames,
])

/**
 * A file of a model by its name, of one in GGUF itself or another of its shards; null for what continuing an answer does not read, and for
 * what lies elsewhere. `path` is the model's folder, or its file in GGUF.
 */
export async function openModelFile(path: string, name: string): Promise<ServedFile | null> {
  const isFile = isGgufName(path)
  const folder = isFile ? dirname(path) : path
  const isRead = isFile
    ? ggufShardNames(basename(path)).includes(name)
    : modelFiles.has(name) || /^[\w.-]+\.safetensors$/.test(name)
  if (!isRead) return null
  // In the Hub's cache a commit's files are links to those of its repository.
  const [, repository] = /^(.*)[\\/]snapshots[\\/][^\\/]+$/.exec(isFile ? commitFolder(folder) : folder) ?? []
  const root = repository ?? folder
  const file = await openWithin(root, [...relative(root, folder).split(sep), name].filter(Boolean))
  return file && { file, name, ...(name.endsWith('.json') ? dataTypes['.json']! : savedBytes) }
}

/** The folder of a commit in the Hub's cache that a folder lies in; the folder itself elsewhere. */
function commitFolder(folder: string): string {
  return /^.*[\\/]snapshots[\\/][0-9a-f]{40}(?=[\\/]|$)/.exec(folder)?.[0] ?? folder
}

/** Opens a file below a folder, through links that stay below it. A name with a leading dot is nobody's business. */
async function openWithin(folder: string, names: readonly string[]): Promise<FileHandle | null> {
  if (names.some(name => name === '' || name.startsWith('.') || /[/\\\0:]/.test(name))) return null
  return nullWhereNone(async () => {
    const root = await realpath(folder)
    const path = await realpath(join(root, ...names))
    return path.startsWith(root.endsWith(sep) ? root : root + sep) ? openUnlinked(path) : null
  })
}

/** Opens what is a file itself, and no link, folder or device. */
async function openUnlinked(path: string): Promise<FileHandle | null> {
  return nullWhereNone(async () => {
    // A pipe would be waited for.
    if (!(await lstat(path)).isFile()) return null
    // Windows has no such flag.
    const file = await open(path, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0))
    if ((await file.stat()).isFile()) return file
    await file.close()
    return null
  })
}

async function nullWhereNone<Result>(find: () => Promise<Result | null>): Promise<Result | null> {
  try {
    return await find()
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException
    if (['ENOENT', 'ENOTDIR', 'ELOOP', 'EACCES', 'EPERM', 'ENAMETOOLONG', 'EINVAL'].includes(code))
      return null
    throw error
  }
}

// No script, no origin, and nothing but what is in it.
const sandboxPolicy =
  "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

/**
 * Answers with an open file, or the range of it that is asked for, and closes it. A run may go on, so nothing of it is kept
 * by the browser.
 */
export async function sendFile(
  request: IncomingMessage,
  response: ServerResponse,
  { file, name, mediaType, use }: ServedFile,
): Promise<void> {
  try {
    const { size, mtimeMs } = await file.stat()
    const tag = `"${size.toString(36)}-${Math.round(mtimeMs).toString(36)}"`
    response.setHeader('Accept-Ranges', 'bytes')
    response.setHeader('Content-Type', mediaType)
    if (use === 'sandboxed') {
      response.setHeader('Content-Security-Policy', sandboxPolicy)
      // By the HTML standard a window shows nothing that is sandboxed and asks for a group of its own as well.
      response.removeHeader('Cross-Origin-Opener-Policy')
    }
    if (use === 'saved') response.setHeader('Content-Disposition', `attachment; filename="${name}"`)
    // What grows has no version: each of its bytes stays as it is.
    if (!name.endsWith('.jsonl')) response.setHeader('ETag', tag)
    const range = parseByteRange(request.headers.range, size)
    if (range === 'unsatisfiable') {
      response.writeHead(416, { 'Content-Range': `bytes */${size}` }).end()
      return
    }
    const { start, end } = range ?? { start: 0, end: size }
    response.setHeader('Content-Length', end - start)
    if (range) response.setHeader('Content-Range', `bytes ${start}-${end - 1}/${size}`)
    response.statusCode = range ? 206 : 200
    if (request.method === 'HEAD' || start === end) response.end()
    else await pipeline(file.createReadStream({ start, end: end - 1, autoClose: false }), response)
  } catch (error) {
    // The browser went away in the middle.
    if ((error as NodeJS.ErrnoException).code !== 'ERR_STREAM_PREMATURE_CLOSE') throw error
  } finally {
    await file.close()
  }
}

/**
 * The bytes [start, end) that a Range header asks of a file of `byteLength` bytes (RFC 9110, section 14): null for the whole file, which is also
 * the answer to a header of several ranges or another unit; 'unsatisfiable' when no byte of it is there.
 */
function parseByteRange(header: string | undefined, byteLength: number) {
  const [, first = '', last = ''] = /^bytes=(\d*)-(\d*)$/.exec(header?.trim() ?? '') ?? []
  if (first === '' && last === '') return null
  if (first === '') {
    const length = Math.min(Number(last), byteLength)
    return length === 0 ? 'unsatisfiable' : { start: byteLength - length, end: byteLength }
  }
  const start = Number(first)
  if (last !== '' && Number(last) < start) return null
  if (start >= byteLength) return 'unsatisfiable'
  return { start, end: last === '' ? byteLength : Math.min(Number(last) + 1, byteLength) }
}
