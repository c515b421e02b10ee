import { randomUUID } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { copyFile, link, mkdir, rename, rm, stat, statfs, symlink, writeFile } from 'node:fs/promises'
import { dirname, join, relative, sep } from 'node:path'
import { getRepoFolderName } from '@huggingface/hub'
import { z } from 'zod'
import type { ByteSource } from '../../core/files/byte-source.ts'
import type { ModelFiles } from '../../core/files/weight-files.ts'
import { formatBytes } from '../../core/format-number.ts'
import { InputError } from '../../core/input-error.ts'
import type { Progress } from '../terminal/progress.ts'
import { downloadFile } from './download-file.ts'
import {
  bodyChunks,
  type HubSettings,
  HubUnreachableError,
  PassingFault,
  requestOnce,
  withRetries,
} from './hub-fetch.ts'
import { type HubRepository, isCommit } from './hub-repository.ts'
import { type HubFile, hubFilesSchema, listFilesAt, resolveCommit } from './repository-listing.ts'

/** A repository at one commit, in the cache: `refs`, `blobs` and `snapshots` as Python's huggingface_hub lays them out. */
export type Snapshot = Awaited<ReturnType<typeof openSnapshot>>

/**
 * Opens a repository at its revision. The Hub is asked which commit that is, unless it is one or HF_HUB_OFFLINE is set;
 * where the Hub cannot be reached, the commit that the cache remembers is taken and the user is told. Throws InputError.
 */
export async function openSnapshot(settings: HubSettings, repository: HubRepository, progress: Progress) {
  const { type, id } = repository
  const root = join(settings.cacheFolder, getRepoFolderName({ type, name: id }))
  const cached: CachedRepository = { settings, repository, root, progress }
  const explain = (error: unknown) => {
    throw asDiskError(root, error)
  }
  try {
    const { commit, isOffline } = await chooseCommit(cached)
    const folder = join(root, 'snapshots', commit)
    const files = isOffline ? readListing(root, commit) : await listOnce(cached, commit)
    const paths = files?.map(({ path }) => path) ?? cachedPaths(folder)
    const fetchFiles = async (wanted: readonly string[]) => {
      const missing = wanted.filter(path => !isWhole(join(folder, path), files, path))
      if (missing.length === 0) return
      const listed = files?.filter(({ path }) => missing.includes(path)) ?? []
      if (isOffline || files === null)
        throw new InputError(
          `${id}: ${missing.join(', ')} of commit ${commit.slice(0, 12)} is not in ${root}, and the Hub is not at hand; ` +
            'run once where it can be reached, without HF_HUB_OFFLINE',
        )
      if (listed.length < missing.length)
        throw new InputError(`${id}: ${missing.join(', ')}: commit ${commit.slice(0, 12)} has no such file`)
      await download(cached, commit, listed)
    }
    return {
      repository,
      commit,
      /** Folder of the commit, where files stand under their names once they are fetched. */
      folder,
      /** Paths of all files of the commit; where neither Hub nor listing is at hand, of those that are in the cache. */
      paths,
      /** Has these files in the folder, whole and checked; downloads what is missing. Throws InputError. */
      fetch: (wanted: readonly string[]) => fetchFiles(wanted).catch(explain),
      /** Files as they lie on the Hub, read by ranges and not kept; null where all of these are in the folder, or the Hub is not at hand. */
      remote(wanted: readonly string[]): ModelFiles | null {
        const isThere = wanted.every(path => isWhole(join(folder, path), files, path))
        if (isThere || isOffline || files === null) return null
        const open = async (path: string) => {
          const listed = files.find(file => file.path === path)
          return listed ? hubByteSource(cached, commit, listed) : null
        }
        return { name: id, open }
      },
    }
  } catch (error) {
    return explain(error)
  }
}

interface CachedRepository {
  settings: HubSettings
  repository: HubRepository
  root: string
  progress: Progress
}

/** The commit of a revision, from the Hub or else from the cache, and whether the Hub is to be left alone. */
async function chooseCommit(cached: CachedRepository): Promise<{ commit: string; isOffline: boolean }> {
  const { settings, repository, root, progress } = cached
  const { id, revision } = repository
  if (isCommit(revision)) return { commit: revision, isOffline: settings.isOffline }
  const ref = join(root, 'refs', ...revision.split('/'))
  const remembered = existsSync(ref) ? readFileSync(ref, 'utf8').trim() : null
  const known = remembered !== null && isCommit(remembered) ? remembered : null
  if (settings.isOffline) {
    if (known !== null) return { commit: known, isOffline: true }
    throw new InputError(
      `${id}: revision ${revision} is not in ${root}, and HF_HUB_OFFLINE is set; run once without it`,
    )
  }
  try {
    const commit = await resolveCommit(settings, repository, known === null ? 3 : 2)
    if (commit !== known) await writeShared(ref, commit)
    return { commit, isOffline: false }
  } catch (error) {
    if (known === null || !(error instanceof HubUnreachableError)) throw error
    progress.say(
      `${id}: ${settings.endpoint} cannot be reached; using commit ${known.slice(0, 12)} from the cache`,
    )
    return { commit: known, isOffline: true }
  }
}

/** The files of a commit, which never change, so that the Hub is asked once; null where it cannot be, but the cache has some. */
async function listOnce({ settings, repository, root, progress }: CachedRepository, commit: string) {
  const known = readListing(root, commit)
  if (known) return known
  try {
    const files = await listFilesAt(settings, repository, commit)
    await writeShared(listingPath(root, commit), JSON.stringify(files))
    return files
  } catch (error) {
    const isCached = existsSync(join(root, 'snapshots', commit))
    if (!isCached || !(error instanceof HubUnreachableError)) throw error
    progress.say(`${repository.id}: ${settings.endpoint} cannot be reached; using what the cache holds`)
    return null
  }
}

