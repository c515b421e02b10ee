import { type DecodedArray, parquetRead } from 'hyparquet'
import type { ByteSource } from '../files/byte-source.ts'
import { createParquetWriter } from '../files/parquet-writer.ts'
import { parseJsonBytes, settingsJson } from '../files/read-json.ts'
import { type GradingRules, readGradingRules } from '../grade/grading-rules.ts'
import { InputError } from '../input-error.ts'
import { describeColumns, type RunColumn } from '../record/field.ts'
import {
  boundedRunFile,
  checkColumns,
  damagedTable,
  identifyingKeyValues,
  openParquet,
  readingParquet,
} from '../record/run-parquet.ts'
import {
  columnsKey,
  gradingKey,
  placeColumns,
  probabilityColumn,
  type RunColumns,
  scalarsFrom,
  scoresKey,
  summaryColumns,
  summaryFields,
  tracesBytesKey,
} from '../record/run-tables.ts'
import type { TraceGroup, TraceIndex } from '../record/traces.ts'
import { scoreDefinitions } from './scores/answer-scores.ts'

/** A score of `summary.parquet`: its column is named as it is. `topLogprobs` is how many likeliest tokens the run recorded. */
export function scoreColumn(name: string, topLogprobs?: number): RunColumn {
  const { unit, formula, source, nullWhen } = scoreDefinitions(topLogprobs)[name] ?? {
    unit: 'none',
    formula: 'a score that this version does not know',
    source: 'another version',
    nullWhen: 'undefined',
  }
  return {
    name,
    type: 'double',
    nullable: true,
    unit,
    meaning: `${formula}. Source: ${source}. Null: the sample failed; ${nullWhen}`,
  }
}

/** Rows of a row group: few groups, so that a column is one range for most runs. */
const groupRows = 131_072

/**
 * The content of `summary.parquet`, piece by piece: a row for each sample, a column for each scalar and each score (by the
 * literature's name, null where it is undefined), the probability that it is right (NaN, and null in the file, where it is not known),
 * where the sample lies in traces.parquet, and by which rules the verdicts were reached. `topLogprobs` is how many likeliest tokens
 * the run recorded.
 */
export function encodeSummary(
  run: RunColumns,
  traces: TraceIndex,
  grading: GradingRules,
  extras: { probabilities?: Float64Array; topLogprobs?: number } = {},
): Uint8Array[] {
  const { probabilities = new Float64Array(run.count).fill(Number.NaN), topLogprobs } = extras
  const pieces: Uint8Array[] = []
  const scoreNames = Object.keys(run.scores)
  const columns = [
    ...summaryColumns,
    ...scoreNames.map(name => scoreColumn(name, topLogprobs)),
    probabilityColumn,
    ...placeColumns,
  ]
  const writer = createParquetWriter(bytes => pieces.push(bytes.slice()), {
    columns,
    keyValues: {
      ...identifyingKeyValues('summary'),
      [scoresKey]: JSON.stringify(scoreNames),
      [tracesBytesKey]: String(traces.fileBytes),
      [gradingKey]: JSON.stringify(grading),
      [columnsKey]: JSON.stringify(describeColumns(columns)),
    },
  })
  const scalars = Object.entries(summaryFields).map(([field, { name, type }]) => {
    const values = run[field as keyof typeof summaryFields]
    return [name, type === 'boolean' ? Array.from(values, Boolean) : values]
  })
  const scores = Object.entries({ ...run.scores, [probabilityColumn.name]: probabilities }).map(
    ([name, values]) => [name, Array.from(values, value => (Number.isNaN(value) ? null : value))],
  )
  const places = { trace_start: 'start', trace_text_start: 'tailStart', trace_end: 'end' } as const
  const traceRows = Object.entries(places).map(([name, place]) => {
    const rows = new BigInt64Array(run.count)
    for (const group of traces.groups)
      rows.fill(BigInt(group[place]), group.firstRow, group.firstRow + group.rowCount)
    return [name, rows]
  })
  const rows: Record<string, DecodedArray> = Object.fromEntries([...scalars, ...scores, ...traceRows])
  // None of no rows, which other readers stumble over.
  for (let first = 0; first < run.count; first += groupRows)
    writer.writeRowGroup(
      Object.fromEntries(
        Object.entries(rows).map(([name, values]) => [name, values.slice(first, first + groupRows)]),
      ),
    )
  writer.finish()
  return pieces
}

/** What is known of a run's samples without its summary, by which the claim of a file is held before memory is taken for it. */
export interface KnownSamples {
  /** How many the manifest tells of. */
  exactly?: number | null
  /** How many there can be at most, and why, in words: "run.json asks for". */
  atMost?: readonly (readonly [count: number, why: string])[]
}

/**
 * Opens `summary.parquet`: what is asked for is fetched, and no more. Throws InputError for a file that is damaged, not a summary, or of
 * a newer format.
 */
