import type { ChildProcess } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { setTimeout } from 'node:timers/promises'

/** Whether a process can be looked at as Linux shows it. */
export const showsProcesses = process.platform === 'linux'

/** The processes that a process started and that still run. */
export function childProcesses(parent: number): number[] {
  return readdirSync('/proc')
    .map(Number)
    .filter(id => parentOf(id) === parent)
}

/** Waits until a command has started its engine, the only process it starts; null where the command ended before. */
export async function engineOf(command: Pick<ChildProcess, 'pid' | 'exitCode'>): Promise<number | null> {
  while (command.exitCode === null) {
    const [engine] = childProcesses(command.pid!)
    if (engine !== undefined) return engine
    await setTimeout(5)
  }
  return null
}

/** Waits until a process is gone; false where it still runs after `timeoutMs`. */
export async function isGone(id: number, timeoutMs = 10_000): Promise<boolean> {
  const end = performance.now() + timeoutMs
  while (parentOf(id) !== null) {
    if (performance.now() > end) return false
    await setTimeout(20)
  }
  return true
}

/** The parent of a process; null where there is none of that number, or only what its parent has yet to take note of. */
function parentOf(id: number): number | null {
  try {
    const stat = readFileSync(`/proc/${id}/stat`, 'utf8')
    // The name before may hold spaces and brackets.
    const [state, parent] = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return state === 'Z' || state === 'X' ? null : Number(parent)
  } catch {
    return null
  }
}
