import { datasetInfo, listFiles, modelInfo } from '@huggingface/hub'
import { InputError } from '../../core/input-error.ts'
import { requestOnce, withRetries } from './hub-fetch.ts'
import { type HubRepository, isCommit, isRelativePath } from './hub-repository.ts'
import type { HubSettings } from './hub-settings.ts'
import type { HubDigest } from './part-file.ts'

/** A file of a repository as the Hub lists it. */
export interface HubFile {
  path: string
  sizeBytes: number
  digest: HubDigest
}

const listingAttempts = 5

/** Asks the Hub which commit a revision is. Throws HubUnreachableError after `attempts`, InputError for a refusal. */
export async function resolveCommit(
  settings: HubSettings,
  repository: HubRepository,
  attempts: number,
): Promise<string> {
  const { type, id, revision } = repository
  const request = {
    name: id,
    revision,
    hubUrl: settings.endpoint,
    fetch: hubFetch(settings, repository, attempts),
    additionalFields: ['sha' as const],
  }
  const { sha } = await (type === 'model' ? modelInfo(request) : datasetInfo(request))
  if (typeof sha === 'string' && isCommit(sha)) return sha
  throw new InputError(
    `${id}: ${settings.endpoint} named ${JSON.stringify(sha)} as commit, expected 40 hexadecimal digits; check HF_ENDPOINT`,
  )
}

/** Lists the files of a commit. Throws InputError, also for a path that would lead out of the cache's folder. */
export async function listFilesAt(
  settings: HubSettings,
  repository: HubRepository,
  commit: string,
): Promise<HubFile[]> {
  const { type, id } = repository
  const entries = listFiles({
    repo: { type, name: id },
    revision: commit,
    recursive: true,
    hubUrl: settings.endpoint,
    fetch: hubFetch(settings, repository, listingAttempts),
  })
  const files: HubFile[] = []
  for await (const { type: kind, path, size, oid, lfs } of entries) {
    if (kind !== 'file') continue
    const digest: HubDigest = lfs
      ? { algorithm: 'sha256', hex: lfs.oid }
      : { algorithm: 'git-sha1', hex: oid ?? '' }
    // The digest becomes the name of a file.
    if (!isRelativePath(path) || !/^(?:[0-9a-f]{40}|[0-9a-f]{64})$/.test(digest.hex))
      throw new InputError(
        `${id}: ${settings.endpoint} lists the file "${path}" with digest "${digest.hex}", expected a path within the repository and hexadecimal digits; do not use it`,
      )
    files.push({ path, sizeBytes: lfs?.size ?? size, digest })
  }
  return files
}

/** A fetch for the Hub's client: it retries, and refusals become errors that say what to do. */
function hubFetch(settings: HubSettings, { id, revision }: HubRepository, attempts: number): typeof fetch {
  const what = revision === 'main' ? id : `${id}@${revision}`
  return (input, init) =>
    withRetries(settings, what, attempts, () =>
      requestOnce(settings, what, input instanceof Request ? input.url : String(input), init),
    )
}
