import { readFile } from 'node:fs/promises'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { InputError } from '../../core/input-error.ts'
import { fileWithin } from './file-within.ts'
import type { FoundModel } from './find-model.ts'
import { modelFileWithin } from './model-file-within.ts'
import { sendFile } from './send-file.ts'

/** The viewer's server. */
export interface ViewServer {
  /** Where the page is: `http://127.0.0.1:PORT/`. */
  url: string
  close(): Promise<void>
}

// The page may load what it came with and the run, and nothing else from anywhere. Isolation is what a page needs for
// memory that threads share.
const headers = {
  'Content-Security-Policy':
    "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; style-src 'self'; font-src 'self'; " +
    "img-src 'self' data: blob:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'X-Content-Type-Options': 'nosniff',
  'Referrer-Policy': 'no-referrer',
  'Cache-Control': 'no-store',
}

/** Address of the run's files on the server. */
const runAddress = 'run/'
/** Address of the model's files, below a part that names the model. */
const modelAddress = /^model\/[^/]+\/([^/]+)$/

/**
 * Serves the page in `pageFolder`, the run in `runFolder` below `/run/`, runs to compare it with below `/run-2/` and so on,
 * and the model that can continue its answers below `/model/NAME/`, to this machine only. Port 0 is a free one. Rejects
 * with InputError when the port is taken.
 */
export async function serveView(
  pageFolder: string,
  runFolder: string,
  port = 0,
  otherRunFolders: readonly string[] = [],
  model: FoundModel | null = null,
): Promise<ViewServer> {
  const folders = new Map([[runAddress, runFolder]])
  for (const [index, folder] of otherRunFolders.entries()) folders.set(`run-${index + 2}/`, folder)
  const server = createServer((request, response) => {
    answer(request, response).catch(error => {
      if (!response.headersSent) response.writeHead(500)
      response.end(`the file could not be read: ${String(error)}`)
    })
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const isTaken = error.code === 'EADDRINUSE' || error.code === 'EACCES'
      const message = `--port ${port}: cannot be used (${error.message}); choose another, or leave it out for a free one`
      reject(isTaken ? new InputError(message) : error)
    })
    server.listen(port, '127.0.0.1', resolve)
  })
  const { port: taken } = server.address() as AddressInfo
  // Another name for this machine would be a page of elsewhere that had itself resolved to it (DNS rebinding).
  const hosts = [`127.0.0.1:${taken}`, `localhost:${taken}`]

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    for (const [name, value] of Object.entries(headers)) response.setHeader(name, value)
    if (!hosts.includes(request.headers.host ?? ''))
      return refuse(response, 403, 'another host than 127.0.0.1')
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      response.setHeader('Allow', 'GET, HEAD')
      return refuse(response, 405, 'only GET and HEAD are answered')
    }
    const [address = ''] = (request.url ?? '/').slice(1).split(/[?#]/)
    if (address === '' || address === 'index.html') {
      const [, ...others] = folders.keys()
      return sendPage(request, response, pageFolder, { others, model })
    }
    const path = await findFile(address)
    if (path === null) return refuse(response, 404, 'no such file')
    await sendFile(request, response, path)
  }

  async function findFile(address: string): Promise<string | null> {
    const [, name] = modelAddress.exec(address) ?? []
    if (name !== undefined) return model && modelFileWithin(model.path, name)
    const [start] = /^[^/]*\//.exec(address) ?? ['']
    const folder = folders.get(start)
    return fileWithin(folder ?? pageFolder, folder ? address.slice(start.length) : address)
  }

  return {
    url: `http://127.0.0.1:${taken}/`,
    async close() {
      const closed = new Promise(resolve => server.close(resolve))
      server.closeAllConnections()
      await closed
    },
  }
}

/** The page, told which run to show, which there are to compare it with, and which model is at hand. */
async function sendPage(
  request: IncomingMessage,
  response: ServerResponse,
  folder: string,
  { others, model }: { others: readonly string[]; model: FoundModel | null },
): Promise<void> {
  const page = await readFile(join(folder, 'index.html'), 'utf8')
  const address = model ? `model/${encodeURIComponent(model.name)}/` : ''
  const body = page
    .replace(/(<meta name="entrace-run" content=")[^"]*/, `$1${runAddress}`)
    .replace(/(<meta name="entrace-other-runs" content=")[^"]*/, `$1${others.join(' ')}`)
    .replace(/(<meta name="entrace-model" content=")[^"]*/, `$1${address}`)
  response.writeHead(200, {
    'Content-Type': 'text/html; charset=utf-8',
    'Content-Length': Buffer.byteLength(body),
  })
  response.end(request.method === 'HEAD' ? undefined : body)
}

function refuse(response: ServerResponse, status: number, reason: string): void {
  response.writeHead(status, { 'Content-Type': 'text/plain; charset=utf-8' }).end(`${reason}\n`)
}
