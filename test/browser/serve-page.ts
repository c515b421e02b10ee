import { readFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'
import { build } from 'vite'

/** A server of one page on this machine. */
export interface PageServer {
  /** `http://127.0.0.1:PORT`; a page there is a secure context, as WebGPU demands. */
  origin: string
  close(): Promise<void>
}

// What makes a page cross-origin isolated, as ranks with a SharedArrayBuffer would need it.
const isolation = {
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
}

const emptyPage = '<!doctype html><meta charset="utf-8"><title>Entrace</title><link rel="icon" href="data:,">'

/**
 * Serves an empty page at `/`, the bundle of `module` at `/page.js`, and each of `folders` (address to path) by ranges,
 * from a free port of 127.0.0.1.
 */
export async function servePage(module: URL, folders: Record<string, string>): Promise<PageServer> {
  const code = await bundlePage(fileURLToPath(module))
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://page')
    if (pathname === '/') return send(response, 'text/html', emptyPage)
    if (pathname === '/page.js') return send(response, 'text/javascript', code)
    // URL has resolved every "..", so that nothing outside the folders is served.
    const folder = Object.keys(folders).find(address => pathname.startsWith(`${address}/`))
    sendRange(
      request,
      response,
      folder === undefined ? null : folders[folder] + pathname.slice(folder.length),
    )
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, '127.0.0.1', resolve)
  })
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async close() {
      server.closeAllConnections()
      await new Promise(resolve => server.close(resolve))
    },
  }
}

/** The page's module and all it imports, shaders as text among them, as one module. */
async function bundlePage(path: string): Promise<string> {
  const built = await build({
    configFile: false,
    logLevel: 'warn',
    build: {
      write: false,
      target: 'es2024',
      minify: false,
      lib: { entry: path, formats: ['es'], fileName: 'page' },
      rolldownOptions: { output: { codeSplitting: false } },
    },
  })
  const [result] = Array.isArray(built) ? built : [built]
  if (!result || !('output' in result) || result.output.length !== 1)
    throw new Error(`${path}: expected Vite to make one module of it; does it import what is no module?`)
  return result.output[0].code
}

function send(response: ServerResponse, type: string, body: string): void {
  response.writeHead(200, { ...isolation, 'Content-Type': `${type}; charset=utf-8` }).end(body)
}

function sendRange(request: IncomingMessage, response: ServerResponse, path: string | null): void {
  const file = path === null ? null : readIfThere(path)
  if (!file) return void response.writeHead(404, isolation).end()
  const [, first = NaN, last = NaN] =
    /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? '')?.map(Number) ?? []
  if (!(first <= last && last < file.length))
    return void response.writeHead(416, { ...isolation, 'Content-Range': `bytes */${file.length}` }).end()
  response.writeHead(206, {
    ...isolation,
    'Content-Type': 'application/octet-stream',
    'Content-Range': `bytes ${first}-${last}/${file.length}`,
  })
  response.end(file.subarray(first, last + 1))
}

function readIfThere(path: string): Uint8Array | null {
  try {
    return readFileSync(path)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw error
  }
}
