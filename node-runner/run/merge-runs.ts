import { existsSync, realpathSync } from 'node:fs'
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { gradingDifferences, gradingFlagsOf } from '../../core/grade/grading-rules.ts'
import { InputError } from '../../core/input-error.ts'
import type { SampleRecord } from '../../core/record/sample.ts'
import { askedCount } from '../../core/study/coverage.ts'
import { makeFolder } from '../files/folders.ts'
import { openAtomicFile } from '../files/write-file-atomic.ts'
import { Journal, sampleOrder } from './journal.ts'
import {
  describeRun,
  listDifferences,
  type RunDescription,
  readRunDescription,
  requireRun,
  uncheckedFiles,
} from './run-description.ts'

interface DescribedPart {
  folder: string
  run: RunDescription
}

/** The same, its journal open to read. */
export interface RunPart extends DescribedPart {
  journal: Journal
}

/** More of them would hide which samples are missing. */
const mostShards = 10

/** What parts may differ in with `--allow-mixed`: drivers and versions, which change at most the last bits of numbers. */
const mixable = /^(adapters|versions\.\w+) /

/**
 * Reads the descriptions of runs that are parts of one, and opens no journal. Throws InputError for a folder that holds no run or
 * is named twice, and for runs whose settings differ in anything but the shard and the limit, the rules by which they are
 * graded included. `allowMixed` lets drivers and versions differ.
 */
export function describeParts(folders: readonly string[], allowMixed = false): DescribedPart[] {
  const parts: DescribedPart[] = []
  for (const folder of folders) {
    const run = requireRun(folder, 'samples.jsonl')
    if (parts.some(part => realpathSync(part.folder) === realpathSync(folder)))
      throw new InputError(`${folder}: is named twice, expected each part once; leave one out`)
    parts.push({ folder, run })
  }
  const first = mostRecorded(parts)
  for (const { folder, run } of parts) {
    const differences = listDifferences(first.run, run)
    const mixed = differences.filter(text => mixable.test(text))
    if (differences.length > mixed.length)
      throw new InputError(
        `${folder}: is not a part of the run in ${first.folder}: ${differences.join('; ')}; merge runs of the same settings`,
      )
    if (mixed.length > 0 && !allowMixed)
      throw new InputError(
        `${folder}: was made by another driver or version than ${first.folder}: ${mixed.join('; ')}; make it again with the same ones, ` +
          'or merge them with --allow-mixed, which run.json then says',
      )
    const rules = gradingDifferences(first.run.grading, run.grading)
    if (rules.length > 0)
      throw new InputError(
        `${folder}: is graded by other rules than ${first.folder}, which has ${rules.join(', ')} here; have both graded by the same ` +
          `ones, as with: entrace analyse ${folder} ${gradingFlagsOf(first.run.grading)}`,
      )
  }
  return parts
}

/** The part with which others are compared: the first that recorded the model's files, else the first. */
function mostRecorded(parts: readonly DescribedPart[]): DescribedPart {
  const part = parts.find(({ run }) => run.model.files) ?? parts[0]
  if (!part) throw new InputError('expected one folder of a run at least, found none')
  return part
}

/** Opens the journals of parts. Throws InputError where one is damaged. */
export function openParts(described: readonly DescribedPart[]): RunPart[] {
  const parts: RunPart[] = []
  try {
    for (const part of described)
      parts.push({ ...part, journal: new Journal(join(part.folder, 'samples.jsonl'), 'read') })
    return parts
  } catch (error) {
    closeParts(parts)
    throw error
  }
}

export function closeParts(parts: readonly RunPart[]): void {
  for (const { journal } of parts) journal.close()
}

/**
 * The description of the whole run: that of its parts, of no shard, with the largest of their limits. Where they differ
 * in drivers or versions, and where model files could not be compared, it says so.
 */
export function describeWhole(parts: readonly DescribedPart[]): RunDescription {
  const { run: first } = mostRecorded(parts)
  const {
    formatVersion: _,
    hash: __,
    grading,
    limit: ___,
    shard: ____,
    problemIds: _____,
    merged: ______,
    ...settings
  } = first
  const runs = parts.map(({ run }) => run)
  // Where none recorded the files, that they are absent says as much.
  const unchecked = first.model.files ? uncheckedFiles(runs) : []
  const mixed = runs.flatMap(run => [
    ...(run.mixed ?? []),
    ...listDifferences(first, run).map(text => (run.shard ? `shard ${run.shard}: ${text}` : text)),
  ])
  const past = {
    ...(unchecked.length > 0 && { unchecked }),
    ...(mixed.length > 0 && { mixed: [...new Set(mixed)] }),
  }
  const longest = runs.reduce((a, b) => (b.limit > a.limit ? b : a))
  return {
    ...describeRun({ ...settings, ...past }, longest.limit, null, grading),
    ...(longest.problemIds !== undefined && { problemIds: longest.problemIds }),
  }
}

