import { randomBytes } from 'node:crypto'
import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, describe, expect, it } from 'vitest'
import { InputError } from '../../core/input-error.ts'
import {
  blobNameOf,
  commitOf,
  type HubServer,
  type ServedRepository,
  serveHub,
} from '../../test/support/hub-server.ts'
import type { Progress } from '../terminal/progress.ts'
import { HubUnreachableError } from './hub-fetch.ts'
import type { HubRepository } from './hub-repository.ts'
import type { HubSettings } from './hub-settings.ts'
import { openSnapshot } from './snapshot.ts'

const root = mkdtempSync(join(tmpdir(), 'entrace-test-'))
const servers: HubServer[] = []
afterEach(() => Promise.all(servers.splice(0).map(server => server.close())))
afterAll(() => rmSync(root, { recursive: true }))

const large = new Uint8Array(randomBytes(300_000))
const small = new TextEncoder().encode('{"a": 1}\n')
const files = { 'config.json': small, 'folder/large.bin': large, a: small, b: small, empty: new Uint8Array() }
const repository: HubRepository = { type: 'model', id: 'org/name', revision: 'main' }
const blobName = blobNameOf(large)

async function setUp(changes: Partial<ServedRepository> = {}, token: string | null = null) {
  const server = await serveHub([{ id: 'models/org/name', revisions: { main: files }, ...changes }])
  servers.push(server)
  const cacheFolder = mkdtempSync(join(root, 'cache-'))
  const settings: HubSettings = { endpoint: server.url, token, isOffline: false, cacheFolder }
  const folder = join(cacheFolder, 'models--org--name')
  const said: string[] = []
  const shown = { total: 0, value: 0 }
  const progress: Progress = {
    start(_label, total) {
      shown.total = total
      return { advance: units => void (shown.value += units), refresh() {}, stop() {} }
    },
    say: message => void said.push(message),
  }
  const fetchLarge = async (changed: Partial<HubSettings> = {}) => {
    const snapshot = await openSnapshot({ ...settings, ...changed }, repository, progress)
    await snapshot.fetch(['folder/large.bin'])
    return new Uint8Array(readFileSync(join(snapshot.folder, 'folder/large.bin')))
  }
  const ofContent = () => server.requests.filter(({ host }) => host === 'storage')
  const sentBytes = () => ofContent().reduce((sum, request) => sum + request.sentBytes, 0)
  return { server, settings, folder, said, shown, progress, fetchLarge, ofContent, sentBytes }
}

async function refusal(work: Promise<unknown>): Promise<string> {
  const error = await work.then(
    () => null,
    (thrown: unknown) => thrown,
  )
  expect(error).toBeInstanceOf(InputError)
  return (error as InputError).message
}

