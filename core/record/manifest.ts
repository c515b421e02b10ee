import type { ByteSource } from '../files/byte-source.ts'
import { type Sha256, sha256 as sha256OfText } from '../files/sha256.ts'
import { firstIndex } from '../first-index.ts'
import { InputError } from '../input-error.ts'
import { formatVersion, refuseNewerFormat } from './run-files.ts'

/** Name of the file in a run's folder that a manifest is. */
export const manifestName = 'manifest.json'

/** How long a manifest may be, bytes: some 60 times that of 100,000 samples. */
const mostManifestBytes = 2 ** 26

/** What a file of a run held when it was written. Digests are SHA-256, 64 hexadecimal digits. */
export interface FileDigest {
  sizeBytes: number
  /** Of the whole file: what `sha256sum` prints. */
  sha256: string
  /**
   * Of the file's parts in order, each [where it ends, its digest], the first from byte 0 and each other one from where the one
   * before ends: what a reader of ranges fetches alone. summary.parquet has one a column of a row group, traces.parquet two a
   * row group (numbers, texts), and both one for the footer. Absent where a reader takes the whole file.
   */
  parts?: [end: number, sha256: string][]
}

/**
 * The content of `manifest.json`: what the files that are made from a run's journal, and `run.json`, held when they were written
 * together. The journal grows, and has its digests line by line beside it (`journal-index.ts`). Who replaces files removes the
 * manifest first and puts the new one in place last: where there is none, files are read unchecked.
 */
export interface Manifest {
  formatVersion: string
  /** Samples in the results; null where they are not written yet. */
  samples: number | null
  /** Length of the journal that the results were made from, bytes; null where they are not written yet. */
  journalBytes: number | null
  /** By the file's name. */
  files: Record<string, FileDigest>
  /** Of the JSON text, without spaces, of all fields above: tells damage to this file from damage to another. */
  sha256: string
}

/** A file of a run does not hold what its digest says. */
export class DigestMismatch extends InputError {}

/** The text of `manifest.json`. */
export function encodeManifest(of: Omit<Manifest, 'formatVersion' | 'sha256'>): string {
  const { samples, journalBytes, files } = of
  const fields = { formatVersion, samples, journalBytes, files }
  return `${JSON.stringify({ ...fields, sha256: digestOf(fields) })}\n`
}

/** Throws InputError for a manifest that is longer than any is, before it is read. */
export function refuseLongManifest(where: string, byteLength: number): void {
  if (byteLength > mostManifestBytes)
    throw new InputError(
      `${where}: has ${byteLength} bytes, expected the digests of a run's files, at most ${mostManifestBytes}; delete it to have the ` +
        'files read unchecked',
    )
}

/** Reads `manifest.json`. Throws InputError where it is of a newer format, DigestMismatch where it is damaged. */
export function parseManifest(where: string, text: string): Manifest {
  const damaged = (fault: string) =>
    new DigestMismatch(
      `${where}: ${fault}, expected the digests of a run's files; it was damaged after it was written: entrace analyse writes it again`,
    )
  let parsed: Partial<Manifest> | null
  try {
    parsed = JSON.parse(text)
  } catch {
    throw damaged('is not JSON')
  }
  if (typeof parsed !== 'object' || parsed === null) throw damaged('is no object')
  const { sha256, ...fields } = parsed
  // A newer format may be digested otherwise, so its version is looked at first where it is one.
  if (typeof fields.formatVersion === 'string' && /^\d+\.\d+$/.test(fields.formatVersion))
    refuseNewerFormat(where, fields.formatVersion)
  if (sha256 !== digestOf(fields)) throw damaged('does not hold what its own digest says')
  const { files, samples, journalBytes } = fields
  const isWhole =
    typeof files === 'object' &&
    files !== null &&
    [samples, journalBytes].every(value => value === null || isCount(value)) &&
    Object.values(files).every(isFileDigest)
  if (!isWhole) throw damaged('lacks files, samples or journalBytes in their form')
  return parsed as Manifest
}

