import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, describe, expect, it } from 'vitest'
import { files, large, refusal, repository, serveCache } from '../../test/support/hub-cache.ts'
import { commitOf, type HubServer } from '../../test/support/hub-server.ts'
import type { HubSettings } from './hub-fetch.ts'
import { listFilesAt, resolveCommit } from './repository-listing.ts'
import { openSnapshot } from './snapshot.ts'

const root = mkdtempSync(join(tmpdir(), 'entrace-test-'))
const servers: Pick<HubServer, 'close'>[] = []
afterEach(() => Promise.all(servers.splice(0).map(server => server.close())))
afterAll(() => rmSync(root, { recursive: true }))

/** Settings of a server that answers so. */
async function serve(
  answer: (response: ServerResponse, request: IncomingMessage) => void,
): Promise<HubSettings> {
  const server = createServer((request, response) => answer(response, request))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  servers.push({
    async close() {
      server.closeAllConnections()
      server.close()
    },
  })
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return { endpoint, token: null, isOffline: false, cacheFolder: root }
}
const list = (settings: HubSettings) => listFilesAt(settings, repository, commitOf('main'))
const file = { type: 'file', path: 'a', size: 1, oid: '0'.repeat(40) }

describe('a list of files', () => {
  it('that has no last page is given up', async () => {
    let pages = 0
    const settings = await serve((response, { headers }) => {
      response.setHeader('link', `<http://${headers.host}/api/page?cursor=${++pages}>; rel="next"`)
      response.end(JSON.stringify([file]))
    })
    expect(await refusal(list(settings))).toMatch(/org\/name: http:.* lists its files on more than 500 pages/)
    expect(pages).toBe(500)
  })

  it('that has no end is given up', async () => {
    const settings = await serve(response => {
      const write = (): void => void response.write(' '.repeat(2 ** 20), error => error || write())
      write()
    })
    expect(await refusal(list(settings))).toMatch(
      /org\/name: http:.* describes it in more than 64000000 bytes/,
    )
  })

  it('goes on at no other address', async () => {
    const settings = await serve(response => {
      response.setHeader('link', '<http://169.254.169.254/latest>; rel="next"').end(JSON.stringify([file]))
    })
    expect(await refusal(list(settings))).toMatch(
      /next page of its list at another address, http:\/\/169\.254/,
    )
  })

  it.each([
    ['an object', '{}', /answered with "\{\}" in place of/],
    ['null', 'null', /answered with "null"/],
    ['a list of others', '[7]', /answered with "\[7\]"/],
    ['a cut one', '[{"type": "file", "pa', /answered with "\[\{\\"type\\"/],
    ['a page that does not say so', '<html>Log in</html>', /answered with "<html>Log in/],
    ['a path that leads out', JSON.stringify([{ ...file, path: '../a' }]), /lists the file "\.\.\/a"/],
    [
      'half a pair in a path',
      JSON.stringify([{ ...file, path: '\ud800' }]),
      /lists the file ".*", expected a path/,
    ],
    ['a size below 0', JSON.stringify([{ ...file, size: -1 }]), /lists the file "a" of -1 bytes/],
    ['a digest that is none', JSON.stringify([{ ...file, oid: '../../a' }]), /with digest "\.\.\/\.\.\/a"/],
  ])('is none: %s', async (_, answer, message) => {
    expect(await refusal(list(await serve(response => response.end(answer))))).toMatch(message)
  })
})

const nested = `{"sha": "${commitOf('main')}", "tags": ${'['.repeat(40)}${']'.repeat(40)}}`

it.each(['null', '[]', '{"sha": 7}', '{"sha": "main"}', '{"sh', nested])(
  'takes no commit from %s',
  async answer => {
    const settings = await serve(response => response.end(answer))
    expect(await refusal(resolveCommit(settings, repository, 1))).toMatch(/^org\/name: http:/)
  },
)

it.each(['revision', 'tree'])('takes no web page for an answer: %s', async kind => {
  const { server, settings, progress } = await serveCache(root, servers as HubServer[])
  server.faults.push({ path: new RegExp(kind), kind: 'page' })
  const message = await refusal(openSnapshot(settings, repository, progress))
  expect(message).toMatch(/org\/name(@\w+)?: http:.* answered with a web page in place of what was asked for/)
})

it.each([
  ['cut', (path: string) => truncateSync(path, 40)],
  ['empty', (path: string) => truncateSync(path)],
  ['of another form', (path: string) => writeFileSync(path, '{"a": 1}')],
  [
    'with a path that leads out',
    (path: string) =>
      writeFileSync(path, readFileSync(path, 'utf8').replace('config.json', '../config.json')),
  ],
])('fetches a cached list again that is %s', async (_, damage) => {
  const { settings, folder, progress, fetchLarge, server } = await serveCache(root, servers as HubServer[])
  expect(await fetchLarge()).toEqual(large)
  const listing = join(folder, 'listings', `${commitOf('main')}.json`)
  const whole = readFileSync(listing, 'utf8')
  damage(listing)
  const snapshot = await openSnapshot(settings, repository, progress)
  expect([...snapshot.paths].sort()).toEqual(Object.keys(files).sort())
  expect(readFileSync(listing, 'utf8')).toBe(whole)
  damage(listing)
  await server.close()
  expect(await fetchLarge({ isOffline: true })).toEqual(large)
  expect(existsSync(listing)).toBe(true)
})
