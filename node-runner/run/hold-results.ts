import { randomUUID } from 'node:crypto'
import { readdirSync, readFileSync, readlinkSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'

const holdName = /^results\.hold-(\d{1,15})$/
/** Putting results in place takes milliseconds: a holder of another machine that is seen so long is gone. */
const silentMs = 20_000
const mostWaitMs = 60_000
const napMs = 5

/**
 * Does something while no other process that calls this does, on any machine that shares the folder: puts results of a run in
 * place, which takes milliseconds. Waits for the others. A holder whose process is gone, or that is silent for long, is passed over.
 * Throws where one stays.
 *
 * One that was only stopped wakes in the middle of it. So `staging` names the folder below that what it puts in place lies in: who passes
 * it over takes that away first, and nothing can be moved out of it any more. To `act` is to move files out of `staging` or into it, and
 * nothing else.
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
    nap()
  }
}

/** Makes the next number. False where another process was faster, or the one before has ended by itself. */
function tryHold(folder: string, staging: string, last: number, holder: string | null): boolean {
  const own = holdPath(folder, last + 1)
  try {
    writeFileSync(own, `${thisProcess()}, ${randomUUID()}, ${staging}`, { flag: 'wx' })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  }
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
  try {
    // In one step, where removing takes many.
    renameSync(join(folder, name), left)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
  }
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
  try {
    return readFileSync(holdPath(folder, number), 'utf8')
  } catch {
    return null
  }
}

/** This process in words that `hasEnded` understands. */
export function thisProcess(): string {
  return `${process.pid} on ${pidNamespace()}`
}

/** Whether a process that named itself by `thisProcess` is known to be gone; false where this machine cannot tell. */
export function hasEnded(named: string | undefined): boolean {
  const [, pid, where] = /^(\d+) on (.*)$/.exec(named ?? '') ?? []
  if (where !== pidNamespace()) return false
  // Within one process nothing else runs meanwhile, so its own number is of one before it.
  if (Number(pid) === process.pid) return true
  try {
    process.kill(Number(pid), 0)
    return false
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ESRCH'
  }
}

/** Where a process number says which process is meant: host, boot and, of a container, its namespace. */
function pidNamespace(): string {
  const orNothing = (read: () => string) => {
    try {
      return read().trim()
    } catch {
      return ''
    }
  }
  const boot = orNothing(() => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8'))
  return `${hostname()} ${boot} ${orNothing(() => readlinkSync('/proc/self/ns/pid'))}`.trim()
}

function nap(): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, napMs)
}
