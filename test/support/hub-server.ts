import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout } from 'node:timers/promises'

/** A repository that the server holds. */
export interface ServedRepository {
  /** As "models/org/name" or "datasets/org/name". */
  id: string
  /** Files of every revision, whose commit follows from its name. */
  revisions: Record<string, Record<string, Uint8Array>>
  /** private: only with a token; gated: not with one either. */
  access?: 'private' | 'gated'
}

/** What goes wrong with the next requests whose path matches. */
export type Fault = { path: RegExp; times?: number } & (
  | { kind: 'status'; status: number; retryAfter?: string }
  | { kind: 'cut'; afterBytes: number }
  /** A web page with status 200. */
  | { kind: 'page' }
  | { kind: 'wrongBytes' }
  | { kind: 'noRanges' }
)

/** A request that was answered. */
export interface ServedRequest {
  /** The Hub, or the host that it redirects to for large files. */
  host: 'hub' | 'storage'
  path: string
  range: string | undefined
  authorization: string | undefined
  /** Of content. */
  sentBytes: number
}

/** A server that speaks those parts of the Hub's interface that are used, and fails as it is told. */
export interface HubServer {
  url: string
  requests: ServedRequest[]
  faults: Fault[]
  /** The token that private repositories ask for. */
  token: string
  close(): Promise<void>
}

/** Files above this size are kept as large ones: on another host, with their SHA-256 as name. */
const largeBytes = 1000
const entriesPerPage = 3

/** The commit of a revision. */
export function commitOf(revision: string): string {
  return createHash('sha1').update(revision).digest('hex')
}

/** The name of a file's content in the cache: what the Hub calls its ETag. */
export function blobNameOf(bytes: Uint8Array): string {
  if (bytes.length > largeBytes) return createHash('sha256').update(bytes).digest('hex')
  return createHash('sha1').update(`blob ${bytes.length}\0`).update(bytes).digest('hex')
}

