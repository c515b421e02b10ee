import {
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { copyFile, link, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, describe, expect, it, vi } from 'vitest'
import { files, large, refusal, repository, serveCache, small } from '../../test/support/hub-cache.ts'
import { blobNameOf, commitOf, type HubServer, type ServedRepository } from '../../test/support/hub-server.ts'
import { HubUnreachableError } from './hub-fetch.ts'
import { openSnapshot, placeFile } from './snapshot.ts'

const root = mkdtempSync(join(tmpdir(), 'entrace-test-'))
const servers: HubServer[] = []
afterEach(() => Promise.all(servers.splice(0).map(server => server.close())))
afterAll(() => rmSync(root, { recursive: true }))
const setUp = (...changes: [Partial<ServedRepository>?, (string | null)?]) =>
  serveCache(root, servers, ...changes)

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

// As they are, but for calls that are told to fail.
vi.mock('node:fs/promises', { spy: true })

const folder = mkdtempSync(join(tmpdir(), 'entrace-test-'))
afterAll(() => rmSync(folder, { recursive: true }))
const blob = join(folder, 'blob')
writeFileSync(blob, 'content')

/** Has the next symbolic link, and the next hard one if two are to be refused, fail with a code. */
function refuse(count: number, code: string): Error {
  const error = Object.assign(new Error(code), { code })
  for (const make of [symlink, link].slice(0, count)) vi.mocked(make).mockRejectedValueOnce(error)
  return error
}

describe('a file of the cache', () => {
  it('is a link to its content, which takes the place of what was there', async () => {
    const path = join(folder, 'linked/file')
    await placeFile(blob, path)
    expect(readlinkSync(path)).toBe(join('..', 'blob'))
    await placeFile(blob, path)
    expect(readFileSync(path, 'utf8')).toBe('content')
    expect(readdirSync(join(folder, 'linked'))).toEqual(['file'])
  })

  it.each([
    ['a hard link', 1, 2],
    ['a copy', 2, 1],
  ])('is %s where the system allows no better', async (name, refused, links) => {
    const path = join(folder, name, 'file')
    refuse(refused, 'EPERM')
    await placeFile(blob, path)
    const stats = lstatSync(path)
    expect([stats.isSymbolicLink(), stats.nlink]).toEqual([false, links])
    expect(readFileSync(path, 'utf8')).toBe('content')
    expect(readdirSync(join(folder, name))).toEqual(['file'])
    rmSync(path)
  })

  it('is not there, nor half of it, where the disk is full', async () => {
    const full = refuse(2, 'ENOSPC')
    vi.mocked(copyFile).mockImplementationOnce(async (_, to) => {
      writeFileSync(to as string, 'con')
      throw full
    })
    await expect(placeFile(blob, join(folder, 'full/file'))).rejects.toBe(full)
    expect(readdirSync(join(folder, 'full'))).toEqual([])
  })
})
