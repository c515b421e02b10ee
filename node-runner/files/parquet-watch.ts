// The thread that ends the process that reads a Parquet file: the reading one cannot, once it loops.
import { parentPort, workerData } from 'node:worker_threads'

/** What the thread is given. */
export interface ParquetWatch {
  /** One number that the reading thread raises whenever it has come further. */
  progress: Int32Array
  /** Computing time without progress, milliseconds; waiting for a disk is none. */
  mostIdleMs: number
  /** Resident memory of the process. */
  mostBytes: number
}

const lookMs = 20

function watch({ progress, mostIdleMs, mostBytes }: ParquetWatch): void {
  let seen = -1
  let startedMs = 0
  const look = () => {
    if (process.memoryUsage.rss() > mostBytes) process.kill(process.pid, 'SIGKILL')
    const now = Atomics.load(progress, 0)
    if (now === seen && spentMs() - startedMs > mostIdleMs) process.kill(process.pid, 'SIGTERM')
    if (now !== seen) {
      seen = now
      startedMs = spentMs()
    }
  }
  // Once before anything is read.
  look()
  setInterval(look, lookMs)
}

function spentMs(): number {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1000
}

// A module that is merely imported does nothing.
if (parentPort) {
  watch(workerData)
  parentPort.postMessage('watching')
}