/** The list that the cache keeps; null where there is none, or it is cut or damaged: then it is fetched again. */
function readListing(root: string, commit: string): HubFile[] | null {
  const path = listingPath(root, commit)
  try {
    return existsSync(path) ? hubFilesSchema.parse(JSON.parse(readFileSync(path, 'utf8'))) : null
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof z.ZodError) return null
    throw error
  }
}

function listingPath(root: string, commit: string): string {
  return join(root, 'listings', `${commit}.json`)
}

/** Writes a small file that another process may write, and any may read, at the same time. */
async function writeShared(path: string, text: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true })
  const staging = `${path}.${randomUUID()}`
  await writeFile(staging, text)
  await rename(staging, path)
}

function cachedPaths(folder: string): string[] {
  if (!existsSync(folder)) return []
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' })
  return names.filter(name => isWhole(join(folder, name), null, name)).map(name => name.split(sep).join('/'))
}

/** Whether a file is in the cache; its digest was checked when it came, its size is now. */
function isWhole(path: string, files: readonly HubFile[] | null, name: string): boolean {
  const stats = statSync(path, { throwIfNoEntry: false })
  const size = files?.find(file => file.path === name)?.sizeBytes
  return stats?.isFile() === true && (size === undefined || stats.size === size)
}

async function download(
  { settings, repository, root, progress }: CachedRepository,
  commit: string,
  files: readonly HubFile[],
): Promise<void> {
  const { id } = repository
  const blobs = join(root, 'blobs')
  await mkdir(blobs, { recursive: true })
  const total = files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)
  const { bavail, bsize } = await statfs(blobs)
  if (total > bavail * bsize)
    throw new InputError(
      `${id}: ${formatBytes(total)} are to be downloaded, found ${formatBytes(bavail * bsize)} free at ${root}; ` +
        'make room, or name another folder with HF_HOME',
    )
  const stage = progress.start(`downloading ${id}`, total, 'bytes')
  try {
    for (const { path, sizeBytes, digest } of files) {
      const blobPath = join(blobs, digest.hex)
      const stats = await stat(blobPath).catch(() => null)
      if (stats?.size === sizeBytes) stage.advance(sizeBytes)
      else {
        const url = addressOf(settings, repository, commit, path)
        const request = { name: `${id}/${path}`, url, blobPath, sizeBytes, digest }
        await downloadFile(settings, request, bytes => stage.advance(bytes))
      }
      await placeFile(blobPath, join(root, 'snapshots', commit, path))
    }
  } finally {
    stage.stop()
  }
}

function addressOf(settings: HubSettings, { type, id }: HubRepository, commit: string, path: string): string {
  const address = [type === 'dataset' ? 'datasets/' : '', id, '/resolve/', commit].join('')
  return `${settings.endpoint}/${address}/${path.split('/').map(encodeURIComponent).join('/')}`
}

const rangeAttempts = 5

function hubByteSource(
  { settings, repository }: CachedRepository,
  commit: string,
  { path, sizeBytes: byteLength }: HubFile,
): ByteSource {
  const name = `${repository.id}/${path}`
  const url = addressOf(settings, repository, commit, path)
  const readRange = (start: number, end: number) => async () => {
    const headers = { range: `bytes=${start}-${end - 1}`, 'accept-encoding': 'identity' }
    const response = await requestOnce(settings, name, url, { headers })
    const isRange = response.headers.get('content-range')?.startsWith(`bytes ${start}-${end - 1}/`)
    if (response.status !== 206 || !isRange) {
      await response.body?.cancel()
      throw new InputError(
        `${name}: ${settings.endpoint} served no range of it (status ${response.status}), expected bytes ${start} to ${end - 1}; ` +
          'try another mirror with HF_ENDPOINT, or download the file',
      )
    }
    const bytes = new Uint8Array(end - start)
    let at = 0
    for await (const chunk of response.body ? bodyChunks(response.body) : []) {
      if (at + chunk.length > bytes.length) throw new PassingFault('more bytes than were asked for')
      bytes.set(chunk, at)
      at += chunk.length
    }
    if (at < bytes.length) throw new PassingFault('fewer bytes than were asked for')
    return bytes.buffer
  }
  return {
    name,
    byteLength,
    async slice(start, end = byteLength) {
      if (!(start >= 0 && start <= end && end <= byteLength))
        throw new RangeError(`${name}: bytes [${start}, ${end}) are not within its ${byteLength} bytes`)
      if (start === end) return new ArrayBuffer(0)
      return withRetries(settings, name, rangeAttempts, readRange(start, end))
    },
  }
}

/** Node's error about a file as one that says what to do; any other as it is. */
function asDiskError(root: string, error: unknown): unknown {
  const { code, syscall } = error as NodeJS.ErrnoException
  if (error instanceof InputError || syscall === undefined) return error
  return new InputError(
    `${root}: the cache of the Hub cannot be written (${code}); fix it, or name another folder with HF_HOME`,
    { cause: error },
  )
}

/**
 * Shows a blob under a file's name: by a symbolic link, by a hard one where the system's rules allow no other, or as a
 * copy where the file system knows neither. Other processes may do the same at the same time.
 */
export async function placeFile(blobPath: string, path: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true })
  const staging = `${path}.${randomUUID()}`
  try {
    await symlink(relative(dirname(path), blobPath), staging)
      .catch(() => link(blobPath, staging))
      .catch(() => copyFile(blobPath, staging))
    await rename(staging, path)
  } catch (error) {
    await rm(staging, { force: true })
    throw error
  }
}
