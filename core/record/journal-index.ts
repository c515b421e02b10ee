import { DigestMismatch, digestOf, isCount } from './manifest.ts'

/** Name of the file in a run's folder that a journal's index is. */
export const journalIndexName = 'samples.index.jsonl'

/**
 * A line of `samples.index.jsonl`, which says of a line of the journal what it was when it was written. It is appended once that
 * line is on disk. A line of the journal that no line here tells of is read unchecked: runs of 0.1.0 have no index, and a process
 * may have died between the two.
 */
export interface JournalIndexLine {
  problemIndex: number
  sampleIndex: number
  /** Name of the journal's file that has it: `samples.jsonl`, or one that was begun by whoever took the run over. */
  file: string
  /** Where the line begins in that file, bytes. It lies elsewhere once a line before it was removed, which is no damage. */
  start: number
  /** Its length without its end. */
  byteLength: number
  /** SHA-256 of these bytes, 64 hexadecimal digits. */
  sha256: string
  /** The first 16 hexadecimal digits of the SHA-256 of the JSON text, without spaces, of all fields above. */
  check: string
}

/** The text of a line of the index, its end included. */
export function encodeIndexLine(line: Omit<JournalIndexLine, 'check'>): string {
  const { problemIndex, sampleIndex, file, start, byteLength, sha256: digest } = line
  const fields = { problemIndex, sampleIndex, file, start, byteLength, sha256: digest }
  return `${JSON.stringify({ ...fields, check: checkOf(fields) })}\n`
}

function checkOf(fields: Omit<JournalIndexLine, 'check'>): string {
  return digestOf(fields).slice(0, 16)
}

/** What a journal's index says of its lines. */
export type JournalIndex = ReturnType<typeof readJournalIndex>

/** What names a sample of a line. */
export type LineSample = Pick<JournalIndexLine, 'problemIndex' | 'sampleIndex'>

/** Characters; a line has some 300. */
const mostIndexLine = 10_000

/**
 * How long the index of a journal may be that has so many bytes, before it is read: a line of the journal is about as long as what the
 * index tells of it, and some may have been removed.
 */
export function mostIndexBytes(journalBytes: number): number {
  return 2 ** 24 + 4 * journalBytes
}

/** The index of a journal, from the beginning of its text or all of it; an empty text where there is none. */
export function readJournalIndex(text: string) {
  const lines: JournalIndexLine[] = []
  const byDigest = new Map<string, JournalIndexLine>()
  const byStart = new Map<string, JournalIndexLine>()
  const bySample = new Map<string, JournalIndexLine>()
  const met = new Set<string>()
  let damaged = 0
  let unended = ''
  const sampleKey = (file: string, { problemIndex, sampleIndex }: LineSample) =>
    `${file} ${problemIndex} ${sampleIndex}`
  const refuse = (where: string, found: (JournalIndexLine | undefined)[]) => {
    const changed = found.find(line => line && !met.has(line.sha256))
    if (changed) throw lineMismatch(where, changed)
  }
  const index = {
    /** Its lines, without damaged ones, which tell of nothing. */
    lines: lines as readonly JournalIndexLine[],
    /** Whether every line of it was whole. */
    get isWhole() {
      return damaged === 0 && unended === ''
    },
    /** Takes in what was appended to its text. */
    add(text: string): void {
      const texts = (unended + text).split('\n')
      unended = texts.pop() ?? ''
      // No line is so long: what follows up to its end is none.
      if (unended.length > mostIndexLine) unended = unended.slice(0, mostIndexLine)
      for (const line of texts.map(parseIndexLine)) {
        if (!line) {
          damaged++
          continue
        }
        lines.push(line)
        byDigest.set(line.sha256, line)
        byStart.set(`${line.file} ${line.start}`, line)
        bySample.set(sampleKey(line.file, line), line)
      }
    },
    /** The sample whose line has this digest, in whichever file; null of a line that the index does not tell of. */
    sampleOf(sha256: string): LineSample | null {
      const line = byDigest.get(sha256) ?? null
      if (line) met.add(sha256)
      return line
    },
    /**
     * Throws DigestMismatch where a line that `sampleOf` does not know stands where another one was written, or for a sample of
     * which one was: it is that line, changed. Lines that `sampleOf` was asked for before are not meant.
     */
    refuseChanged(where: string, line: { file: string; start: number; sample: LineSample | null }): void {
      const { file, start, sample } = line
      refuse(where, [
        byStart.get(`${file} ${start}`),
        sample ? bySample.get(sampleKey(file, sample)) : undefined,
      ])
    },
    /** The same for what is behind the last end of a line: a line that is cut short was being written, or its file is cut. */
    refuseChangedEnd(where: string, rest: { file: string; start: number; byteLength: number }): void {
      const { file, start, byteLength } = rest
      const line = byStart.get(`${file} ${start}`)
      if (line && byteLength > line.byteLength) refuse(where, [line])
    },
  }
  index.add(text)
  return index
}

/** What is said of a line of the journal that is not what was written. */
export function lineMismatch(where: string, line: Omit<JournalIndexLine, 'check'>): DigestMismatch {
  return new DigestMismatch(
    `${where}: is not what was written there, which was answer ${line.sampleIndex} to problem ${line.problemIndex} in ${line.byteLength} ` +
      `bytes, of which ${journalIndexName} has the digest; the line was damaged or changed since: restore the file from a copy, ` +
      `remove the line to have the sample run again, or delete ${journalIndexName} to have the file read as it is`,
  )
}

function parseIndexLine(text: string): JournalIndexLine | null {
  try {
    const { check, ...fields } = JSON.parse(text) as JournalIndexLine
    const { problemIndex, sampleIndex, file, start, byteLength, sha256: digest } = fields
    const places = [problemIndex, sampleIndex].every(place => isCount(place) && place < 2 ** 31)
    const texts = typeof file === 'string' && typeof digest === 'string'
    return check === checkOf(fields) && places && texts && isCount(start) && isCount(byteLength)
      ? { ...fields, check }
      : null
  } catch {
    return null
  }
}