describe('a snapshot', () => {
  it("lies as Python's huggingface_hub lays it out", async () => {
    const { settings, folder, progress, shown } = await setUp()
    const snapshot = await openSnapshot(settings, repository, progress)
    expect([...snapshot.paths].sort()).toEqual(Object.keys(files).sort())
    await snapshot.fetch(snapshot.paths)
    expect(readFileSync(join(folder, 'refs/main'), 'utf8')).toBe(commitOf('main'))
    expect(snapshot.folder).toBe(join(folder, 'snapshots', commitOf('main')))
    for (const [path, bytes] of Object.entries(files)) {
      expect(lstatSync(join(snapshot.folder, path)).isSymbolicLink()).toBe(true)
      expect(new Uint8Array(readFileSync(join(snapshot.folder, path)))).toEqual(bytes)
    }
    expect(readdirSync(join(folder, 'blobs')).sort()).toEqual(
      [...new Set(Object.values(files).map(blobNameOf))].sort(),
    )
    expect(shown.value).toBe(shown.total)
  })

  it('asks but for the commit when all is there, and for nothing when the commit is named', async () => {
    const { server, settings, progress, fetchLarge } = await setUp()
    await fetchLarge()
    server.requests.length = 0
    expect(await fetchLarge()).toEqual(large)
    expect(server.requests.map(({ path }) => path.replace(/\?.*/, ''))).toEqual([
      '/api/models/org/name/revision/main',
    ])
    await server.close()
    const pinned = await openSnapshot(settings, { ...repository, revision: commitOf('main') }, progress)
    await pinned.fetch(['folder/large.bin'])
  })

  it('uses the cache and says so when the Hub is away, and is silent when told to be offline', async () => {
    const { server, said, fetchLarge } = await setUp()
    await fetchLarge()
    await server.close()
    expect(await fetchLarge()).toEqual(large)
    expect(said.join()).toMatch(/org\/name: http:.* cannot be reached; using commit \w{12} from the cache/)
    said.length = 0
    expect(await fetchLarge({ isOffline: true })).toEqual(large)
    expect(said).toEqual([])
  })

  it('says what to do when what is wanted is not in the cache', async () => {
    const { server, settings, progress, fetchLarge } = await setUp()
    expect(await refusal(fetchLarge({ isOffline: true }))).toMatch(/revision main is not in .*HF_HUB_OFFLINE/)
    await fetchLarge()
    const offline = await openSnapshot({ ...settings, isOffline: true }, repository, progress)
    expect(await refusal(offline.fetch(['config.json']))).toMatch(/config\.json of commit .* is not in/)
    const online = await openSnapshot(settings, repository, progress)
    expect(await refusal(online.fetch(['none']))).toMatch(/none: commit .* has no such file/)
    await server.close()
    const elsewhere = openSnapshot(settings, { ...repository, id: 'org/other' }, progress)
    await expect(elsewhere).rejects.toThrow(HubUnreachableError)
    await expect(elsewhere).rejects.toThrow(/org\/other: .* cannot be reached \(ECONNREFUSED.*HF_ENDPOINT/)
  })

  it('reads a cache that another program filled, with the Hub away', async () => {
    const { server, settings, folder, progress } = await setUp()
    await server.close()
    mkdirSync(join(folder, 'refs'), { recursive: true })
    mkdirSync(join(folder, 'snapshots', commitOf('main')), { recursive: true })
    writeFileSync(join(folder, 'refs/main'), commitOf('main'))
    writeFileSync(join(folder, 'snapshots', commitOf('main'), 'config.json'), small)
    const snapshot = await openSnapshot(settings, repository, progress)
    expect(snapshot.paths).toEqual(['config.json'])
    await snapshot.fetch(['config.json'])
  })
})

describe('a download', () => {
  it('goes on where the connection broke off', async () => {
    const { server, fetchLarge, ofContent, sentBytes, shown } = await setUp()
    server.faults.push({ path: new RegExp(blobName), kind: 'cut', afterBytes: 100_000, times: 2 })
    expect(await fetchLarge()).toEqual(large)
    expect(ofContent().map(({ range }) => range)).toEqual(['bytes=0-', 'bytes=100000-', 'bytes=200000-'])
    expect(sentBytes()).toBe(large.length)
    expect(shown.value).toBe(large.length)
  })

  it.each([
    ['was given back', `${blobName}.incomplete`],
    [
      'belonged to a process that died',
      `${blobName}.${hostname()}-999999999-${crypto.randomUUID()}.incomplete`,
    ],
  ])('goes on with a part that %s', async (_, name) => {
    const { folder, fetchLarge, sentBytes } = await setUp()
    mkdirSync(join(folder, 'blobs'), { recursive: true })
    writeFileSync(join(folder, 'blobs', name), large.subarray(0, 123_456))
    expect(await fetchLarge()).toEqual(large)
    expect(sentBytes()).toBe(large.length - 123_456)
    expect(readdirSync(join(folder, 'blobs'))).toEqual([blobName])
  })

  it('leaves alone a part that a living process writes', async () => {
    const { folder, fetchLarge, sentBytes } = await setUp()
    const name = `${blobName}.${hostname()}-${process.ppid}-${crypto.randomUUID()}.incomplete`
    mkdirSync(join(folder, 'blobs'), { recursive: true })
    writeFileSync(join(folder, 'blobs', name), large.subarray(0, 9))
    expect(await fetchLarge()).toEqual(large)
    expect(sentBytes()).toBe(large.length)
    expect(existsSync(join(folder, 'blobs', name))).toBe(true)
  })

  it('starts again from wrong bytes, of a part or of the server', async () => {
    const { server, folder, fetchLarge, sentBytes } = await setUp()
    mkdirSync(join(folder, 'blobs'), { recursive: true })
    writeFileSync(join(folder, 'blobs', `${blobName}.incomplete`), new Uint8Array(50_000))
    expect(await fetchLarge()).toEqual(large)
    expect(sentBytes()).toBe(2 * large.length - 50_000)
    rmSync(folder, { recursive: true })
    server.faults.push({ path: new RegExp(blobName), kind: 'wrongBytes' })
    expect(await fetchLarge()).toEqual(large)
  })

  it.each([
    ['sha256', 'folder/large.bin', new RegExp(blobName)],
    ['git-sha1', 'config.json', /resolve/],
  ])('refuses bytes whose %s is wrong twice', async (algorithm, path, fault) => {
    const { server, settings, folder, progress } = await setUp()
    server.faults.push({ path: fault, kind: 'wrongBytes', times: 2 })
    const snapshot = await openSnapshot(settings, repository, progress)
    expect(await refusal(snapshot.fetch([path]))).toMatch(
      new RegExp(`org/name/${path}: ${algorithm} of what was downloaded, twice, is \\w+, expected`),
    )
    expect(readdirSync(join(folder, 'blobs'))).toEqual([])
  })

  it('takes the whole from a server that knows no ranges', async () => {
    const { server, folder, fetchLarge, shown } = await setUp()
    mkdirSync(join(folder, 'blobs'), { recursive: true })
    writeFileSync(join(folder, 'blobs', `${blobName}.incomplete`), large.subarray(0, 10))
    server.faults.push({ path: new RegExp(blobName), kind: 'noRanges' })
    expect(await fetchLarge()).toEqual(large)
    expect(shown.value).toBe(large.length)
  })

  it('waits when asked to, and through faults of the server', async () => {
    const { server, fetchLarge } = await setUp()
    server.faults.push(
      { path: /revision/, kind: 'status', status: 429, retryAfter: '1' },
      { path: /tree/, kind: 'status', status: 500 },
      { path: /resolve/, kind: 'status', status: 429, retryAfter: '0' },
      { path: new RegExp(blobName), kind: 'status', status: 503, times: 2 },
    )
    const startedMs = performance.now()
    expect(await fetchLarge()).toEqual(large)
    expect(performance.now() - startedMs).toBeGreaterThan(1000)
    expect(server.faults).toEqual([])
  })

  it('does not wait for as long as a server likes', async () => {
    const { server, fetchLarge, folder } = await setUp()
    server.faults.push({ path: /resolve/, kind: 'status', status: 429, retryAfter: '86400' })
    expect(await refusal(fetchLarge())).toMatch(/status 429, attempt 1 of 8, asks to wait 86400 s/)
    expect(readdirSync(join(folder, 'blobs'))).toEqual([])
  })

  it('keeps what it has when it gives up', async () => {
    const { server, fetchLarge, folder, sentBytes } = await setUp()
    server.faults.push({ path: new RegExp(blobName), kind: 'cut', afterBytes: 1000 })
    server.faults.push({ path: new RegExp(blobName), kind: 'status', status: 429, retryAfter: '86400' })
    await refusal(fetchLarge())
    expect(readdirSync(join(folder, 'blobs'))).toEqual([`${blobName}.incomplete`])
    expect(await fetchLarge()).toEqual(large)
    expect(sentBytes()).toBe(large.length)
  })

  it('is made by two at once without harm', async () => {
    const { folder, fetchLarge } = await setUp()
    expect(await Promise.all([fetchLarge(), fetchLarge()])).toEqual([large, large])
    expect(readdirSync(join(folder, 'blobs'))).toEqual([blobName])
  })

  it('is not begun when the disk has no room', async () => {
    const { settings, folder, progress, fetchLarge } = await setUp()
    await openSnapshot(settings, repository, progress)
    const listing = join(folder, 'listings', `${commitOf('main')}.json`)
    const listed = readFileSync(listing, 'utf8').replace(`:${large.length},`, `:${2 ** 60},`)
    writeFileSync(listing, listed)
    expect(await refusal(fetchLarge())).toMatch(/are to be downloaded, found .* free at .*HF_HOME/)
  })
})

describe('access', () => {
  it('sends the token to the Hub alone', async () => {
    const { server, fetchLarge } = await setUp({ access: 'private' }, 'hf_of-the-test')
    expect(await fetchLarge()).toEqual(large)
    for (const { host, authorization } of server.requests)
      expect(authorization).toBe(host === 'hub' ? 'Bearer hf_of-the-test' : undefined)
  })

  it.each<[string, Partial<ServedRepository>, string | null, RegExp]>([
    ['no token', { access: 'private' }, null, /asks who you are \(status 401\).*set HF_TOKEN/],
    ['a wrong token', { access: 'private' }, 'hf_wrong', /does not accept HF_TOKEN for it \(status 401\)/],
    [
      'a gated repository',
      { access: 'gated' },
      'hf_x',
      /refuses access .*accept its conditions .*of HF_TOKEN/,
    ],
    ['no such repository', { id: 'models/org/other' }, null, /no such repository, check the name/],
    ['no such revision', { revisions: { dev: files } }, null, /no such revision; check what is behind the @/],
  ])('%s', async (_, changes, token, message) => {
    const { fetchLarge, server } = await setUp(changes, token)
    expect(await refusal(fetchLarge())).toMatch(message)
    // A refusal is final: nothing is asked again.
    expect(server.requests).toEqual([])
  })

  it('refuses a listing that leads out of the cache', async () => {
    const { fetchLarge } = await setUp({ revisions: { main: { '../../x': small } } })
    expect(await refusal(fetchLarge())).toMatch(/lists the file "\.\.\/\.\.\/x"/)
  })
})
