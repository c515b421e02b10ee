import { existsSync, mkdirSync, realpathSync } from 'node:fs'
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import type { SampleRecord } from '../../core/formats/sample-record.ts'
import { gradingDifferences, gradingFlagsOf } from '../../core/grade/grading-rules.ts'
import { InputError } from '../../core/input-error.ts'
import { openWholeFile } from '../files/whole-file.ts'
import { compareNames, Journal } from './journal.ts'
import { describeRun, listDifferences, type RunDescription, readRunDescription } from './run-description.ts'

/** One of the runs that are joined, its journal open to read. */
export interface RunPart {
  folder: string
  run: RunDescription
  journal: Journal
}

/**
 * Opens the folders of runs that are parts of one. Throws InputError for a folder that holds no run or is named twice, and
 * for runs whose settings differ in anything but the shard and the limit, the rules by which they are graded included.
 */
export function openParts(folders: readonly string[]): RunPart[] {
  const parts: RunPart[] = []
  try {
    for (const folder of folders) {
      const run = readRunDescription(join(folder, 'run.json'))
      const journalPath = join(folder, 'samples.jsonl')
      if (!run || !existsSync(journalPath))
        throw new InputError(
          `${folder}: expected a run's folder with run.json and samples.jsonl; check the path`,
        )
      if (parts.some(part => realpathSync(part.folder) === realpathSync(folder)))
        throw new InputError(`${folder}: is named twice, expected each part once; leave one out`)
      const [first] = parts
      const differences = first ? listDifferences(first.run, run) : []
      if (first && differences.length > 0)
        throw new InputError(
          `${folder}: is not a part of the run in ${first.folder}: ${differences.join('; ')}; merge runs of the same settings`,
        )
      const rules = first ? gradingDifferences(first.run.grading, run.grading) : []
      if (first && rules.length > 0)
        throw new InputError(
          `${folder}: is graded by other rules than ${first.folder}, which has ${rules.join(', ')} here; have both graded by the same ` +
            `ones, as with: entrace analyse ${folder} ${gradingFlagsOf(first.run.grading)}`,
        )
      parts.push({ folder, run, journal: new Journal(journalPath, 'read') })
    }
    return parts
  } catch (error) {
    closeParts(parts)
    throw error
  }
}

export function closeParts(parts: readonly RunPart[]): void {
  for (const { journal } of parts) journal.close()
}

/** The description of the whole run: that of its parts, of no shard, with the largest of their limits. */
export function describeWhole(parts: readonly RunPart[]): RunDescription {
  const [first] = parts
  if (!first) throw new InputError('expected one folder of a run at least, found none')
  const { formatVersion: _, hash: __, grading, limit: ___, shard: ____, ...settings } = first.run
  return describeRun(settings, Math.max(...parts.map(({ run }) => run.limit)), null, grading)
}

/**
 * Makes a folder for the whole run. Throws InputError where it holds a run already, or is one of the parts. What an
 * interrupted merge left there, which has no run.json yet, is written anew.
 */
export function makeMergeFolder(folder: string, parts: readonly RunPart[]): void {
  mkdirSync(folder, { recursive: true })
  if (
    existsSync(join(folder, 'run.json')) ||
    parts.some(part => realpathSync(part.folder) === realpathSync(folder))
  )
    throw new InputError(`--out ${folder}: holds a run already, expected a new folder; use another --out`)
}

/**
 * Writes the journal that joins those of the parts, line by line as they are, in the order of the data set. A sample that
 * several parts hold is kept once. Throws InputError, and writes nothing, where such samples differ in more than their
 * timings and their verdicts, which are made anew.
 */
export function joinJournals(path: string, parts: readonly RunPart[]): void {
  const file = openWholeFile(path)
  try {
    const entries = parts.map(({ journal, folder }) => ({ folder, iterator: journal.entries() }))
    const heads = entries.map(({ folder, iterator }) => ({
      folder,
      iterator,
      entry: iterator.next().value ?? null,
    }))
    let last: { record: SampleRecord; folder: string } | null = null
    for (;;) {
      // The next sample of all parts; journals give theirs in order.
      let next: (typeof heads)[number] | undefined
      for (const head of heads)
        if (head.entry && (!next?.entry || compareNames(head.entry.record, next.entry.record) < 0))
          next = head
      if (!next?.entry) break
      const { record, line } = next.entry
      if (last && compareNames(last.record, record) === 0)
        refuseDifferent(last, { record, folder: next.folder })
      else {
        file.write(line)
        last = { record, folder: next.folder }
      }
      next.entry = next.iterator.next().value ?? null
    }
    file.commit()
  } finally {
    file.discard()
  }
}

interface FoundSample {
  record: SampleRecord
  folder: string
}

const verdictNames = ['extractedAnswer', 'correct', 'rule'] as const satisfies (keyof SampleRecord)[]

function refuseDifferent(one: FoundSample, other: FoundSample): void {
  const names = new Set([...Object.keys(one.record), ...Object.keys(other.record)]) as Set<keyof SampleRecord>
  const differing = [...names].filter(
    name => !name.endsWith('Ms') && !isDeepStrictEqual(one.record[name], other.record[name]),
  )
  if (differing.every(name => (verdictNames as readonly string[]).includes(name))) return
  const { problemIndex, sampleIndex, problemId } = one.record
  throw new InputError(
    `${other.folder}: answer ${sampleIndex} to problem ${problemIndex} (${problemId}) differs from that in ${one.folder} in ` +
      `${differing.join(', ')}; the same settings give the same answers, so remove one of them from its samples.jsonl`,
  )
}
