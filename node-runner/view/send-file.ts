import { open } from 'node:fs/promises'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { pipeline } from 'node:stream/promises'
import { parseByteRange } from './byte-range.ts'
import { contentType } from './content-type.ts'

/** Answers with a file or the range of it that is asked for. A run may go on, so nothing of it is kept by the browser. */
export async function sendFile(
  request: IncomingMessage,
  response: ServerResponse,
  path: string,
): Promise<void> {
  const file = await open(path, 'r')
  try {
    const { size, mtimeMs } = await file.stat()
    const tag = `"${size.toString(36)}-${Math.round(mtimeMs).toString(36)}"`
    response.setHeader('Accept-Ranges', 'bytes')
    response.setHeader('Content-Type', contentType(path))
    // What grows has no version: each of its bytes stays as it is.
    if (!path.endsWith('.jsonl')) response.setHeader('ETag', tag)
    const range = parseByteRange(request.headers.range, size)
    if (range === 'unsatisfiable') {
      response.writeHead(416, { 'Content-Range': `bytes */${size}` }).end()
      return
    }
    const { start, end } = range ?? { start: 0, end: size }
    response.setHeader('Content-Length', end - start)
    if (range) response.setHeader('Content-Range', `bytes ${start}-${end - 1}/${size}`)
    response.statusCode = range ? 206 : 200
    if (request.method === 'HEAD' || start === end) response.end()
    else await pipeline(file.createReadStream({ start, end: end - 1, autoClose: false }), response)
  } catch (error) {
    // The browser went away in the middle.
    if ((error as NodeJS.ErrnoException).code !== 'ERR_STREAM_PREMATURE_CLOSE') throw error
  } finally {
    await file.close()
  }
}
