import type { ByteSource } from '../../core/formats/byte-source.ts'

/** From a worker: which Parquet file it has bytes of and now decodes; null when it goes on to something else. */
export interface ReadingMessage {
  reading: { name: string; byteLength: number } | null
}

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

function tell(message: ReadingMessage): void {
  // Read in a test, there may be nobody to tell.
  const worker = globalThis as { postMessage?: (message: ReadingMessage) => void }
  worker.postMessage?.(message)
}
