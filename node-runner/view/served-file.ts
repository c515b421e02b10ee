import { constants } from 'node:fs'
import { type FileHandle, lstat, open, realpath } from 'node:fs/promises'
import { basename, dirname, extname, join, relative, sep } from 'node:path'
import { isRunFile } from '../../core/formats/run-files.ts'
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

/** A file of a model by its name; null for what continuing an answer does not read, and for what lies elsewhere. */
export async function openModelFile(folder: string, name: string): Promise<ServedFile | null> {
  if (!modelFiles.has(name) && !/^[\w.-]+\.safetensors$/.test(name)) return null
  const snapshots = dirname(folder)
  // In the Hub's cache a commit's files are links to those of its repository.
  const root = basename(snapshots) === 'snapshots' ? dirname(snapshots) : folder
  const file = await openWithin(root, [...relative(root, folder).split(sep), name].filter(Boolean))
  return file && { file, name, ...(name.endsWith('.json') ? dataTypes['.json']! : savedBytes) }
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