/**
 * Makes a folder for the whole run. What an earlier merge wrote there, and nobody has gone on with, is replaced where the
 * parts hold all of its samples. Throws InputError where the folder holds anything else, or is one of the parts.
 */
export function makeMergeFolder(folder: string, parts: readonly RunPart[]): void {
  makeFolder(folder)
  if (parts.some(part => realpathSync(part.folder) === realpathSync(folder)))
    throw new InputError(`--out ${folder}: is one of the parts, expected a new folder; use another --out`)
  const before = readRunDescription(join(folder, 'run.json'))
  if (!before) return
  if (!before.merged)
    throw new InputError(`--out ${folder}: holds a run already, expected a new folder; use another --out`)
  const journalPath = join(folder, 'samples.jsonl')
  if (!existsSync(journalPath)) return
  const journal = new Journal(journalPath, 'read')
  try {
    for (const sample of journal.names())
      if (!parts.some(part => part.journal.has(sample)))
        throw new InputError(
          `--out ${folder}: was merged from more than these folders, and holds answer ${sample.sampleIndex} to problem ${sample.problemIndex}, which ` +
            'none of them has; name the folder that does, or use another --out',
        )
  } finally {
    journal.close()
  }
}

/** Which shards lack how many samples, as "2/3 (all 5), 3/3 (1 of 5)"; empty where not all parts are shards of one division. */
export function describeMissingShards(run: RunDescription, parts: readonly RunPart[]): string {
  const { limit, decoding } = run
  const counts = new Set(parts.map(part => Number(part.run.shard?.split('/')[1] ?? Number.NaN)))
  const [count = Number.NaN] = counts
  if (counts.size !== 1 || Number.isNaN(count)) return ''
  const found = new Map<number, Set<string>>()
  for (const { journal } of parts)
    for (const { problemIndex, sampleIndex } of journal.names()) {
      if (problemIndex >= limit) continue
      const shard = (problemIndex % count) + 1
      found.set(shard, (found.get(shard) ?? new Set()).add(`${problemIndex} ${sampleIndex}`))
    }
  const sizeOf = (shard: number) =>
    askedCount({ limit, samples: decoding.samples, shard: `${shard}/${count}` })
  const whole = [...found].filter(([shard, samples]) => samples.size === sizeOf(shard)).length
  const lacking = Math.min(count, limit) - whole
  const named: string[] = []
  for (let shard = 1; named.length < Math.min(lacking, mostShards); shard++) {
    const missing = sizeOf(shard) - (found.get(shard)?.size ?? 0)
    if (missing > 0)
      named.push(
        `${shard}/${count} (${missing === sizeOf(shard) ? `all ${missing}` : `${missing} of ${sizeOf(shard)}`})`,
      )
  }
  return `${named.join(', ')}${lacking > named.length ? ` and ${lacking - named.length} more` : ''}`
}

/**
 * Writes the journal that joins those of the parts, line by line as they are, in the order of the data set. A sample that
 * several parts hold is kept once. Throws InputError, and writes nothing, where such samples differ in more than their
 * timings and their verdicts, which are made anew.
 */
export function joinJournals(path: string, parts: readonly RunPart[]): void {
  const file = openAtomicFile(path)
  try {
    const heads = parts.map(({ journal, folder }) => {
      const iterator = journal.entries()
      return { folder, iterator, entry: iterator.next().value ?? null }
    })
    let last: FoundSample | null = null
    for (;;) {
      // The next sample of all parts; journals give theirs in order.
      let next: (typeof heads)[number] | undefined
      for (const head of heads)
        if (head.entry && (!next?.entry || sampleOrder(head.entry.record, next.entry.record) < 0)) next = head
      if (!next?.entry) break
      const { record, line } = next.entry
      const found = { record, folder: next.folder }
      if (last && sampleOrder(last.record, record) === 0) refuseDifferent(last, found)
      else {
        file.write(line)
        last = found
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
