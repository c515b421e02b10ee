import { type DecodedArray, parquetRead } from 'hyparquet'
import { type GradingRules, readGradingRules } from '../grade/grading-rules.ts'
import { InputError } from '../input-error.ts'
import type { ByteSource } from './byte-source.ts'
import { boundedRunFile, checkColumns, openParquet, readingParquet } from './parquet-file.ts'
import { parseJsonBytes, settingsJson } from './read-json.ts'
import type { RunColumns } from './run-columns.ts'
import {
  gradingKey,
  placeColumns,
  type SummaryColumn,
  scoresKey,
  summaryColumns,
  tracesBytesKey,
} from './run-tables.ts'
import type { FinishReason } from './sample-record.ts'
import type { TraceGroup, TraceIndex } from './trace-index.ts'

/** `summary.parquet`, open: what is asked for is fetched, and no more. */
export interface SummaryReader {
  /** Number of samples. */
  readonly count: number
  /** Names of the scores that the file holds. */
  readonly scoreNames: readonly string[]
  /** By which rules the verdicts were reached. */
  readonly grading: GradingRules
  /** Every column, of the scores only those named; all where none are. Throws InputError for a score that is not held. */
  readColumns(scores?: readonly string[]): Promise<RunColumns>
  /** One score of every sample, NaN where it is undefined. Throws InputError for one that is not held. */
  readScore(name: string): Promise<Float64Array>
  /** Where each sample lies in the `traces.parquet` that was written with this file. */
  readTraceIndex(): Promise<TraceIndex>
}

/** What is known of a run's samples without its summary, by which the claim of a file is held before memory is taken for it. */
export interface KnownSamples {
  /** How many the manifest tells of. */
  exactly?: number | null
  /** How many there can be at most, and why, in words: "run.json asks for". */
  atMost?: readonly (readonly [count: number, why: string])[]
}

