import type { ReadingMessage } from './tell-reading.ts'

const tickMs = 500
/** How long a worker may decode without a word: ten seconds, and one for each 4 MB. */
const patientMs = 10_000
const bytesInMs = 4000

/**
 * Ends a worker that decodes a Parquet file and gives no answer to `ping` for long, which one with a damaged file may never. Rejects
 * then, with the file's name. Time is counted in ticks of the page, so that a machine that slept has not waited.
 */
export function endStuckReading(worker: Worker, ping: () => Promise<void>): Promise<never> {
  return new Promise((_, reject) => {
    let asked = 0
    let timer: ReturnType<typeof setInterval> | undefined
    const stop = () => clearInterval(timer)
    worker.addEventListener('message', ({ data }: MessageEvent<Partial<ReadingMessage> | null>) => {
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