export async function openSummary(source: ByteSource, known: KnownSamples = {}) {
  const { metadata, keyValues } = await openParquet(source, 'summary')
  const count = Number(metadata.num_rows)
  checkCount(source.name, count, known)
  const jsonOf = (key: string, missing: string): unknown => {
    const text = keyValues.get(key) ?? missing
    return parseJsonBytes(new TextEncoder().encode(text).buffer, `${source.name}: ${key}`, settingsJson)
  }
  const scoreNames = jsonOf(scoresKey, '[]')
  if (!isListOfTexts(scoreNames))
    throw damagedTable(
      source.name,
      `${scoresKey}: expected names of scores, found ${JSON.stringify(scoreNames)?.slice(0, 200)}`,
    )
  const scoreColumns = scoreNames.map(name => ({ name, type: 'double', nullable: true }) as const)
  checkColumns(source.name, metadata, [...summaryColumns, ...placeColumns, ...scoreColumns])

  /** Columns by name, in the order of the rows, each put into what `make` makes, its values as `convert` has them. */
  const read = async <Column extends { [row: number]: unknown }>(
    names: readonly string[],
    make: () => Column,
    convert: (value: unknown) => Column[number],
  ): Promise<Record<string, Column>> => {
    const columns = Object.fromEntries(names.map(name => [name, make()]))
    const rows = Object.fromEntries(names.map(name => [name, 0]))
    await readingParquet(source, source.name, watched =>
      parquetRead({
        file: boundedRunFile(watched, metadata),
        metadata,
        columns: [...names],
        onChunk: ({ columnName, columnData, rowStart }) => {
          rows[columnName]! += columnData.length
          if (rows[columnName]! > count) return
          const column = columns[columnName]!
          for (let row = 0; row < columnData.length; row++) column[rowStart + row] = convert(columnData[row])
        },
      }),
    )
    for (const [name, found] of Object.entries(rows))
      if (found !== count)
        throw damagedTable(
          source.name,
          `column ${name} has ${found} values, expected the ${count} of the file's rows`,
        )
    return columns
  }
  const readNumbers = (names: readonly string[]) =>
    read(
      names,
      () => new Float64Array(count),
      value => Number(value ?? Number.NaN),
    )
  const readScores = async (names: readonly string[]): Promise<Record<string, Float64Array>> => {
    for (const name of names)
      if (!scoreNames.includes(name))
        throw new InputError(
          `${source.name}: has no score ${name}, expected one of ${scoreNames.join(', ')}; ` +
            'entrace analyse writes the file again with the scores of its version',
        )
    return readNumbers(names)
  }
  return {
    /** Number of samples. */
    count,
    /** Names of the scores that the file holds. */
    scoreNames: scoreNames as readonly string[],
    /** By which rules the verdicts were reached. */
    grading: readGradingRules(source.name, jsonOf(gradingKey, 'null')),
    /** Every column, of the scores only those named; all where none are. Throws InputError for a score that is not held. */
    async readColumns(wanted: readonly string[] = scoreNames): Promise<RunColumns> {
      const names = summaryColumns.map(({ name }) => name)
      const [scores, parts] = await Promise.all([
        readScores(wanted),
        read(
          names,
          () => new Array<unknown>(count),
          value => value ?? null,
        ),
      ])
      return { count, ...scalarsFrom(field => parts[summaryFields[field].name]!), scores }
    },
    /** One score of every sample, NaN where it is undefined. Throws InputError for one that is not held. */
    async readScore(name: string): Promise<Float64Array> {
      return (await readScores([name]))[name] as Float64Array
    },
    /** Where each sample lies in the `traces.parquet` that was written with this file. */
    async readTraceIndex(): Promise<TraceIndex> {
      const places = await readNumbers(placeColumns.map(({ name }) => name))
      const fileBytes = Number(keyValues.get(tracesBytesKey))
      const groups: TraceGroup[] = []
      for (let row = 0; row < count; row++) {
        const [start = 0, tailStart = 0, end = 0] = placeColumns.map(({ name }) => places[name]?.[row])
        const inOrder = [0, start, tailStart, end, fileBytes].every(
          (place, index, all) => Number.isSafeInteger(place) && place >= (all[index - 1] ?? 0),
        )
        if (!inOrder)
          throw damagedTable(
            source.name,
            `row ${row}: its bytes [${start}, ${tailStart}, ${end}) are not within the ${fileBytes} of traces.parquet`,
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
    throw damagedTable(where, `claims ${count} rows, expected ${expected}`)
  }
  if (exactly !== null && count !== exactly) refuse(`the ${exactly} that manifest.json tells of`)
  for (const [most, why] of atMost) if (count > most) refuse(`at most the ${most} that ${why}`)
}
