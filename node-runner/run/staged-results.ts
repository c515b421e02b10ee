import { createHash } from 'node:crypto'
import {
  closeSync,
  existsSync,
  fsyncSync,
  lstatSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { basename, join } from 'node:path'
import { encodeManifest, type FileDigest, manifestName } from '../../core/formats/manifest.ts'
import { hasEnded, holdResults, thisProcess } from './hold-results.ts'
import { sha256Of } from './run-manifest.ts'

/** Other results were put in place, of more samples or other rules, while these were made: theirs are kept. */
export class ResultsOutdated extends Error {
  constructor(folder: string) {
    super(
      `${folder}: another process has put newer results in place, which are kept; run the same command again`,
    )
  }
}

/** Files of a run that are written beside it, and put in its folder together. */
export interface StagedResults {
  /** Begins a file. Where a reader fetches it in parts, each piece that is written is one. */
  open(name: string, inParts?: 'in parts'): { write(piece: string | Uint8Array): void }
  /** Writes a file. */
  write(name: string, pieces: Iterable<string | Uint8Array>, inParts?: 'in parts'): void
  /**
   * Writes a file that people may edit: it is in no manifest, and replaces only what `isOwn` knows as unchanged since it was written.
   */
  writeEditable(name: string, text: string, isOwn: (found: string) => boolean): void
  /**
   * Puts the files in place, and a manifest of them: the old manifest goes first, the new one comes last, and no other process
   * does so meanwhile. Leaves everything as it is where `check` throws. Throws ResultsOutdated where this process was stopped in the
   * middle of it and another one went past it. Returns the names of files that were left, as somebody edited them.
   */
  commit(made: MadeResults): string[]
  /** Removes what was not put in place. */
  discard(): void
}

/** What results were made from; null of a description alone. */
export interface MadeResults {
  samples: number | null
  journalBytes: number | null
  /** Digests of files that stay as they are. */
  kept?: Record<string, FileDigest>
  /** Throws where these may not be put in place: where what they were made from was replaced, with ResultsOutdated. */
  check?: () => void
}

const stagingPrefix = 'results.partial-'
const makerName = 'process'
/** A staging folder that was left by a process of another machine is removed when nothing was written to it for so long. */
const leftMs = 24 * 3_600_000

/** Begins the results of a run, in a folder of this process within that of the run. */
export function stageResults(folder: string): StagedResults {
  removeLeft(folder)
  const staging = mkdtempSync(join(folder, stagingPrefix))
  writeFileSync(join(staging, makerName), thisProcess())
  const files = new Map<string, ReturnType<typeof openDigestedFile>>()
  const editable = new Map<string, (found: string) => boolean>()
  const open: StagedResults['open'] = (name, inParts) => {
    const file = openDigestedFile(join(staging, name), inParts !== undefined)
    files.set(name, file)
    return file
  }
  return {
    open,
    write(name, pieces, inParts) {
      const file = open(name, inParts)
      for (const piece of pieces) file.write(piece)
    },
    writeEditable(name, text, isOwn) {
      editable.set(name, isOwn)
      open(name).write(text)
    },
    commit({ samples, journalBytes, kept = {}, check = () => {} }) {
      const digests = [...files].map(([name, file]) => [name, file.finish()] as const)
      const written = Object.fromEntries(digests.filter(([name]) => !editable.has(name)))
      const manifest = openDigestedFile(join(staging, manifestName), false)
      manifest.write(encodeManifest({ samples, journalBytes, files: { ...kept, ...written } }))
      manifest.finish()
      const left: string[] = []
      holdResults(folder, basename(staging), () => {
        check()
        try {
          moveIfThere(join(folder, manifestName), join(staging, `${manifestName}-before`))
          for (const name of [...files.keys(), manifestName])
            if (isReplaceable(join(folder, name), editable.get(name)))
              renameSync(join(staging, name), join(folder, name))
            else left.push(name)
        } catch (error) {
          throw existsSync(staging) ? error : new ResultsOutdated(folder)
        }
      })
      return left
    },
    discard() {
      for (const file of files.values()) file.close()
      rmSync(staging, { recursive: true, force: true })
    },
  }
}

function moveIfThere(from: string, to: string): void {
  try {
    renameSync(from, to)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
  }
}

/** More is no file that was written as editable. */
const mostEditableBytes = 2 ** 22

/** Whether a file may be replaced: always, but where it is editable only if nobody edited it. */
function isReplaceable(path: string, isOwn?: (found: string) => boolean): boolean {
  const found = isOwn && lstatSync(path, { throwIfNoEntry: false })
  if (!isOwn || !found) return true
  return found.isFile() && found.size <= mostEditableBytes && isOwn(readFileSync(path, 'utf8'))
}

/** A file that is digested while it is written. */
function openDigestedFile(path: string, inParts: boolean) {
  const file = openSync(path, 'wx')
  const whole = createHash('sha256')
  const parts: [number, string][] = []
  let sizeBytes = 0
  let isOpen = true
  const close = () => {
    if (isOpen) closeSync(file)
    isOpen = false
  }
  return {
    write(piece: string | Uint8Array) {
      const bytes = typeof piece === 'string' ? Buffer.from(piece) : piece
      if (bytes.length === 0) return
      for (let written = 0; written < bytes.length; ) written += writeSync(file, bytes, written)
      whole.update(bytes)
      sizeBytes += bytes.length
      if (inParts) parts.push([sizeBytes, sha256Of(bytes)])
    },
    /** Makes sure that the file is on disk. */
    finish(): FileDigest {
      fsyncSync(file)
      close()
      return { sizeBytes, sha256: whole.digest('hex'), ...(inParts && { parts }) }
    },
    close,
  }
}

/** Removes what processes left that were killed while they made results. */
function removeLeft(folder: string): void {
  for (const name of readdirSync(folder).filter(found => found.startsWith(stagingPrefix))) {
    const path = join(folder, name)
    try {
      const maker = join(path, makerName)
      // A folder that was sent may hold a pipe in its place, which would never be read to its end.
      const isLeft =
        (lstatSync(maker).isFile() && hasEnded(readFileSync(maker, 'utf8'))) ||
        Math.max(...readdirSync(path).map(file => statSync(join(path, file)).mtimeMs)) < Date.now() - leftMs
      if (isLeft) rmSync(path, { recursive: true, force: true })
    } catch {
      // Being begun or ended by another process.
    }
  }
}
