import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type Server,
  type ServerResponse,
} from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { InputError } from '../input-error.ts'
import { httpModelFiles, openHttpByteSource } from './http-byte-source.ts'

const ten = Uint8Array.from({ length: 10 }, (_, index) => index)
const servers: Server[] = []
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections()
    server.close()
  }
})

/** Serves with `answer`, and gives an address of it. */
async function serve(answer: RequestListener): Promise<string> {
  const server = createServer(answer)
  servers.push(server)
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/ten.bin`
}

/** Answers as a server with ranges does, unless `changes` says otherwise. */
function answerRange(
  request: IncomingMessage,
  response: ServerResponse,
  bytes: Uint8Array,
  changes: { contentRange?: string; sent?: number; headers?: Record<string, string> } = {},
): void {
  const [, first, last] = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? '')!.map(Number)
  if (first! >= bytes.length)
    return void response.writeHead(416, { 'Content-Range': `bytes */${bytes.length}` }).end()
  const end = Math.min(last! + 1, bytes.length)
  response.writeHead(206, {
    'Content-Range': changes.contentRange ?? `bytes ${first}-${end - 1}/${bytes.length}`,
    ...changes.headers,
  })
  response.end(bytes.subarray(first, changes.sent === undefined ? end : first! + changes.sent))
}

describe('openHttpByteSource', () => {
  it('reads ranges, and refuses those outside the file without a request', async () => {
    const ranges: (string | undefined)[] = []
    const address = await serve((request, response) => {
      ranges.push(request.headers.range)
      answerRange(request, response, ten)
    })
    const source = (await openHttpByteSource(address))!
    expect(source).toMatchObject({ name: address, byteLength: 10, version: null })
    expect([...new Uint8Array(await source.slice(3, 6))]).toEqual([3, 4, 5])
    expect([...new Uint8Array(await source.slice(8))]).toEqual([8, 9])
    expect((await source.slice(10)).byteLength).toBe(0)
    for (const [start, end] of [
      [-1, 2],
      [5, 4],
      [0, 11],
      [Number.NaN, 2],
    ] as const)
      await expect(source.slice(start, end)).rejects.toThrow(RangeError)
    expect(ranges).toEqual(['bytes=0-0', 'bytes=3-5', 'bytes=8-9'])
  })

  it('opens an empty file, and finds none at 404', async () => {
    const empty = await openHttpByteSource(await serve((q, r) => answerRange(q, r, new Uint8Array(0))))
    expect(empty).toMatchObject({ byteLength: 0 })
    expect((await empty!.slice(0)).byteLength).toBe(0)
    expect(await openHttpByteSource(await serve((_, response) => response.writeHead(404).end()))).toBeNull()
  })

  it.each<[string, RequestListener, RegExp]>([
    ['a server without ranges', (_, r) => r.end(ten), /ignored the range .*HTTP 200/],
    ['a refusal', (_, r) => r.writeHead(403).end(), /refused with HTTP 403/],
    ['a 416 for the first byte of a file that has one', (_, r) => r.writeHead(416).end(), /HTTP 416/],
    ['no Content-Range', (_, r) => r.writeHead(206).end('0'), /Content-Range is missing/],
    [
      'an unknown length',
      (q, r) => answerRange(q, r, ten, { contentRange: 'bytes 0-0/*' }),
      /Content-Range is bytes 0-0\/\*, expected bytes 0-0\/LENGTH/,
    ],
    [
      'another range',
      (q, r) => answerRange(q, r, ten, { contentRange: 'bytes 1-1/10' }),
      /Content-Range is bytes 1-1\/10/,
    ],
    ['more bytes than asked', (q, r) => answerRange(q, r, ten, { sent: 3 }), /came as 3 bytes, expected 1/],
    ['no bytes', (q, r) => answerRange(q, r, ten, { sent: 0 }), /came as 0 bytes, expected 1/],
  ])('refuses %s', async (_, answer, message) => {
    const address = await serve(answer)
    const opened = openHttpByteSource(address)
    await expect(opened).rejects.toThrow(InputError)
    await expect(opened).rejects.toThrow(message)
    await expect(opened).rejects.toThrow(address)
  })

  it.each<[string, RequestListener]>([
    ['becomes longer', (q, r) => answerRange(q, r, new Uint8Array(11))],
    ['becomes shorter than the range', (q, r) => answerRange(q, r, new Uint8Array(4))],
    ['gets another ETag', (q, r) => answerRange(q, r, ten, { headers: { ETag: '"2"' } })],
  ])('notices a file that %s', async (_, later) => {
    let requests = 0
    const address = await serve((request, response) => {
      if (requests++ === 0) answerRange(request, response, ten, { headers: { ETag: '"1"' } })
      else later(request, response)
    })
    const source = (await openHttpByteSource(address))!
    await expect(source.slice(4, 8)).rejects.toThrow(/changed on the server .* had 10 bytes/)
  })

  it('blames the server for its failures and the connection for its own, not the input', async () => {
    const failing = openHttpByteSource(await serve((_, response) => response.writeHead(503).end()))
    await expect(failing).rejects.toThrow(/failed with HTTP 503/)
    await expect(failing).rejects.not.toThrow(InputError)

    let requests = 0
    const breaking = await serve((request, response) => {
      if (requests++ === 0) answerRange(request, response, ten, { headers: { ETag: '"1"' } })
      else response.writeHead(500).end()
    })
    await expect((await openHttpByteSource(breaking))!.slice(4, 8)).rejects.toThrow(/failed with HTTP 500/)

    const cut = openHttpByteSource(
      await serve((_, response) => {
        response.writeHead(206, { 'Content-Range': 'bytes 0-0/10', 'Content-Length': '1' })
        response.flushHeaders()
        response.destroy()
      }),
    )
    await expect(cut).rejects.toThrow(/bytes \[0, 1\) could not be fetched/)
    await expect(cut).rejects.not.toThrow(InputError)

    const address = await serve(() => {})
    servers.pop()!.close()
    await expect(openHttpByteSource(address)).rejects.toThrow(/could not be fetched \(.*ECONNREFUSED/)
  })
})

describe('httpModelFiles', () => {
  afterEach(() => vi.unstubAllGlobals())

  it.each(['https://host/a model', 'https://host/a model/'])(
    'opens files beside one another in %s',
    async folder => {
      const asked: string[] = []
      vi.stubGlobal('fetch', async (address: string) => {
        asked.push(address)
        if (!address.endsWith('config.json')) return new Response(null, { status: 404 })
        return new Response('{', { status: 206, headers: { 'Content-Range': 'bytes 0-0/505' } })
      })
      const files = httpModelFiles(folder)
      expect(files.name).toBe(folder)
      expect(await files.open('config.json')).toMatchObject({ byteLength: 505 })
      // A name is one file's, whatever is in it.
      expect(await files.open('weights?#/..')).toBeNull()
      expect(asked).toEqual(['https://host/a model/config.json', 'https://host/a model/weights%3F%23%2F..'])
    },
  )
})
