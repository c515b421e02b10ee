import {
  checkedByteSource,
  type Manifest,
  manifestName,
  parseManifest,
  refuseLongManifest,
} from '../../core/formats/manifest.ts'
import { pageSha256 } from './page-sha256.ts'
import type { RunFiles } from './run-source.ts'

/** The files of a run, those that its manifest tells of checked as they are read. */
export interface CheckedFiles extends RunFiles {
  /** Null where there is none, and all is read unchecked. */
  readonly manifest: Manifest | null
  /** The files by the manifest of now: results may have been put in place. */
  again(): Promise<CheckedFiles>
}

/** Reads the manifest of a run's files. Rejects with InputError where it is damaged. */
export async function checkFiles(files: RunFiles): Promise<CheckedFiles> {
  const source = await files.open(manifestName)
  if (source) refuseLongManifest(source.name, source.byteLength)
  const manifest = source ? parseManifest(source.name, new TextDecoder().decode(await source.slice(0))) : null
  return {
    name: files.name,
    manifest,
    again: () => checkFiles(files),
    async open(name) {
      const found = await files.open(name)
      const digest = manifest?.files[name]
      return found && digest ? checkedByteSource(found, name, digest, pageSha256) : found
    },
    tail: (name, start) => files.tail(name, start),
  }
}

/** The results of a run may be replaced while they are read; more often than that, something else is wrong. */
const mostTries = 5

/** Reads files that belong together: once more from the start where others are put in place meanwhile. */
export async function readTogether<Read>(
  files: CheckedFiles,
  read: (files: CheckedFiles) => Promise<Read>,
): Promise<Read> {
  let current = files
  for (let tries = 1; ; tries++)
    try {
      return await read(current)
    } catch (error) {
      const next = tries < mostTries ? await files.again().catch(() => null) : null
      if (!next || next.manifest?.sha256 === current.manifest?.sha256) throw error
      current = next
    }
}
