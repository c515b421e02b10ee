import { readFileSync, writeFileSync } from 'node:fs'
import { parquetMetadataAsync, parquetReadObjects, parquetSchema } from 'hyparquet'
import { expect, it } from 'vitest'
import { memoryByteSource } from '../../test/support/memory-byte-source.ts'
import { traceSample } from '../../test/support/trace-sample.ts'
import type { ParquetColumn } from '../files/parquet-column.ts'
import { createParquetWriter } from '../files/parquet-writer.ts'
import { defaultGradingRules } from '../grade/grading-rules.ts'
import { statisticNotes } from '../report/words.ts'
import { allColumnsOf } from '../study/all-columns.ts'
import { scoreDefinitions } from '../study/scores/answer-scores.ts'
import { encodeSummary, openSummary, scoreColumn } from '../study/summary.ts'
import { describeColumns, type RunColumn } from './field.ts'
import { columnsKey, placeColumns, probabilityColumn, summaryColumns, traceColumns } from './run-tables.ts'
import { createTraceWriter } from './traces.ts'

const page = new URL('../../docs/tables.md', import.meta.url)

/** What stands in the page between the marks of each name. */
const generated: Record<string, string> = {
  summary: tableOf([...summaryColumns, probabilityColumn, ...placeColumns]),
  scores: tableOf(Object.keys(scoreDefinitions()).map(name => scoreColumn(name))),
  traces: tableOf(traceColumns),
  notes: Object.values(statisticNotes)
    .map(note => `- ${note[0]!.toUpperCase()}${note.slice(1)}.\n`)
    .join(''),
}

function tableOf(columns: readonly RunColumn[]): string {
  const rows = describeColumns(columns).map(
    ({ name, type, unit, meaning }) =>
      `| \`${name}\` | ${type} | ${unit} | ${meaning.replaceAll('|', '\\|')} |\n`,
  )
  return `| column | type | unit | what it is |\n| --- | --- | --- | --- |\n${rows.join('')}`
}

it.each(Object.keys(generated))('the page of the tables says what the code does: %s', name => {
  const between = new RegExp(`(?<=<!-- ${name} -->\n).*(?=<!-- end of ${name} -->)`, 's')
  if (process.env.ENTRACE_UPDATE_TABLES !== undefined)
    writeFileSync(
      page,
      readFileSync(page, 'utf8').replace(between, () => generated[name]!),
    )
  expect(between.exec(readFileSync(page, 'utf8'))?.[0]).toBe(generated[name])
})

/** Both files of a run with two answers a problem, so that every score has a column. */
function encodeTables() {
  const samples = Array.from({ length: 70 }, (_, index) =>
    traceSample(index >> 1, 3, { sampleIndex: index & 1, pTrue: 0.5 }),
  )
  const pieces: Uint8Array[] = []
  const writer = createTraceWriter(bytes => pieces.push(bytes.slice()), { hasPrompts: true })
  for (const sample of samples) writer.add(sample)
  const index = writer.finish()
  const columns = allColumnsOf(samples, defaultGradingRules)
  const probabilities = Float64Array.from(samples, (_, row) => (row === 3 ? Number.NaN : row / 100))
  return {
    summary: Buffer.concat(
      encodeSummary(columns, index, defaultGradingRules, { probabilities, topLogprobs: 3 }),
    ),
    traces: Buffer.concat(pieces),
    index,
    columns,
  }
}

it('describes in each file the columns that it has, and only in the footer of the whole file', async () => {
  const { summary, traces, index } = encodeTables()
  const scores = Object.keys(scoreDefinitions()).map(name => scoreColumn(name, 3))
  expect(scores.find(({ name }) => name === 'DeepConfLowestWindow')!.meaning).toContain('the k = 3 likeliest')
  for (const [bytes, columns] of [
    [summary, [...summaryColumns, ...scores, probabilityColumn, ...placeColumns]],
    [traces, traceColumns],
  ] as const) {
    const metadata = await parquetMetadataAsync(memoryByteSource(bytes))
    const described = JSON.parse(metadata.key_value_metadata!.find(({ key }) => key === columnsKey)!.value!)
    expect(described).toEqual(describeColumns(columns))
    // As the schema has them: lists are three elements deep, and only values can be null.
    const found = parquetSchema(metadata).children.map(tree => {
      let [depth, leaf] = [0, tree]
      for (; leaf.children.length > 0; depth++) leaf = leaf.children[0]!.children[0]!
      const { type, converted_type } = leaf.element
      const name = converted_type === 'UTF8' ? 'string' : type!.replace('BYTE_ARRAY', 'bytes').toLowerCase()
      return [tree.element.name, `${'list of '.repeat(depth)}${name}`]
    })
    expect(found).toEqual(described.map(({ name, type }: { name: string; type: string }) => [name, type]))
  }
  for (const { unit, meaning } of describeColumns([...traceColumns, ...summaryColumns, ...scores]))
    expect([unit, meaning]).toEqual([expect.stringMatching(/^\S.*$/), expect.stringMatching(/^\S.{3,}$/)])
  expect(index.groups).toHaveLength(2)
  expect(traces.toString('latin1').split(columnsKey)).toHaveLength(2)
})

it('writes the probability of each answer, and reads a summary of earlier versions, which has none', async () => {
  const { summary, index, columns } = encodeTables()
  const rows = await parquetReadObjects({
    file: memoryByteSource(summary),
    columns: [probabilityColumn.name],
  })
  expect(rows.map(row => row[probabilityColumn.name])).toEqual(
    Array.from({ length: 70 }, (_, row) => (row === 3 ? null : row / 100)),
  )
  const source = memoryByteSource(summary, 'summary.parquet')
  const reader = await openSummary(source)
  expect(await reader.readColumns()).toEqual(columns)
  expect(await reader.readTraceIndex()).toEqual(index)

  const pieces: Uint8Array[] = []
  const before = await parquetReadObjects({ file: source })
  const earlier: ParquetColumn[] = [
    ...summaryColumns,
    ...reader.scoreNames.map(name => ({ name, type: 'double', nullable: true }) as const),
    ...placeColumns,
  ]
  const { key_value_metadata } = await parquetMetadataAsync(source)
  const writer = createParquetWriter(bytes => pieces.push(bytes.slice()), {
    columns: earlier,
    keyValues: Object.fromEntries(
      key_value_metadata!.flatMap(({ key, value }) => (key === columnsKey ? [] : [[key, value!]])),
    ),
  })
  writer.writeRowGroup(
    Object.fromEntries(earlier.map(({ name }) => [name, before.map(row => row[name] ?? null)])),
  )
  writer.finish()
  const old = await openSummary(memoryByteSource(Buffer.concat(pieces), 'summary.parquet'))
  expect(await old.readColumns()).toEqual(columns)
  expect(await old.readTraceIndex()).toEqual(index)
})
