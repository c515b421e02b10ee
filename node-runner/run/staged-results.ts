import { createHash, randomUUID } from 'node:crypto'
import {
  existsSync,
  lstatSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { basename, join } from 'node:path'
import { encodeManifest, type FileDigest, manifestName } from '../../core/record/manifest.ts'
import { nullWhere, orNull } from '../files/file-errors.ts'
import { hasEnded, hasTagEnded, processTag, thisProcess } from '../files/processes.ts'
import { openNewFile } from '../files/write-file-atomic.ts'
import { sha256Of } from './read-run-files.ts'

/** Other results were put in place, of more samples or other rules, while these were made: theirs are kept. */
export class ResultsOutdated extends Error {
  constructor(folder: string) {
    super(
      `${folder}: another process has put newer results in place, which are kept; run the same command again`,
    )
  }
}

/** Files of a run that are written beside it, and put in its folder together. */
export type StagedResults = ReturnType<typeof stageResults>

/** What results were made from; null of a description alone. */
interface MadeResults {
  samples: number | null
  journalBytes: number | null
  /** Digests of files that stay as they are. */
  kept?: Record<string, FileDigest>
  /** Throws where these may not be put in place: where what they were made from was replaced, with ResultsOutdated. */
  check?: () => void
}

/** A staging folder's name says who made it, so that one which is left is known from its first moment on. */
const stagingPrefix = 'results.partial-'
/** In staging folders of earlier versions, whose names do not say it. */
const makerName = 'process'
/** A staging folder that was left by a process of another machine is removed when nothing was written to it for so long. */
const leftMs = 24 * 3_600_000

/** Begins the results of a run, in a folder of this process within that of the run. */
export function stageResults(folder: string) {
  removeLeft(folder)
  const staging = mkdtempSync(join(folder, `${stagingPrefix}${processTag()}_`))
  const files = new Map<string, ReturnType<typeof openDigestedFile>>()
  const editable = new Map<string, (found: string) => boolean>()
  const open = (name: string, inParts?: 'in parts') => {
    const file = openDigestedFile(join(staging, name), inParts !== undefined)
    files.set(name, file)
    return file
  }
  return {
    /** Begins a file. Where a reader fetches it in parts, each piece that is written is one. */
    open,
    write(name: string, pieces: Iterable<string | Uint8Array>, inParts?: 'in parts') {
      const file = open(name, inParts)
      for (const piece of pieces) file.write(piece)
    },
    /** Writes a file that people may edit: it is in no manifest, and replaces only what `isOwn` knows as unchanged since it was written. */
    writeEditable(name: string, text: string, isOwn: (found: string) => boolean) {
      editable.set(name, isOwn)
      open(name).write(text)
    },
    /**
     * Puts the files in place, and a manifest of them: the old manifest goes first, the new one comes last, and no other process
     * does so meanwhile. Leaves everything as it is where `check` throws. Throws ResultsOutdated where this process was stopped in
     * the middle of it and another one went past it. Returns the names of files that were left, as somebody edited them.
     */
    commit({ samples, journalBytes, kept = {}, check = () => {} }: MadeResults): string[] {
      const digests = [...files].map(([name, file]) => [name, file.finish()] as const)
      const written = Object.fromEntries(digests.filter(([name]) => !editable.has(name)))
      const manifest = openDigestedFile(join(staging, manifestName), false)
      manifest.write(encodeManifest({ samples, journalBytes, files: { ...kept, ...written } }))
      manifest.finish()
      const left: string[] = []
      holdResults(folder, basename(staging), () => {
        check()
        try {
          const before = join(staging, `${manifestName}-before`)
          nullWhere('ENOENT', () => renameSync(join(folder, manifestName), before))
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
    /** Removes what was not put in place. */
    discard() {
      for (const file of files.values()) file.close()
      rmSync(staging, { recursive: true, force: true })
    },
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
  const file = openNewFile(path)
  const whole = createHash('sha256')
  const parts: [number, string][] = []
  let sizeBytes = 0
  return {
    write(piece: string | Uint8Array) {
      if (piece.length === 0) return
      const bytes = file.write(piece)
      whole.update(bytes)
      sizeBytes += bytes.length
      if (inParts) parts.push([sizeBytes, sha256Of(bytes)])
    },
    finish(): FileDigest {
      file.finish()
      return { sizeBytes, sha256: whole.digest('hex'), ...(inParts && { parts }) }
    },
    close: file.close,
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
        hasTagEnded(name.slice(stagingPrefix.length)) ||
        (lstatSync(maker, { throwIfNoEntry: false })?.isFile() && hasEnded(readFileSync(maker, 'utf8'))) ||
        Math.max(...['.', ...readdirSync(path)].map(file => statSync(join(path, file)).mtimeMs)) <
          Date.now() - leftMs
      if (isLeft) rmSync(path, { recursive: true, force: true })
    } catch {
      // Being begun or ended by another process.
    }
  }
}

const holdName = /^results\.hold-(\d{1,15})$/
/** Putting results in place takes milliseconds: a holder of another machine that is seen so long is gone. */
const silentMs = 20_000
const mostWaitMs = 60_000
const napMs = 5

/**
 * Does something while no other process that calls this does, on any machine that shares the folder: moves files out of `staging`,
 * the folder below in which results were made, or into it, and nothing else, which takes milliseconds. Waits for the others. A holder
 * whose process is gone, or that is silent for long, is passed over, and its `staging` taken away first, as it may only have been
 * stopped. Throws where one stays.
 *
 * Holds are numbered files. The highest one that is there holds; who finds its process gone makes the next number, which only one
 * can, and it counts if the one before is still there: a holder removes those before its own first.
 */
export function holdResults<T>(folder: string, staging: string, act: () => T): T {
  const number = takeHold(folder, staging)
  try {
    return act()
  } finally {
    for (const held of heldNumbers(folder)) if (held < number) rmSync(holdPath(folder, held), { force: true })
    rmSync(holdPath(folder, number), { force: true })
  }
}

function takeHold(folder: string, staging: string): number {
  const startMs = performance.now()
  let seen = ''
  let seenMs = startMs
  for (;;) {
    const last = heldNumbers(folder).at(-1) ?? 0
    const holder = last === 0 ? null : readHolder(folder, last)
    const text = `${last} ${holder}`
    const nowMs = performance.now()
    if (text !== seen) [seen, seenMs] = [text, nowMs]
    const isFree = last === 0 || hasEnded(holder?.split(', ')[0]) || nowMs - seenMs > silentMs
    if (isFree && tryHold(folder, staging, last, holder)) return last + 1
    if (nowMs - startMs > mostWaitMs)
      throw new Error(
        `${folder}: ${/^\d+ on \S+/.exec(holder ?? '')?.[0] ?? 'a process'} has been putting results in place for ${Math.round((nowMs - seenMs) / 1000)} s, expected ` +
          `milliseconds; end it, or delete ${holdPath(folder, last)}, and have the results written with entrace analyse`,
      )
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, napMs)
  }
}

/** Makes the next number. False where another process was faster, or the one before has ended by itself. */
function tryHold(folder: string, staging: string, last: number, holder: string | null): boolean {
  const own = holdPath(folder, last + 1)
  const text = `${thisProcess()}, ${randomUUID()}, ${staging}`
  if (nullWhere('EEXIST', () => writeFileSync(own, text, { flag: 'wx' })) === null) return false
  const numbers = heldNumbers(folder)
  const isNext = numbers.at(-1) === last + 1 && (last === 0 ? numbers.length === 1 : numbers.includes(last))
  if (isNext && (last === 0 || readHolder(folder, last) === holder)) {
    takeAway(folder, holder)
    return true
  }
  rmSync(own, { force: true })
  return false
}

/** Takes away what a holder that is passed over had yet to put in place. */
function takeAway(folder: string, holder: string | null): void {
  const [, name] = /, (results\.partial-\w+)$/.exec(holder ?? '') ?? []
  if (name === undefined) return
  const left = join(folder, `${name}-left`)
  // In one step, where removing takes many.
  nullWhere('ENOENT', () => renameSync(join(folder, name), left))
  rmSync(left, { recursive: true, force: true })
}

function heldNumbers(folder: string): number[] {
  return readdirSync(folder)
    .flatMap(name => holdName.exec(name)?.[1] ?? [])
    .map(Number)
    .sort((a, b) => a - b)
}

function holdPath(folder: string, number: number): string {
  return join(folder, `results.hold-${number}`)
}

/** Which process holds, and something that no other hold has; empty while it is being written, null where it has ended. */
function readHolder(folder: string, number: number): string | null {
  return orNull(() => readFileSync(holdPath(folder, number), 'utf8'))
}
