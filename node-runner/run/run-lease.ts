import { closeSync, fsyncSync, lstatSync, openSync, readdirSync, readSync, rmSync, writeSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import { InputError } from '../../core/input-error.ts'
import { formatVersion } from '../../core/record/run-files.ts'
import { nullWhere, orNull } from '../files/file-errors.ts'
import { describeProcess, hasProcess, isGone, thisIdentity } from '../files/processes.ts'

// Who may write to a run's folder: whoever made the highest of its files `lease-1`, `lease-2` and so on, with O_EXCL. Why so, and why
// a holder that wakes too late does no harm: docs/decisions.md, "Who writes to a run" and what follows it. What a holder has yet to
// rename into place is called `NAME.partial-NUMBER`, which the next one removes before it reads anything.

/**
 * How often a holder writes its beat, and for how long a beat must not have moved until the run is taken over: a network file system
 * that stands still for some seconds costs nobody a run.
 */
export const defaultLeaseTimes = { beatMs: 2000, silenceMs: 60_000 }
type LeaseTimes = typeof defaultLeaseTimes

/** What watches a lease: time in milliseconds that only grows, and a nap. */
export interface LeaseClock {
  now(): number
  sleep(durationMs: number): Promise<unknown>
}

/** What is not the default about the taking of a lease. */
export interface LeaseOptions {
  times?: LeaseTimes
  clock?: LeaseClock
  /** Is told that a silent holder is being watched. */
  say?: (message: string) => unknown
}

/** The right to write to a run, until it is released or taken over. */
export type RunLease = ReturnType<typeof hold>

/** Another process writes to the run now. */
export class LeaseLostError extends Error {}

/**
 * Takes a run's folder for this process. A lease that was released, or whose process is seen to be gone (by its number and
 * start in the same boot and process namespace), is succeeded at once; any other one is watched, and succeeded once its beat
 * did not move for `silenceMs` by this process's own clock. Throws InputError where it moves: another process holds the run.
 */
export async function takeLease(folder: string, options: LeaseOptions = {}): Promise<RunLease> {
  const { times = defaultLeaseTimes } = options
  const hasOldLock = refuseOldLock(folder)
  for (;;) {
    const before = lastLease(folder)
    if (before === mostLeases)
      throw new InputError(
        `${leasePath(folder, before)}: no higher number is left; delete it if nobody writes to the run`,
      )
    const found = before === 0 ? { ownsJournal: !hasOldLock } : await watchLease(folder, before, options)
    // Where another process was faster, its lease is the next one to be watched.
    const lease = found && tryNext(folder, before + 1, found.ownsJournal && !hasOldLock, times)
    if (!lease) continue
    if (hasOldLock) rmSync(oldLockPath(folder), { force: true })
    return lease
  }
}

/** What its digits can say: runs are not taken a trillion times, but folders are sent by strangers. */
const mostLeases = 999_999_999_999

const systemClock: LeaseClock = { now: () => performance.now(), sleep: durationMs => setTimeout(durationMs) }
const pollMs = 200

/**
 * Waits until a lease may be succeeded. Returns null where it is no longer the last one. Throws InputError when its beat moves.
 */
async function watchLease(
  folder: string,
  number: number,
  { times = defaultLeaseTimes, clock = systemClock, say }: LeaseOptions,
): Promise<{ ownsJournal: boolean } | null> {
  const first = readLease(folder, number)
  const { holder, beatMs } = first
  // A holder that was told to beat slowly is not silent between two beats.
  const silenceMs = Math.max(times.silenceMs, 3 * beatMs)
  const napMs = Math.min(pollMs, times.silenceMs / 8)
  let silentMs = 0
  let isSaid = false
  for (let lookedMs = clock.now(); ; ) {
    const lease = readLease(folder, number)
    if (lastLease(folder) !== number) return null
    if (lease.released) return lease.released
    if (lease.text !== first.text)
      throw new InputError(
        `${folder}: ${describeProcess(holder ?? lease.holder)} is writing to this run; wait for it, or use another --out`,
      )
    if (silentMs >= silenceMs || (holder && isGone(holder))) return { ownsJournal: false }
    if (!isSaid && silentMs > 2 * Math.max(beatMs, napMs)) {
      isSaid = true
      say?.(
        `${folder}: ${describeProcess(holder)} holds this run and gives no sign of life; it is taken over after ` +
          `${silenceMs / 1000} s of silence`,
      )
    }
    await clock.sleep(napMs)
    // Time in which this process was stopped itself is no silence of the other: nobody looked.
    const nowMs = clock.now()
    silentMs += Math.min(nowMs - lookedMs, 2 * napMs)
    lookedMs = nowMs
  }
}

/** Creates the lease of this number. Null where another process has it, or a higher one. */
function tryNext(folder: string, number: number, ownsJournal: boolean, times: LeaseTimes): RunLease | null {
  const path = leasePath(folder, number)
  const head = `${JSON.stringify({ formatVersion, ...thisIdentity(), beatMs: times.beatMs })}\n`
  let file: number
  try {
    file = openSync(path, 'wx')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return null
    throw cannotWrite(folder, error)
  }
  try {
    // One that dies here leaves a lease without a name, which is watched like any other.
    writeSync(file, head + beatLine(0))
    fsyncSync(file)
  } catch (error) {
    rmSync(path, { force: true })
    throw cannotWrite(folder, error)
  } finally {
    closeSync(file)
  }
  if (lastLease(folder) !== number) {
    rmSync(path, { force: true })
    return null
  }
  removeBefore(folder, number)
  return hold(folder, number, Buffer.byteLength(head), ownsJournal, times)
}

function cannotWrite(folder: string, error: unknown): InputError {
  return new InputError(
    `${folder}: nothing can be written there (${error instanceof Error ? error.message : error}); make room, or use another --out`,
  )
}

/** Removes the leases before this one, and what their holders have not yet put in place. */
function removeBefore(folder: string, number: number): void {
  for (const name of readdirSync(folder)) {
    const [, of] = /^lease-(\d+)$/.exec(name) ?? /\.jsonl\.partial-(\d+)$/.exec(name) ?? []
    // A folder of such a name is not ours.
    if (of !== undefined && Number(of) < number && lstatOrNull(join(folder, name))?.isDirectory() === false)
      rmSync(join(folder, name), { force: true })
  }
}

/** Keeps a lease that was created: a thread writes its beat, since results are written for minutes in one go. */
function hold(folder: string, number: number, beatAt: number, ownsJournal: boolean, times: LeaseTimes) {
  const lost = new AbortController()
  const stop = new Int32Array(new SharedArrayBuffer(4))
  const start: BeatStart = { folder, number, beatAt, beatMs: times.beatMs, stop }
  const thread = new Worker(new URL('./run-lease-beat.ts', import.meta.url), {
    workerData: start,
    name: 'lease',
  })
  thread.once('message', () => lost.abort())
  // Without a beat the run is soon another's; better to end with the reason.
  let failure: Error | null = null
  thread.once('error', (error: Error) => {
    failure = error
    lost.abort(error)
  })
  // After the listeners, which count as work to be waited for.
  thread.unref()
  let isReleased = false
  const lease = {
    /** Grows from one holder of a folder to the next. */
    number,
    /**
     * Whether the last journal of the folder is written by nobody else: not so after a take-over, whose victim may wake, until
     * the new holder has begun a file of its own. Handed on with the lease.
     */
    ownsJournal,
    /** Aborts soon after another process took over. */
    lost: lost.signal as AbortSignal,
    /** Looks into the folder. Throws LeaseLostError where another process took over. */
    check(): void {
      if (failure)
        throw new LeaseLostError(`${folder}: the thread that keeps the lease failed: ${failure.message}`)
      const last = lastLease(folder)
      if (last === number) return
      const successor = last > number ? readLease(folder, last).holder : null
      throw new LeaseLostError(
        last === 0
          ? `${folder}: the lease of this process has gone, expected ${leasePath(folder, number)}; the same command resumes`
          : `${folder}: ${describeProcess(successor)} took this run over, since this process had been silent for too long ` +
              '(stopped, or cut off from the folder); what it had finished is kept there',
      )
    },
    /** Gives the folder back. Does nothing the second time, nor to a lease that is lost. */
    release(): void {
      if (isReleased) return
      isReleased = true
      process.off('exit', lease.release)
      Atomics.store(stop, 0, 1)
      Atomics.notify(stop, 0)
      try {
        if (lastLease(folder) === number) writeRelease(folder, number, beatAt, lease.ownsJournal)
      } catch {
        // The folder has gone, or cannot be written to: the next one finds the process gone, or the beat silent.
      }
    },
  }
  process.on('exit', lease.release)
  return lease
}

/** Behind the beat, which the thread may be writing. */
function writeRelease(folder: string, number: number, beatAt: number, ownsJournal: boolean): void {
  const file = openSync(leasePath(folder, number), 'r+')
  try {
    writeSync(file, `${JSON.stringify({ released: true, ownsJournal })}\n`, beatAt + beatLine(0).length)
    fsyncSync(file)
  } finally {
    closeSync(file)
  }
}

/** What the thread of the beat is started with. */
export interface BeatStart {
  folder: string
  number: number
  /** Where in the lease the line of the beat begins. */
  beatAt: number
  beatMs: number
  /** Not 0 once the beat is to end. */
  stop: Int32Array<SharedArrayBuffer>
}

/** The line of a lease that counts its beats, always of the same length. */
export const beatLine = (count: number) => `beat ${String(count).padStart(12, '0')}\n`

/** Path of a lease. */
export const leasePath = (folder: string, number: number) => join(folder, `lease-${number}`)

/** The highest number of a folder's leases, which holds; 0 where there is none, or no folder. */
export function lastLease(folder: string): number {
  const names = nullWhere('ENOENT', () => readdirSync(folder)) ?? []
  const numberOf = (name: string) => Number(/^lease-([1-9]\d{0,11})$/.exec(name)?.[1] ?? 0)
  return names.reduce((last, name) => Math.max(last, numberOf(name)), 0)
}

const leaseBytes = 4096
const longestBeatMs = 3_600_000

/** Reads a lease; of a file that is none, or has gone, its text is empty. */
function readLease(folder: string, number: number) {
  const text = readStart(leasePath(folder, number))
  const [head = '', , end = ''] = text.split('\n')
  const { host, pid, beatMs, bootId, pidNamespace, startTime, jobId } = parseLine(head)
  const textOf = (value: unknown) => (typeof value === 'string' ? value : null)
  const where = { bootId: textOf(bootId), pidNamespace: textOf(pidNamespace), startTime: textOf(startTime) }
  const { released, ownsJournal } = parseLine(end)
  const isNamed = typeof host === 'string' && Number.isInteger(pid)
  return {
    /** What another beat changes. */
    text,
    /** Null where the file does not say, as one that is being made. */
    holder: isNamed ? { host, pid: pid as number, ...where, jobId: textOf(jobId) } : null,
    beatMs: typeof beatMs === 'number' && beatMs > 0 && beatMs <= longestBeatMs ? beatMs : 0,
    released: released === true ? { ownsJournal: ownsJournal === true } : null,
  }
}

/** Opened anew at each look: network file systems then ask the server for what has changed. */
function readStart(path: string): string {
  const text = orNull(() => {
    // What a folder was sent with may be a pipe, which would never be read to its end.
    if (!lstatOrNull(path)?.isFile()) return ''
    const file = openSync(path, 'r')
    try {
      const bytes = Buffer.alloc(leaseBytes)
      return bytes.toString('utf8', 0, readSync(file, bytes, 0, leaseBytes, 0))
    } finally {
      closeSync(file)
    }
  })
  return text ?? ''
}

function parseLine(line: string): Record<string, unknown> {
  const value: unknown = orNull(() => JSON.parse(line))
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
}

const lstatOrNull = (path: string) => lstatSync(path, { throwIfNoEntry: false }) ?? null

const oldLockPath = (folder: string) => join(folder, 'lock')

/**
 * Throws InputError where a process of version 0.1.0 holds the folder by its file `lock`, or may hold it on another machine.
 * Returns whether one is there whose process is gone.
 */
function refuseOldLock(folder: string): boolean {
  const path = oldLockPath(folder)
  const text = readStart(path)
  if (text === '') return lstatOrNull(path)?.isFile() === true
  const { host, process: pid, startedMs } = parseLine(text)
  if (typeof host !== 'string' || !Number.isInteger(pid)) return true
  const isHere = host === hostname()
  const isAlive =
    // In a container that is started again the number of the process before may be one's own.
    pid === process.pid ? startedMs === performance.timeOrigin : hasProcess(pid as number)
  if (isHere && !isAlive) return true
  throw new InputError(
    `${folder}: process ${pid} on ${host} is writing to this run; wait for it, or use another --out` +
      (isHere ? '' : `. If it is gone, delete ${path}`),
  )
}