/** Whether a value is a number of things, or of bytes. */
export function isCount(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) >= 0
}

/** SHA-256 of the JSON text of an object, without spaces. */
export function digestOf(fields: object): string {
  return sha256OfText(new TextEncoder().encode(JSON.stringify(fields)))
}

function isFileDigest(file: Partial<FileDigest> | null): boolean {
  const isDigest = (value: unknown) => typeof value === 'string' && /^[\da-f]{64}$/.test(value)
  if (!Number.isSafeInteger(file?.sizeBytes) || !isDigest(file?.sha256)) return false
  if (file?.parts === undefined) return true
  if (!Array.isArray(file.parts)) return false
  let last = 0
  for (const part of file.parts) {
    const [end, digest] = Array.isArray(part) ? part : []
    if (!Number.isSafeInteger(end) || end! <= last || !isDigest(digest)) return false
    last = end!
  }
  return last === file.sizeBytes
}

/**
 * A file of a run that is checked as it is read: a range is fetched with the whole parts that it touches, and each part's digest
 * is compared. Rejects with DigestMismatch, which names file, bytes and what to do. Throws it at once for another length.
 */
export function checkedByteSource(
  source: ByteSource,
  fileName: string,
  { sizeBytes, sha256, parts }: FileDigest,
  digest: Sha256,
): ByteSource {
  if (source.byteLength !== sizeBytes)
    throw lengthMismatch(source.name, fileName, source.byteLength, sizeBytes)
  const digests = parts ?? [[sizeBytes, sha256] as const]
  const starts = [0, ...digests.map(([end]) => end)]
  return {
    name: source.name,
    byteLength: source.byteLength,
    async slice(start, end = sizeBytes) {
      if (!(start >= 0 && start < end && end <= sizeBytes)) return source.slice(start, end)
      const partAt = (byte: number) => firstIndex(digests.length, index => digests[index]![0] > byte)
      const first = partAt(start)
      const last = partAt(end - 1)
      const from = starts[first]!
      const bytes = await source.slice(from, starts[last + 1])
      await Promise.all(
        digests.slice(first, last + 1).map(async ([partEnd, expected], index) => {
          const partStart = starts[first + index]!
          const found = await digest(new Uint8Array(bytes, partStart - from, partEnd - partStart))
          if (found !== expected) throw digestMismatch(source.name, fileName, partStart, partEnd)
        }),
      )
      return from === start && bytes.byteLength === end - start
        ? bytes
        : bytes.slice(start - from, end - from)
    },
  }
}

/** Throws DigestMismatch unless the bytes of a whole file are those that were written. */
export function checkWholeFile(
  where: string,
  fileName: string,
  bytes: Uint8Array,
  { sizeBytes, sha256 }: FileDigest,
  digest: (bytes: Uint8Array) => string,
): void {
  if (bytes.length !== sizeBytes) throw lengthMismatch(where, fileName, bytes.length, sizeBytes)
  if (digest(bytes) !== sha256) throw digestMismatch(where, fileName, 0, sizeBytes)
}

function lengthMismatch(where: string, fileName: string, found: number, expected: number): DigestMismatch {
  return new DigestMismatch(
    `${where}: has ${found} bytes, expected the ${expected} that ${manifestName} tells of; the file was cut or changed after it was ` +
      `written: ${wayOut(fileName)}`,
  )
}

function digestMismatch(where: string, fileName: string, start: number, end: number): DigestMismatch {
  return new DigestMismatch(
    `${where}: bytes [${start}, ${end}) are not those that were written, of which ${manifestName} has the digest; the file was ` +
      `damaged or changed since: ${wayOut(fileName)}`,
  )
}

function wayOut(fileName: string): string {
  return fileName === 'run.json'
    ? `restore it from a copy, or delete ${manifestName} beside it to have it read as it is`
    : 'entrace analyse writes it again from the journal'
}
