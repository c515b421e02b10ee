import { randomUUID } from 'node:crypto'
import { readdirSync, readFileSync, readlinkSync, rmSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'

const holdName = /^results\.hold-(\d+)$/
/** Putting results in place takes milliseconds: a holder of another machine that is seen so long is gone. */
const silentMs = 20_000
const mostWaitMs = 60_000
const napMs = 5

/**
 * Does something while no other process that calls this does, on any machine that shares the folder: puts results of a run in
 * place, which takes milliseconds. Waits for the others. A holder whose process is gone is passed over. Throws where one stays.
 *
 * Holds are numbered files. The highest one that is there holds; who finds its process gone makes the next number, which only one
 * can, and it counts if the one before is still there: a holder removes those before its own first.
 */
export function holdResults<T>(folder: string, act: () => T): T {
  const number = takeHold(folder)
  try {
    return act()
  } finally {
    for (const held of heldNumbers(folder)) if (held < number) rmSync(holdPath(folder, held), { force: true })
    rmSync(holdPath(folder, number), { force: true })
  }
}

function takeHold(folder: string): number {
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
    if (isFree && tryHold(folder, last, holder)) return last + 1
    if (nowMs - startMs > mostWaitMs)
      throw new Error(
        `${folder}: ${/^\d+ on \S+/.exec(holder ?? '')?.[0] ?? 'a process'} has been putting results in place for ${Math.round((nowMs - seenMs) / 1000)} s, expected ` +
          `milliseconds; end it, or delete ${holdPath(folder, last)}, and have the results written with entrace analyse`,
      )
    nap()
  }
}

/** Makes the next number. False where another process was faster, or the one before has ended by itself. */
function tryHold(folder: string, last: number, holder: string | null): boolean {
  const own = holdPath(folder, last + 1)
  try {
    writeFileSync(own, `${thisProcess()}, ${randomUUID()}`, { flag: 'wx' })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  }
  const numbers = heldNumbers(folder)
  const isNext = numbers.at(-1) === last + 1 && (last === 0 ? numbers.length === 1 : numbers.includes(last))
  if (isNext && (last === 0 || readHolder(folder, last) === holder)) return true
  rmSync(own, { force: true })
  return false
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
