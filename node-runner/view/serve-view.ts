import { readFile } from 'node:fs/promises'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { basename, join } from 'node:path'
import { InputError } from '../../core/input-error.ts'
import { isGgufName } from '../../core/model/gguf-files.ts'
import type { FoundModel } from './find-model.ts'
import { openModelFile, openPageFile, openRunFile, type ServedFile, sendFile } from './served-file.ts'

/** The viewer's server; `url` is where the page is: `http://127.0.0.1:PORT/`. */
export type ViewServer = Awaited<ReturnType<typeof serveView>>

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
) {
  const runs = new Map([[runAddress, runFolder]])
  for (const [index, folder] of otherRunFolders.entries()) runs.set(`run-${index + 2}/`, folder)
  // Below a part that names the model for the page.
  const modelAddress = model && `model/${encodeURIComponent(model.name)}/`
  // What the page loads: the folder, or the file in GGUF in it.
  const fileName = model && isGgufName(model.path) ? encodeURIComponent(basename(model.path)) : ''
  const pageModel = modelAddress === null ? '' : modelAddress + fileName
  const server = createServer((request, response) => {
    answer(request, response).catch((error: NodeJS.ErrnoException) => {
      // What was begun cannot be taken back: the browser is to see that it is not whole.
      if (response.headersSent) response.destroy()
      else refuse(response, 500, `the file could not be read (${error.code ?? 'an error of code'})`)
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
    // A browser sends the path alone; anything else would be a request to a proxy.
    if (!request.url?.startsWith('/')) return refuse(response, 400, 'expected a path that begins with /')
    const [address = ''] = request.url.slice(1).split(/[?#]/)
    if (address === '' || address === 'index.html') {
      const [, ...others] = runs.keys()
      return sendPage(request, response, pageFolder, { others, model: pageModel })
    }
    const served = await openAddress(address)
    if (served === null) return refuse(response, 404, 'no such file')
    await sendFile(request, response, served)
  }

  async function openAddress(address: string): Promise<ServedFile | null> {
    // No name of a file has a character that an address would encode.
    const nameStart = address.lastIndexOf('/') + 1
    const [start, name] = [address.slice(0, nameStart), address.slice(nameStart)]
    const run = runs.get(start)
    if (run !== undefined) return openRunFile(run, name)
    if (start === modelAddress) return model && openModelFile(model.path, name)
    return openPageFile(pageFolder, address)
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

/** The page, told the addresses of the run to show, of those to compare it with, and of the model that is at hand. */
async function sendPage(
  request: IncomingMessage,
  response: ServerResponse,
  folder: string,
  { others, model }: { others: readonly string[]; model: string },
): Promise<void> {
  const page = await readFile(join(folder, 'index.html'), 'utf8')
  const body = page
    .replace(/(<meta name="entrace-run" content=")[^"]*/, `$1${runAddress}`)
    .replace(/(<meta name="entrace-other-runs" content=")[^"]*/, `$1${others.join(' ')}`)
    .replace(/(<meta name="entrace-model" content=")[^"]*/, `$1${model}`)
  response.writeHead(200, {
    'Content-Type': 'text/html; charset=utf-8',
    'Content-Length': Buffer.byteLength(body),
  })
  response.end(request.method === 'HEAD' ? undefined : body)
}

function refuse(response: ServerResponse, status: number, reason: string): void {
  response.writeHead(status, { 'Content-Type': 'text/plain; charset=utf-8' }).end(`${reason}\n`)
}
