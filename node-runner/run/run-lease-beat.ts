// A thread that keeps a lease alive: it counts on in the lease's file, and looks whether another process took over. It waits
// by blocking, so that nothing else has to run for it.
import { closeSync, fdatasyncSync, openSync, writeSync } from 'node:fs'
import { parentPort, workerData } from 'node:worker_threads'
import { orNull } from '../files/file-errors.ts'
import { type BeatStart, beatLine, lastLease, leasePath } from './run-lease.ts'

function beat({ folder, number, beatAt, beatMs, stop }: BeatStart): void {
  // A descriptor of its own: the main thread closes none that this one may be writing to.
  const file = openSync(leasePath(folder, number), 'r+')
  try {
    let count = 0
    do {
      const last = orNull(() => lastLease(folder))
      if (last !== null && last !== number) {
        parentPort?.postMessage('lost')
        return
      }
      try {
        writeSync(file, beatLine(++count), beatAt)
        // Network file systems keep what is written to themselves for a while.
        fdatasyncSync(file)
      } catch {
        // A disk that is full or away for a moment: whoever watches sees that the beat is late.
      }
    } while (Atomics.wait(stop, 0, 0, beatMs) === 'timed-out')
  } finally {
    closeSync(file)
  }
}

// A module that is merely imported does nothing.
if (parentPort)
  try {
    beat(workerData)
  } catch (error) {
    const isOver = Atomics.load((workerData as BeatStart).stop, 0) !== 0
    // The lease's file has gone, so that it is another's.
    if (!isOver && (error as NodeJS.ErrnoException).code === 'ENOENT') parentPort.postMessage('lost')
    else if (!isOver) throw error
  }
