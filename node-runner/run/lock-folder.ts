import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { InputError } from '../../core/input-error.ts'

/**
 * Takes a run's folder for this process, so that no other one appends to its journal. Returns what gives it back. A lock
 * whose process is gone (killed, power cut) is taken over. Throws InputError where another process holds it.
 */
export function lockFolder(folder: string): () => void {
  const path = join(folder, 'lock')
  const holder = readHolder(path)
  if (holder !== null) {
    const here = holder.host === hostname()
    if (!here || isAlive(holder))
      throw new InputError(
        `${folder}: process ${holder.process} on ${holder.host} is writing to this run; wait for it, or use another --out` +
          (here ? '' : `. If it is gone, delete ${path}`),
      )
    rmSync(path, { force: true })
  }
  try {
    // Fails where another process was faster.
    writeFileSync(path, JSON.stringify(thisProcess()), { flag: 'wx' })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    throw new InputError(
      `${folder}: another process has just begun to write to this run; wait for it, or use another --out`,
    )
  }
  return () => rmSync(path, { force: true })
}

/** A process, by what a later one of the same number does not share. */
interface Holder {
  host: string
  process: number
  startedMs: number
}

function thisProcess(): Holder {
  return { host: hostname(), process: process.pid, startedMs: performance.timeOrigin }
}

/** Who holds a lock; null where there is none, or one that was not written to its end. */
function readHolder(path: string): Holder | null {
  try {
    return JSON.parse(readFileSync(path, 'utf8'))
  } catch (error) {
    if (error instanceof SyntaxError) rmSync(path, { force: true })
    return null
  }
}

function isAlive(holder: Holder): boolean {
  // In a container that is started again the number of the process before may be one's own.
  if (holder.process === process.pid) return holder.startedMs === performance.timeOrigin
  try {
    process.kill(holder.process, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}
