import type { ByteSource } from '../../core/files/byte-source.ts'

/**
 * Makes calls of a worker end when the worker could not start or stopped, or `ended` rejects: by themselves they would never.
 * Returns what every call is put through.
 */
export function callWorker(
  worker: Worker,
  ended: Promise<never> | null = null,
): <Result>(result: Promise<Result>) => Promise<Result> {
  const failed = new Promise<never>((_, reject) => {
    worker.addEventListener('error', event => {
      reject(
        new Error(
          `the page's worker stopped (${event.message || 'it could not be loaded'}); reload the page`,
        ),
      )
    })
  })
  const either = ended ? Promise.race([failed, ended]) : failed
  either.catch(() => {})
  return result => Promise.race([result, either])
}

/** From a worker: which Parquet file it has bytes of and now decodes; null when it goes on to something else. */
interface ReadingMessage {
  reading: { name: string; byteLength: number } | null
}

const tickMs = 500
/** How long a worker may decode without a word: ten seconds, and one for each 4 MB. */
const patientMs = 10_000
const bytesInMs = 4000

/** A source whose worker says when it is given bytes, so that the page can end it where decoding them never does. */
export function tellReading({ name, byteLength, slice }: ByteSource): ByteSource {
  return {
    name,
    byteLength,
    async slice(start, end = byteLength) {
      const bytes = await slice(start, end)
      tell({ reading: { name, byteLength: end - start } })
      return bytes
    },
  }
}

/** Says that what takes long from now on is no decoding. */
export function tellRead(): void {
  tell({ reading: null })
}

/** To the page, where there is one: tests read runs without. */
function tell(message: ReadingMessage): void {
  const scope = globalThis as { postMessage?: (message: ReadingMessage) => void }
  scope.postMessage?.(message)
}

/** What is needed of a worker that reads. */
interface ReadingWorker {
  addEventListener(type: 'message', listener: (event: { data: Partial<ReadingMessage> | null }) => void): void
  terminate(): void
}

/**
 * Ends a worker that decodes a Parquet file and gives no answer to `ping` for long, which one with a damaged file may never. Rejects
 * then, with the file's name. Time is counted in ticks of the page, so that a machine that slept has not waited.
 */
export function endStuckReading(worker: ReadingWorker, ping: () => Promise<void>): Promise<never> {
  return new Promise((_, reject) => {
    let asked = 0
    let timer: ReturnType<typeof setInterval> | undefined
    const stop = () => clearInterval(timer)
    worker.addEventListener('message', ({ data }) => {
      if (data?.reading === undefined) return
      stop()
      const ticket = ++asked
      if (data.reading === null) return
      const { name, byteLength } = data.reading
      const limitMs = patientMs + byteLength / bytesInMs
      let ticks = 0
      timer = setInterval(() => {
        if (++ticks * tickMs < limitMs) return
        stop()
        worker.terminate()
        reject(
          new Error(
            `${name}: reading it made no progress for ${Math.round(limitMs / 1000)} s; the file is damaged or made to harm, ` +
              'write it again with entrace analyse',
          ),
        )
      }, tickMs)
      void ping().then(() => ticket === asked && stop())
    })
  })
}
