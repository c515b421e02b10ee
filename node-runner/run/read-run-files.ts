import { createHash } from 'node:crypto'
import { type Dirent, readdirSync, readFileSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { InputError } from '../../core/input-error.ts'
import {
  checkWholeFile,
  DigestMismatch,
  type Manifest,
  manifestName,
  parseManifest,
  refuseLongManifest,
} from '../../core/record/manifest.ts'
import { isRunFile } from '../../core/record/run-files.ts'
import { nullWhere, orNull } from '../files/file-errors.ts'
import { journalStats } from './journal-files.ts'

/** SHA-256 of bytes, or of a text's UTF-8: 64 hexadecimal digits. */
export function sha256Of(content: string | Uint8Array): string {
  return createHash('sha256').update(content).digest('hex')
}

/** The text of a run's manifest; null where there is none. */
function readManifestText(folder: string): string | null {
  const path = join(folder, manifestName)
  refuseLongManifest(path, statSync(path, { throwIfNoEntry: false })?.size ?? 0)
  return readOrNull(path)?.toString('utf8') ?? null
}

/** A whole file of a run, as its manifest tells of it; null where there is none. A damaged manifest tells of nothing. */
export function readCheckedFile(folder: string, name: string): Buffer | null {
  for (let tries = 1; ; tries++) {
    const text = readManifestText(folder)
    try {
      return filesOf(folder, parseUndamaged(folder, text)).readWhole(name)
    } catch (error) {
      // Replaced meanwhile by another process.
      if (readManifestText(folder) === text || tries === mostTries) throw error
    }
  }
}

/** The manifest of a run's folder; null where there is none that tells of files. Throws InputError for a newer format. */
export function readUndamagedManifest(folder: string): Manifest | null {
  return parseUndamaged(folder, readManifestText(folder))
}

function parseUndamaged(folder: string, text: string | null): Manifest | null {
  try {
    return text === null ? null : parseManifest(join(folder, manifestName), text)
  } catch (error) {
    if (error instanceof DigestMismatch) return null
    throw error
  }
}

/** The files of a run as one manifest tells of them, each checked as it is read. */
export type RunFiles = ReturnType<typeof filesOf>

/** Another process may put its results in place while they are read; more often than that it would be a fault of ours. */
const mostTries = 20

/**
 * Reads files of a run that belong together: where another process puts new ones in place meanwhile, once more from the start.
 * Throws DigestMismatch where a file is not what its manifest says.
 */
export async function readRunFiles<Read>(
  folder: string,
  read: (files: RunFiles) => Promise<Read>,
): Promise<Read> {
  for (let tries = 1; ; tries++) {
    const text = readManifestText(folder)
    try {
      const found = await read(
        filesOf(folder, text === null ? null : parseManifest(join(folder, manifestName), text)),
      )
      // Without a manifest nothing tells whether files were replaced in between but that there is one now.
      if (text !== null || readManifestText(folder) === null || tries === mostTries) return found
    } catch (error) {
      if (readManifestText(folder) === text || tries === mostTries) throw error
    }
  }
}

function filesOf(folder: string, manifest: Manifest | null) {
  return {
    /** What the files were when they were written together; null where they are read unchecked. */
    manifest,
    /** A whole file; null where there is none. Throws DigestMismatch. */
    readWhole(name: string): Buffer | null {
      const path = join(folder, name)
      const bytes = readOrNull(path)
      const digest = manifest?.files[name]
      if (bytes && digest) checkWholeFile(path, name, bytes, digest, sha256Of)
      return bytes
    },
    /** A file that another process reads, and checks as it does. */
    request: (name: string) => ({ path: join(folder, name), digest: manifest?.files[name] ?? null }),
  }
}

/** What is wrong with a file of a run that is made from the journal, in words; null where it holds all that the journal does. */
export function columnFileFault(folder: string, name: string, manifest: Manifest | null): string | null {
  const time = statSync(join(folder, name), { throwIfNoEntry: false })?.mtimeMs
  if (time === undefined) return 'is missing'
  const journals = journalStats(folder)
  const isOlder =
    journals.some(({ mtimeMs }) => time < mtimeMs) ||
    // Appended to while the results were made: the file is newer, and lacks samples.
    (manifest?.files[name] &&
      manifest.journalBytes !== null &&
      journals.length > 0 &&
      journals.reduce((sum, { size }) => sum + size, 0) !== manifest.journalBytes)
  return isOlder ? 'is older than samples.jsonl' : null
}

/** What is read whole is far shorter. */
const mostWholeBytes = 100_000_000

function readOrNull(path: string): Buffer | null {
  const size = statSync(path, { throwIfNoEntry: false })?.size ?? 0
  if (size > mostWholeBytes)
    throw new InputError(`${path}: has ${size} bytes, expected at most ${mostWholeBytes}; delete it`)
  return nullWhere('ENOENT', () => readFileSync(path))
}

/**
 * Names under which a run's folder should have files of the run, and has links, folders or devices. A run may come from
 * anybody, and a link in it would have this machine's other files read or written.
 */
export function foreignFiles(folder: string): string[] {
  // Where there is no folder, whoever reads it says so.
  const entries = orNull(() => readdirSync(folder, { withFileTypes: true })) ?? []
  return entries
    .filter(isForeign)
    .map(({ name }) => name)
    .sort()
}

/** Throws InputError where the folder of a run's file has foreign files. */
export function refuseForeignFilesBeside(path: string): void {
  const folder = dirname(path)
  const names = foreignFiles(folder)
  if (names.length === 0) return
  const shown = names.slice(0, 10).map(name => join(folder, name))
  const others = names.length - shown.length
  throw new InputError(
    `${shown.join(', ')}${others > 0 ? ` and ${others} more` : ''}: expected a file of the run itself, found a link, a folder ` +
      'or a device, which is not followed; put the file in its place (cp -RL copies a folder with what its links name)',
  )
}

/** What is written or held beside the run's files for a while, a folder in the last case. */
const passing = /^(lock|lease-\d+|results\.hold-\d+)$|\.partial(-.*)?$/
const passingFolder = /^results\.partial-/

function isForeign(entry: Dirent): boolean {
  if (passingFolder.test(entry.name)) return !entry.isDirectory()
  return (isRunFile(entry.name) || passing.test(entry.name)) && !entry.isFile()
}
