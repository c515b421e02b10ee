import { readRows } from '../../evaluate/data-set-rows.ts'
import type { ByteSource } from '../../formats/byte-source.ts'
import type { SampleRecord } from '../../formats/sample-record.ts'
import { InputError } from '../../input-error.ts'
import { type ErrorKind, errorKinds, isErrorKind } from './error-kind.ts'

/** Kinds that somebody gave to wrong answers by hand. */
export interface ErrorLabels {
  /** How many answers are labelled. */
  readonly count: number
  /** The label of an answer; null without one. */
  labelOf(sample: Pick<SampleRecord, 'problemId' | 'sampleIndex'>): ErrorKind | null
}

/**
 * Reads a file of labels by hand, .jsonl, .json, .csv or .parquet, with the columns `problemId`, `kind` and, where a
 * problem has several answers, `sampleIndex` (else 0). Throws InputError for a row without a problem, with a kind that is
 * none of the known ones, or for an answer that is labelled twice.
 */
export async function readErrorLabels(source: ByteSource): Promise<ErrorLabels> {
  const labels = new Map<string, ErrorKind>()
  for (const { place, cells } of await readRows(source)) {
    const { problemId, sampleIndex = 0, kind } = cells
    const where = `${source.name}: ${place}`
    if (!['string', 'number', 'bigint'].includes(typeof problemId) || problemId === '') {
      throw new InputError(
        `${where}: expected the id of a problem in column "problemId", found ${JSON.stringify(problemId) ?? 'nothing'}. Fill it in or remove the row.`,
      )
    }
    const index = sampleIndex === '' || sampleIndex === null ? 0 : Number(sampleIndex)
    if (!Number.isInteger(index) || index < 0) {
      throw new InputError(
        `${where}: expected a whole number from 0 in column "sampleIndex", found ${JSON.stringify(sampleIndex)}. It says which answer to the problem is meant.`,
      )
    }
    if (!isErrorKind(kind)) {
      throw new InputError(
        `${where}: expected one of ${errorKinds.join(', ')} in column "kind", found ${JSON.stringify(kind) ?? 'nothing'}. Use one of these.`,
      )
    }
    const key = keyOf(String(problemId), index)
    if (labels.has(key)) {
      throw new InputError(
        `${where}: expected one label an answer, found a second for answer ${index} to problem "${problemId}". Remove one of the rows.`,
      )
    }
    labels.set(key, kind)
  }
  return {
    count: labels.size,
    labelOf: sample => labels.get(keyOf(sample.problemId, sample.sampleIndex)) ?? null,
  }
}

function keyOf(problemId: string, sampleIndex: number): string {
  return `${sampleIndex} ${problemId}`
}
