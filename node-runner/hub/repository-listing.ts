import { datasetInfo, listFiles, modelInfo } from '@huggingface/hub'
import { z } from 'zod'
import { refuseUnbounded } from '../../core/files/read-json.ts'
import { InputError } from '../../core/input-error.ts'
import { orNull } from '../files/file-errors.ts'
import { bodyChunks, type HubSettings, otherAnswer, requestOnce, withRetries } from './hub-fetch.ts'
import { type HubRepository, isCommit, isRelativePath } from './hub-repository.ts'
import type { HubDigest } from './part-file.ts'

/** A list of files, as the cache keeps it. */
export const hubFilesSchema = z.array(
  z.object({
    path: z.string().refine(isRelativePath),
    // Not z.int, which ends at 2^53.
    sizeBytes: z.number().nonnegative().refine(Number.isInteger),
    digest: z
      .object({ algorithm: z.enum(['sha256', 'git-sha1']), hex: z.string() })
      .refine(({ algorithm, hex }) =>
        (algorithm === 'sha256' ? /^[0-9a-f]{64}$/ : /^[0-9a-f]{40}$/).test(hex),
      ),
  }),
)

/** A file of a repository as the Hub lists it. */
export type HubFile = z.infer<typeof hubFilesSchema>[number]

const listingAttempts = 5
/** The Hub lists 1,000 files a page, in some 250 kB. */
const mostPages = 500
const mostBytes = 64_000_000
const pageBounds = { bytes: mostBytes, depth: 32, values: 1_000_000 }

const infoSchema = z.looseObject({})
const treeSchema = z.array(
  z.looseObject({
    type: z.string(),
    path: z.string(),
    oid: z.string().optional(),
    size: z.number(),
    lfs: z.looseObject({ oid: z.string(), size: z.number() }).nullish(),
  }),
)

/** Asks the Hub which commit a revision is. Throws HubUnreachableError after `attempts`, InputError for a refusal. */
export async function resolveCommit(settings: HubSettings, repository: HubRepository, attempts: number) {
  const { type, id, revision } = repository
  const request = {
    name: id,
    revision,
    hubUrl: settings.endpoint,
    fetch: hubFetch(settings, repository, attempts, infoSchema),
    additionalFields: ['sha' as const],
  }
  const { sha } = await (type === 'model' ? modelInfo(request) : datasetInfo(request))
  if (typeof sha === 'string' && isCommit(sha)) return sha
  throw new InputError(
    `${id}: ${settings.endpoint} named ${JSON.stringify(sha)} as commit, expected 40 hexadecimal digits; check HF_ENDPOINT`,
  )
}

/** Lists the files of a commit. Throws InputError, also for a path that would lead out of the cache's folder. */
export async function listFilesAt(settings: HubSettings, repository: HubRepository, commit: string) {
  const { type, id } = repository
  const entries = listFiles({
    repo: { type, name: id },
    revision: commit,
    recursive: true,
    hubUrl: settings.endpoint,
    fetch: hubFetch(settings, repository, listingAttempts, treeSchema),
  })
  const files: HubFile[] = []
  for await (const { type: kind, path, size, oid, lfs } of entries) {
    if (kind !== 'file') continue
    const digest: HubDigest = lfs
      ? { algorithm: 'sha256', hex: lfs.oid }
      : { algorithm: 'git-sha1', hex: oid ?? '' }
    const file = { path, sizeBytes: lfs?.size ?? size, digest }
    // The digest becomes the name of a file.
    if (!hubFilesSchema.safeParse([file]).success)
      throw new InputError(
        `${id}: ${settings.endpoint} lists the file "${path}" of ${file.sizeBytes} bytes with digest "${digest.hex}", expected a path within the repository, a size and hexadecimal digits; do not use it`,
      )
    files.push(file)
  }
  return files
}

/**
 * A fetch for the Hub's client, for one list of any pages: it retries, refusals become errors that say what to do, and what is
 * read is JSON of the wanted form, of so many pages and bytes at most, and from the endpoint alone.
 */
function hubFetch(
  settings: HubSettings,
  { id, revision }: HubRepository,
  attempts: number,
  schema: z.ZodType,
): typeof fetch {
  const what = revision === 'main' ? id : `${id}@${revision}`
  let [pages, bytesBefore] = [0, 0]
  const refuse = (found: string) => {
    throw new InputError(
      `${what}: ${settings.endpoint} ${found}; do not use it, or name a mirror with HF_ENDPOINT`,
    )
  }
  return async (input, init) => {
    const url = input instanceof Request ? input.url : String(input)
    if (++pages > mostPages) refuse(`lists its files on more than ${mostPages} pages`)
    if (URL.parse(url)?.origin !== new URL(settings.endpoint).origin)
      refuse(`has the next page of its list at another address, ${url.slice(0, 200)}`)
    return withRetries(settings, what, attempts, async () => {
      const response = await requestOnce(settings, what, url, init)
      const chunks: Uint8Array[] = []
      let bytes = bytesBefore
      for await (const chunk of response.body ? bodyChunks(response.body) : []) {
        bytes += chunk.length
        if (bytes > mostBytes) refuse(`describes it in more than ${mostBytes} bytes`)
        chunks.push(chunk)
      }
      const body = Buffer.concat(chunks)
      const text = body.toString('utf8')
      const parsed = orNull(() => {
        refuseUnbounded(body, 'the list', pageBounds)
        return JSON.parse(new TextDecoder().decode(body))
      })
      if (!schema.safeParse(parsed).success)
        throw otherAnswer(settings, what, JSON.stringify(text.slice(0, 60)))
      bytesBefore = bytes
      const link = response.headers.get('link')
      return new Response(text, { headers: link === null ? {} : { link } })
    })
  }
}
