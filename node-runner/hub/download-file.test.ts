import { fork } from 'node:child_process'
import { once } from 'node:events'
import {
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, describe, expect, it, vi } from 'vitest'
import { blobName, large, refusal, repository, serveCache } from '../../test/support/hub-cache.ts'
import { commitOf, type HubServer } from '../../test/support/hub-server.ts'
import { openSnapshot } from './snapshot.ts'

const root = mkdtempSync(join(tmpdir(), 'entrace-test-'))
const servers: HubServer[] = []
afterEach(() => Promise.all(servers.splice(0).map(server => server.close())))
afterAll(() => rmSync(root, { recursive: true }))
const setUp = () => serveCache(root, servers)

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

  it.each([
    ['this host, however long silent', hostname(), 1, 130, false],
    ['another host, as long as a server may be waited for', 'elsewhere', 1, 500, false],
    ['another host, silent for longer', 'elsewhere', 1, 700, true],
    ['this host, whose number another process has by now', hostname(), process.ppid, 1e9, true],
  ])('takes over a part of a process of %s: %s %d %d %s', async (_, host, pid, silentSeconds, isTaken) => {
    const { folder, fetchLarge, sentBytes } = await setUp()
    const path = join(folder, 'blobs', `${blobName}.${host}-${pid}-${crypto.randomUUID()}.incomplete`)
    mkdirSync(join(folder, 'blobs'), { recursive: true })
    writeFileSync(path, large.subarray(0, 1000))
    const heard = new Date(Date.now() - silentSeconds * 1000)
    utimesSync(path, heard, heard)
    expect(await fetchLarge()).toEqual(large)
    expect(sentBytes()).toBe(isTaken ? large.length - 1000 : large.length)
    expect(existsSync(path)).toBe(!isTaken)
  })

  it('begins anew where another took its part for dead', async () => {
    const { server, folder, fetchLarge, ofContent } = await setUp()
    server.faults.push(
      { path: new RegExp(blobName), kind: 'cut', afterBytes: 100_000 },
      { path: new RegExp(blobName), kind: 'status', status: 429, retryAfter: '1' },
    )
    const fetching = fetchLarge()
    const blobs = join(folder, 'blobs')
    await vi.waitUntil(() => server.faults.length === 0, { timeout: 240_000 })
    const [own] = readdirSync(blobs)
    const other = own!.replace(hostname(), 'elsewhere')
    renameSync(join(blobs, own!), join(blobs, other))
    expect(await fetching).toEqual(large)
    expect(ofContent().at(-1)!.range).toBe('bytes=0-')
    expect(readdirSync(blobs).sort()).toEqual([blobName, other].sort())
  })

  it('is neither ended nor thrown away by the page of a network that wants a login', async () => {
    const { server, folder, fetchLarge, sentBytes } = await setUp()
    server.faults.push(
      { path: new RegExp(blobName), kind: 'cut', afterBytes: 1000 },
      { path: new RegExp(blobName), kind: 'page' },
    )
    expect(await refusal(fetchLarge())).toMatch(
      /large\.bin: http:.* answered with a web page .*log in, check HF_ENDPOINT/,
    )
    expect(readdirSync(join(folder, 'blobs'))).toEqual([`${blobName}.incomplete`])
    expect(await fetchLarge()).toEqual(large)
    expect(sentBytes()).toBe(large.length)
  })

  it.each([
    ['a symbolic link', symlinkSync],
    ['a hard link', linkSync],
  ])('follows no link in the place of a part: %s', async (_, link) => {
    const { folder, fetchLarge } = await setUp()
    const elsewhere = join(folder, 'elsewhere')
    mkdirSync(join(folder, 'blobs'), { recursive: true })
    writeFileSync(elsewhere, 'of somebody else')
    link(elsewhere, join(folder, 'blobs', `${blobName}.incomplete`))
    expect(await fetchLarge()).toEqual(large)
    expect(readFileSync(elsewhere, 'utf8')).toBe('of somebody else')
    expect(lstatSync(join(folder, 'blobs', blobName)).isFile()).toBe(true)
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
      { path: new RegExp(blobName), kind: 'status', status: 503 },
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

  it('is made by two processes at once without harm', async () => {
    const { server, settings, folder, ofContent } = await setUp()
    // Each has a part and waits to go on with it.
    server.faults.push({ path: new RegExp(blobName), kind: 'cut', afterBytes: 100_000, times: 2 })
    const asked = JSON.stringify([settings, repository, 'folder/large.bin'])
    const processes = [0, 1].map(() => fork('test/support/fetching-process.ts', [asked]))
    await Promise.all(processes.map(child => once(child, 'message')))
    const ended = processes.map(child => once(child, 'exit'))
    for (const child of processes) child.send('go')
    expect(await Promise.all(ended)).toEqual([
      [0, null],
      [0, null],
    ])
    const ranges = ofContent().map(({ range }) => range)
    // Neither takes the other for dead, and goes on with its part; one that comes late finds the whole.
    const beginnings = ranges.filter(range => range === 'bytes=0-').length
    expect(beginnings === 2 || ranges.length <= 3, ranges.join()).toBe(true)
    expect(readdirSync(join(folder, 'blobs'))).toEqual([blobName])
    const shown = join(folder, 'snapshots', commitOf('main'), 'folder')
    expect(readdirSync(shown)).toEqual(['large.bin'])
    expect(new Uint8Array(readFileSync(join(shown, 'large.bin')))).toEqual(large)
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
