import { type ReadSettings, readRows } from '../../evaluate/data-set-rows.ts'
import type { ByteSource } from '../../files/byte-source.ts'
import { InputError } from '../../input-error.ts'
import type { SampleRecord } from '../../record/sample.ts'
import { type ErrorKind, errorKinds } from '../findings.ts'
import { isErrorKind } from './sort-error.ts'

/** Kinds that somebody gave to wrong answers by hand. */
export type ErrorLabels = Awaited<ReturnType<typeof readErrorLabels>>

/**
 * Reads a file of labels by hand, .jsonl, .json, .csv or .parquet, with the columns `problemId`, `kind` and, where a
 * problem has several answers, `sampleIndex` (else 0). Throws InputError for a row without a problem, with a kind that is
 * none of the known ones, or for an answer that is labelled twice.
 */
export async function readErrorLabels(source: ByteSource, settings: ReadSettings = {}) {
  const labels = new Map<string, { kind: ErrorKind; where: string; answer: string }>()
  for (const { place: where, cells } of (await readRows(source, settings)).rows) {
    const { problemId, sampleIndex = 0, kind } = cells
    if (!['string', 'number', 'bigint'].includes(typeof problemId) || problemId === '')
      throw new InputError(
        `${where}: expected the id of a problem in column "problemId", found ${show(problemId)}. Fill it in or remove the row.`,
      )
    const index = sampleIndex === '' || sampleIndex === null ? 0 : Number(sampleIndex)
    if (!Number.isInteger(index) || index < 0)
      throw new InputError(
        `${where}: expected a whole number from 0 in column "sampleIndex", found ${show(sampleIndex)}. It says which answer to the problem is meant.`,
      )
    if (!isErrorKind(kind))
      throw new InputError(
        `${where}: expected one of ${errorKinds.join(', ')} in column "kind", found ${show(kind)}. Use one of these.`,
      )
    const key = keyOf(String(problemId), index)
    const answer = `answer ${index} to problem "${problemId}"`
    if (labels.has(key))
      throw new InputError(
        `${where}: expected one label an answer, found a second for ${answer}. Remove one of the rows.`,
      )
    labels.set(key, { kind, where, answer })
  }
  return {
    /** How many answers are labelled. */
    count: labels.size,
    /**
     * Looks the labelled answers up among those of a run. Returns how many of them are right, so that their labels have no
     * effect. Throws InputError for a label of an answer that is not there.
     */
    countRight(samples: Iterable<Pick<SampleRecord, 'problemId' | 'sampleIndex' | 'correct'>>): number {
      const missing = new Map(labels)
      let right = 0
      for (const { problemId, sampleIndex, correct } of samples)
        if (missing.delete(keyOf(problemId, sampleIndex)) && correct) right++
      for (const { where, answer } of missing.values())
        throw new InputError(
          `${where}: expected an answer of this run, found ${answer}, which it does not hold. ` +
            'Fix the row or remove it, or name the run that it is of.',
        )
      return right
    },
    /** The label of an answer; null without one. */
    labelOf: ({
      problemId,
      sampleIndex,
    }: Pick<SampleRecord, 'problemId' | 'sampleIndex'>): ErrorKind | null =>
      labels.get(keyOf(problemId, sampleIndex))?.kind ?? null,
  }
}

function keyOf(problemId: string, sampleIndex: number): string {
  return `${sampleIndex} ${problemId}`
}

/** A cell for messages; JSON knows no wide integers, which Parquet has. */
function show(value: unknown): string {
  return (typeof value === 'bigint' ? String(value) : JSON.stringify(value)) ?? 'nothing'
}
