import type { IncomingMessage, ServerResponse } from 'node:http'
import { pipeline } from 'node:stream/promises'
import type { ServedFile } from './served-file.ts'

// No script, no origin, and nothing but what is in it.
const sandboxPolicy =
  "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

/**
 * Answers with an open file, or the range of it that is asked for, and closes it. A run may go on, so nothing of it is kept
 * by the browser.
 */
export async function sendFile(
  request: IncomingMessage,
  response: ServerResponse,
  { file, name, mediaType, use }: ServedFile,
): Promise<void> {
  try {
    const { size, mtimeMs } = await file.stat()
    const tag = `"${size.toString(36)}-${Math.round(mtimeMs).toString(36)}"`
    response.setHeader('Accept-Ranges', 'bytes')
    response.setHeader('Content-Type', mediaType)
    if (use === 'sandboxed') {
      response.setHeader('Content-Security-Policy', sandboxPolicy)
      // By the HTML standard a window shows nothing that is sandboxed and asks for a group of its own as well.
      response.removeHeader('Cross-Origin-Opener-Policy')
    }
    if (use === 'saved') response.setHeader('Content-Disposition', `attachment; filename="${name}"`)
    // What grows has no version: each of its bytes stays as it is.
    if (!name.endsWith('.jsonl')) response.setHeader('ETag', tag)
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

/** The bytes [start, end) of a file. */
interface ByteRange {
  start: number
  end: number
}

/**
 * What a Range header asks of a file of `byteLength` bytes (RFC 9110, section 14): null for the whole file, which is also
 * the answer to a header of several ranges or another unit; 'unsatisfiable' when no byte of it is there.
 */
function parseByteRange(header: string | undefined, byteLength: number): ByteRange | null | 'unsatisfiable' {
  const [, first = '', last = ''] = /^bytes=(\d*)-(\d*)$/.exec(header?.trim() ?? '') ?? []
  if (first === '' && last === '') return null
  if (first === '') {
    const length = Math.min(Number(last), byteLength)
    return length === 0 ? 'unsatisfiable' : { start: byteLength - length, end: byteLength }
  }
  const start = Number(first)
  if (last !== '' && Number(last) < start) return null
  if (start >= byteLength) return 'unsatisfiable'
  return { start, end: last === '' ? byteLength : Math.min(Number(last) + 1, byteLength) }
}