/** Serves repositories on two ports of 127.0.0.1. */
export async function serveHub(repositories: readonly ServedRepository[]): Promise<HubServer> {
  const requests: ServedRequest[] = []
  const faults: Fault[] = []
  const token = 'hf_of-the-test'
  const storage = await listen((request, response) => {
    const path = request.url ?? ''
    const contents = repositories.flatMap(({ revisions }) =>
      Object.values(revisions).flatMap(files => Object.values(files)),
    )
    const bytes = contents.find(content => path === `/${blobNameOf(content)}`)
    return bytes ? send('storage', request, response, bytes) : fail(response, 404)
  })
  const hub = await listen(async (request, response) => {
    const url = new URL(request.url ?? '', 'http://hub')
    const path = decodeURIComponent(url.pathname)
    const repository = repositories.find(({ id }) =>
      new RegExp(`^/(?:api/)?(?:models/)?${id.replace('models/', '')}/`).test(path),
    )
    if (!repository) return fail(response, 401, 'RepoNotFound')
    if (repository.access === 'private' && request.headers.authorization !== `Bearer ${token}`)
      return fail(response, 401, 'RepoNotFound')
    if (repository.access === 'gated') return fail(response, 403, 'GatedRepo')
    const [, kind, rest = ''] = /\/(revision|tree|resolve)\/(.+)$/.exec(path) ?? []
    const revision = Object.keys(repository.revisions).find(name =>
      [name, commitOf(name)].some(it => rest === it || rest.startsWith(`${it}/`)),
    )
    if (revision === undefined) return fail(response, 404, 'RevisionNotFound')
    const files = repository.revisions[revision]!
    if (kind === 'revision')
      return sendJson(request, response, { id: repository.id, sha: commitOf(revision) })
    if (kind === 'tree') return sendTree(request, response, url, files)
    const bytes = files[rest.slice(rest.indexOf('/') + 1)]
    if (!bytes) return fail(response, 404, 'EntryNotFound')
    response.setHeader('x-repo-commit', commitOf(revision))
    if (bytes.length <= largeBytes) return send('hub', request, response, bytes)
    record('hub', request, 0)
    response.setHeader('x-linked-etag', `"${blobNameOf(bytes)}"`)
    response.setHeader('x-linked-size', bytes.length)
    response.writeHead(302, { location: `${addressOf(storage)}/${blobNameOf(bytes)}` }).end()
  })

  function record(host: 'hub' | 'storage', request: IncomingMessage, sentBytes: number): void {
    const { range, authorization } = request.headers
    requests.push({ host, path: decodeURIComponent(request.url ?? ''), range, authorization, sentBytes })
  }

  function takeFault(path: string): Fault | undefined {
    const index = faults.findIndex(fault => fault.path.test(path))
    const fault = faults[index]
    if (fault && (fault.times = (fault.times ?? 1) - 1) === 0) faults.splice(index, 1)
    return fault
  }

  function fail(response: ServerResponse, status: number, code?: string): void {
    response.writeHead(status, code === undefined ? {} : { 'x-error-code': code }).end()
  }

  async function listen(
    answer: (request: IncomingMessage, response: ServerResponse) => unknown,
  ): Promise<Server> {
    const server = createServer((request, response) => {
      const fault = takeFaultOf(['status', 'page'], request.url ?? '')
      if (fault?.kind === 'page')
        return void response
          .setHeader('content-type', 'text/html; charset=utf-8')
          .end('<!doctype html>Log in')
      if (fault?.kind !== 'status') return void answer(request, response)
      if (fault.retryAfter !== undefined) response.setHeader('retry-after', fault.retryAfter)
      fail(response, fault.status)
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    return server
  }

  function takeFaultOf(kinds: Fault['kind'][], path: string): Fault | undefined {
    const next = faults.find(fault => fault.path.test(path))
    return next && kinds.includes(next.kind) ? takeFault(path) : undefined
  }

  async function send(
    host: 'hub' | 'storage',
    request: IncomingMessage,
    response: ServerResponse,
    whole: Uint8Array,
  ): Promise<void> {
    const fault = takeFault(request.url ?? '')
    const content = fault?.kind === 'wrongBytes' ? whole.map(byte => byte ^ 1) : whole
    const range =
      fault?.kind === 'noRanges' ? undefined : /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? '')
    const start = Number(range?.[1] ?? 0)
    const end = Math.min(whole.length, Number(range?.[2] || Number.POSITIVE_INFINITY) + 1)
    const bytes = content.subarray(start, end)
    response.setHeader('etag', `"${blobNameOf(whole)}"`)
    response.setHeader('content-length', bytes.length)
    if (range)
      response.writeHead(206, { 'content-range': `bytes ${start}-${end - 1}/${whole.length}` }).flushHeaders()
    const sent = fault?.kind === 'cut' ? bytes.subarray(0, fault.afterBytes) : bytes
    record(host, request, sent.length)
    if (sent.length === bytes.length) return void response.end(sent)
    response.write(sent)
    // What was written is to arrive before the connection goes.
    await setTimeout(50)
    response.socket?.destroy()
  }

  function sendJson(request: IncomingMessage, response: ServerResponse, value: object): void {
    record('hub', request, 0)
    response.setHeader('content-type', 'application/json').end(JSON.stringify(value))
  }

  function sendTree(
    request: IncomingMessage,
    response: ServerResponse,
    url: URL,
    files: Record<string, Uint8Array>,
  ): void {
    const entries = Object.entries(files).map(([path, bytes]) => {
      const size = bytes.length
      const lfs = { oid: blobNameOf(bytes), size, pointerSize: 134 }
      return {
        type: 'file',
        path,
        size,
        ...(size > largeBytes ? { oid: commitOf(path), lfs } : { oid: lfs.oid }),
      }
    })
    const from = Number(url.searchParams.get('cursor') ?? 0)
    const to = from + entriesPerPage
    if (to < entries.length) {
      url.searchParams.set('cursor', String(to))
      response.setHeader('link', `<${addressOf(hub)}${url.pathname}${url.search}>; rel="next"`)
    }
    sendJson(request, response, entries.slice(from, to))
  }

  async function close(): Promise<void> {
    for (const server of [hub, storage]) {
      server.closeAllConnections()
      if (server.listening) await new Promise(resolve => server.close(resolve))
    }
  }
  return { url: addressOf(hub), requests, faults, token, close }
}

function addressOf(server: Server): string {
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}
