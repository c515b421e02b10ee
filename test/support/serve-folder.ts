import { createReadStream, statSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'

/** A server of ranges of a folder's files, and what it was asked for. */
export interface FolderServer {
  address: string
  requests: number
  bytes: number
  close(): void
}

/** Serves the files of a folder by ranges, as a web server does. */
export async function serveFolder(folder: string): Promise<FolderServer> {
  const served: FolderServer = { address: '', requests: 0, bytes: 0, close: () => server.close() }
  const server = createServer((request, response) => {
    const path = join(folder, request.url ?? '')
    const { size } = statSync(path)
    const [, first, last] = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? '')?.map(Number) ?? []
    if (first === undefined || last === undefined || last >= size) return void response.writeHead(416).end()
    served.requests++
    served.bytes += last - first + 1
    response.writeHead(206, {
      'Content-Range': `bytes ${first}-${last}/${size}`,
      'Content-Length': last - first + 1,
    })
    createReadStream(path, { start: first, end: last }).pipe(response)
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  served.address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return served
}
