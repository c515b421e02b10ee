import { InputError } from '../input-error.ts'
import type { ByteSource } from './byte-source.ts'
import type { ModelFiles } from './weight-files.ts'

/** What lies at an http(s) address. */
export interface HttpByteSource extends ByteSource {
  /** What the server says changes with the bytes: an entity tag, or when they were last written; null where it says neither. */
  readonly version: string | null
}

/**
 * Opens what lies at an http(s) address for ranged reads; null when the server says that nothing does (404). Rejects with
 * InputError when the server serves no ranges or refuses, Error when it cannot be reached or fails.
 */
export async function openHttpByteSource(address: string): Promise<HttpByteSource | null> {
  const { response, body } = await requestRange(address, 0, 1)
  if (response.status === 404) return null
  const whole = wholeLength(response)
  // An empty file has no first byte to serve.
  const byteLength = response.status === 416 && whole === 0 ? 0 : checkRange(address, response, body, 0, 1)
  const version = versionOf(response)
  return {
    name: address,
    byteLength,
    version,
    async slice(start, end = byteLength) {
      if (!(start >= 0 && start <= end && end <= byteLength))
        throw new RangeError(`${address}: bytes [${start}, ${end}) are not within its ${byteLength} bytes`)
      if (start === end) return new ArrayBuffer(0)
      const { response, body } = await requestRange(address, start, end)
      const { status } = response
      const changed = status === 416 || (status === 206 && versionOf(response) !== version)
      if (changed || checkRange(address, response, body, start, end) !== byteLength)
        throw new InputError(
          `${address}: changed on the server while it was read: it had ${byteLength} bytes, ` +
            `now ${wholeLength(response) ?? 'another number'}; load it again`,
        )
      return body
    },
  }
}

function versionOf({ headers }: Response): string | null {
  return headers.get('etag') ?? headers.get('last-modified')
}

/** One answer with its body, which is only read where it is a range: a server without ranges would send the whole file. */
async function requestRange(address: string, start: number, end: number) {
  try {
    const response = await fetch(address, { headers: { Range: `bytes=${start}-${end - 1}` } })
    if (response.status === 206) return { response, body: await response.arrayBuffer() }
    await response.body?.cancel()
    return { response, body: new ArrayBuffer(0) }
  } catch (error) {
    throw new Error(
      `${address}: bytes [${start}, ${end}) could not be fetched (${reasonOf(error)}); check the address and the ` +
        'connection, and in a page that the server lets this page read it (CORS)',
      { cause: error },
    )
  }
}

function checkRange(
  address: string,
  response: Response,
  body: ArrayBuffer,
  start: number,
  end: number,
): number {
  const { status } = response
  if (status >= 500)
    throw new Error(`${address}: the server failed with HTTP ${status}; try again, or ask who runs it`)
  if (status === 200)
    throw new InputError(
      `${address}: the server ignored the range and sent the whole file (HTTP 200), expected HTTP 206; use a server ` +
        'that serves ranges',
    )
  if (status !== 206)
    throw new InputError(`${address}: the server refused with HTTP ${status}; check the address and access`)
  const range = response.headers.get('content-range')
  const whole = wholeLength(response)
  if (whole === null || range !== `bytes ${start}-${end - 1}/${whole}`)
    throw new InputError(
      `${address}: Content-Range is ${range ?? 'missing'}, expected bytes ${start}-${end - 1}/LENGTH; ` +
        'a server of another origin has to expose that header (Access-Control-Expose-Headers)',
    )
  if (body.byteLength !== end - start)
    throw new InputError(
      `${address}: bytes [${start}, ${end}) came as ${body.byteLength} bytes, expected ${end - start}; load it again`,
    )
  return whole
}

/** The length after the slash of Content-Range; null where the server does not tell. */
function wholeLength(response: Response): number | null {
  const digits = /\/(\d+)$/.exec(response.headers.get('content-range') ?? '')?.[1]
  return digits === undefined ? null : Number(digits)
}

/** What fetch rejected with; Node's message says no more than "fetch failed", and its cause says why. */
function reasonOf(error: unknown): string {
  const { message, cause } = error as Error
  return cause instanceof Error ? `${message}: ${cause.message}` : message
}

/** What a file of a model is read through: something that keeps what was read, say. */
export type AroundSource = (source: HttpByteSource) => ByteSource

/**
 * The files of a model in one folder of an HTTP server that serves ranges; `folder` is the folder's address, and `query` what
 * stands behind each file's name.
 */
export function httpModelFiles(
  folder: string,
  around: AroundSource = source => source,
  query = '',
): ModelFiles {
  const base = folder.endsWith('/') ? folder : `${folder}/`
  return {
    name: folder,
    async open(name) {
      const source = await openHttpByteSource(base + encodeURIComponent(name) + query)
      return source && around(source)
    },
  }
}
