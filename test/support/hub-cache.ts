import { randomBytes } from 'node:crypto'
import { mkdtempSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'vitest'
import { InputError } from '../../core/input-error.ts'
import type { HubSettings } from '../../node-runner/hub/hub-fetch.ts'
import type { HubRepository } from '../../node-runner/hub/hub-repository.ts'
import { openSnapshot } from '../../node-runner/hub/snapshot.ts'
import type { Progress } from '../../node-runner/terminal/progress.ts'
import { blobNameOf, type HubServer, type ServedRepository, serveHub } from './hub-server.ts'

/** A file that is kept as a large one. */
export const large = new Uint8Array(randomBytes(300_000))
/** A file that is not. */
export const small = new TextEncoder().encode('{"a": 1}\n')
/** Files of the repository that the server holds, by their paths. */
export const files: Record<string, Uint8Array> = {
  'config.json': small,
  'folder/large.bin': large,
  a: small,
  b: small,
  empty: new Uint8Array(),
}
/** That repository. */
export const repository: HubRepository = { type: 'model', id: 'org/name', revision: 'main' }
/** Name of the large file's content in the cache. */
export const blobName = blobNameOf(large)

/** A server with a repository, and a new cache in `root`. The test closes what is added to `servers`. */
export async function serveCache(
  root: string,
  servers: HubServer[],
  changes: Partial<ServedRepository> = {},
  token: string | null = null,
) {
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

/** The message of the InputError with which work is refused. */
export async function refusal(work: Promise<unknown>): Promise<string> {
  const error = await work.then(
    () => null,
    (thrown: unknown) => thrown,
  )
  expect(error).toBeInstanceOf(InputError)
  return (error as InputError).message
}