/** Opens `summary.parquet`. Throws InputError for a file that is damaged, not a summary, or of a newer format. */
export async function openSummary(source: ByteSource, known: KnownSamples = {}): Promise<SummaryReader> {
  const { metadata, keyValues } = await openParquet(source, 'summary')
  const count = Number(metadata.num_rows)
  checkCount(source.name, count, known)
  const jsonOf = (key: string, missing: string): unknown => {
    const text = keyValues.get(key) ?? missing
    return parseJsonBytes(new TextEncoder().encode(text).buffer, `${source.name}: ${key}`, settingsJson)
  }
  const scoreNames = jsonOf(scoresKey, '[]')
  if (!isListOfTexts(scoreNames))
    throw new InputError(
      `${source.name}: ${scoresKey}: expected names of scores, found ${JSON.stringify(scoreNames)?.slice(0, 200)}; ` +
        'the file is damaged, write it again with entrace analyse',
    )
  const scoreColumns = scoreNames.map(name => ({ name, type: 'double', nullable: true }) as const)
  checkColumns(source.name, metadata, [...summaryColumns, ...placeColumns, ...scoreColumns])

  /** Columns by name, in the order of the rows, the pieces of each handed to `take` with their first row. */
  const read = async (
    names: readonly string[],
    take: (name: string, values: DecodedArray, first: number) => void,
  ) => {
    const rows = Object.fromEntries(names.map(name => [name, 0]))
    await readingParquet(source, source.name, watched =>
      parquetRead({
        file: boundedRunFile(watched, metadata),
        metadata,
        columns: [...names],
        onChunk: ({ columnName, columnData, rowStart }) => {
          rows[columnName]! += columnData.length
          if (rows[columnName]! <= count) take(columnName, columnData, rowStart)
        },
      }),
    )
    for (const [name, found] of Object.entries(rows))
      if (found !== count)
        throw new InputError(
          `${source.name}: column ${name} has ${found} values, expected the ${count} of the file's rows; ` +
            'the file is damaged, write it again with entrace analyse',
        )
  }
  const readScores = async (names: readonly string[]): Promise<Record<string, Float64Array>> => {
    for (const name of names)
      if (!scoreNames.includes(name))
        throw new InputError(
          `${source.name}: has no score ${name}, expected one of ${scoreNames.join(', ')}; ` +
            'entrace analyse writes the file again with the scores of its version',
        )
    const scores = Object.fromEntries(names.map(name => [name, new Float64Array(count)]))
    await read(names, (name, values, first) => {
      const score = scores[name]
      if (score) for (let row = 0; row < values.length; row++) score[first + row] = values[row] ?? Number.NaN
    })
    return scores
  }
  return {
    count,
    scoreNames,
    grading: readGradingRules(source.name, jsonOf(gradingKey, 'null')),
    async readColumns(wanted = scoreNames) {
      const parts = Object.fromEntries(summaryColumns.map(({ name }) => [name, new Array(count)])) as Record<
        SummaryColumn,
        unknown[]
      >
      const [scores] = await Promise.all([
        readScores(wanted),
        read(Object.keys(parts), (name, values, first) => {
          const part = parts[name as SummaryColumn]
          for (let row = 0; row < values.length; row++) part[first + row] = values[row] ?? null
        }),
      ])
      return {
        count,
        problemId: parts.problem_id as string[],
        problemIndex: Int32Array.from(parts.problem_index as number[]),
        sampleIndex: Int32Array.from(parts.sample_index as number[]),
        level: parts.level as (string | null)[],
        correct: Uint8Array.from(parts.correct as boolean[], Number),
        finishReason: parts.finish_reason as FinishReason[],
        extractedAnswer: parts.extracted_answer as (string | null)[],
        expectedAnswer: parts.expected_answer as string[],
        rule: parts.rule as string[],
        promptTokens: Int32Array.from(parts.prompt_tokens as number[]),
        generatedTokens: Int32Array.from(parts.generated_tokens as number[]),
        durationMs: Float64Array.from(parts.duration_ms as number[]),
        scores,
      }
    },
    async readScore(name) {
      return (await readScores([name]))[name] as Float64Array
    },
    async readTraceIndex() {
      const places = Object.fromEntries(placeColumns.map(({ name }) => [name, new Float64Array(count)]))
      await read(Object.keys(places), (name, values, first) => {
        const place = places[name]
        if (place) for (let row = 0; row < values.length; row++) place[first + row] = Number(values[row])
      })
      const { trace_start, trace_text_start, trace_end } = places as Record<
        (typeof placeColumns)[number]['name'],
        Float64Array
      >
      const fileBytes = Number(keyValues.get(tracesBytesKey))
      const groups: TraceGroup[] = []
      for (let row = 0; row < count; row++) {
        const [start, tailStart, end] = [trace_start, trace_text_start, trace_end].map(
          place => place[row] ?? 0,
        ) as [number, number, number]
        const inOrder = [0, start, tailStart, end, fileBytes].every(
          (place, index, all) => Number.isSafeInteger(place) && place >= (all[index - 1] ?? 0),
        )
        if (!inOrder)
          throw new InputError(
            `${source.name}: row ${row}: its bytes [${start}, ${tailStart}, ${end}) are not within the ${fileBytes} of ` +
              'traces.parquet; the file is damaged, write it again with entrace analyse',
          )
        const last = groups.at(-1)
        if (last?.start === start) last.rowCount++
        else groups.push({ start, tailStart, end, firstRow: row, rowCount: 1 })
      }
      return { fileBytes, groups }
    },
  }
}

function isListOfTexts(value: unknown): value is string[] {
  return Array.isArray(value) && value.every(text => typeof text === 'string')
}

/** Throws InputError where a file claims other rows than are known of the run, before memory is taken for them. */
function checkCount(where: string, count: number, { exactly = null, atMost = [] }: KnownSamples): void {
  const refuse = (expected: string) => {
    throw new InputError(
      `${where}: claims ${count} rows, expected ${expected}; the file is damaged, write it again with entrace analyse`,
    )
  }
  if (exactly !== null && count !== exactly) refuse(`the ${exactly} that manifest.json tells of`)
  for (const [most, why] of atMost) if (count > most) refuse(`at most the ${most} that ${why}`)
}
