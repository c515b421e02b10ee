import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { DuckDBInstance } from '@duckdb/node-api'
import fc from 'fast-check'
import { afterAll, describe, expect, it } from 'vitest'
import { memoryByteSource } from '../../test/support/memory-byte-source.ts'
import { tracePrompt, traceSample, traceToken } from '../../test/support/trace-sample.ts'
import { traceColumns } from './run-tables.ts'
import type { SampleRecord } from './sample.ts'
import type { TokenColumns } from './token.ts'
import { createTraceWriter, openTraces, type TraceReader } from './traces.ts'

const folder = mkdtempSync(join(tmpdir(), 'entrace-test-'))
afterAll(() => rmSync(folder, { recursive: true }))

function encode(samples: SampleRecord[], options: { hasPrompts?: boolean } = {}) {
  const pieces: Uint8Array[] = []
  const writer = createTraceWriter(bytes => pieces.push(bytes.slice()), options)
  for (const sample of samples) writer.add(sample)
  const index = writer.finish()
  return { index, source: memoryByteSource(Buffer.concat(pieces), 'traces.parquet') }
}

/** What a token has only where it was not chosen from the raw softmax. */
function processedOf({ processedEntropyNats, processedLogprob }: TokenColumns, index: number) {
  const [entropy, logprob] = [processedEntropyNats?.[index], processedLogprob?.[index]]
  return typeof entropy === 'number' ? { processedEntropyNats: entropy, processedLogprob: logprob } : {}
}

async function collect<T>(values: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = []
  for await (const value of values) all.push(value)
  return all
}

/** A sample as the reader gives it back. */
async function expectSample(reader: TraceReader, row: number, sample: SampleRecord): Promise<void> {
  const { tokens, ...texts } = await reader.read(row)
  const { problemId, problemIndex, sampleIndex, problem, prompt, generatedText, error, metadata } = sample
  const { topTexts = {}, promptScores } = sample
  expect(texts).toEqual({
    problemId,
    problemIndex,
    sampleIndex,
    problem,
    prompt,
    generatedText,
    error,
    metadata,
    topTexts,
    ...(promptScores && { promptScores }),
  })
  const found = Array.from({ length: tokens.tokenId.length }, (_, index) => ({
    id: tokens.tokenId[index],
    text: tokens.tokenText[index],
    entropyNats: tokens.entropyNats[index],
    varentropy: tokens.varentropy[index],
    logprob: tokens.logprob[index],
    margin: tokens.margin[index],
    selfCertainty: tokens.selfCertainty[index],
    rank: tokens.rank[index],
    topIds: Array.from(tokens.topIds[index]!),
    topLogprobs: Array.from(tokens.topLogprobs[index]!),
    tailMass: tokens.tailMass[index],
    ...processedOf(tokens, index),
  }))
  // A matcher takes seconds for thousands of tokens.
  const missing = found.findIndex((token, index) => !isDeepStrictEqual(token, sample.tokens[index]))
  if (missing !== -1 || found.length !== sample.tokens.length)
    expect(found[missing], `row ${row}, token ${missing}`).toEqual(sample.tokens[missing])
  expect(found).toHaveLength(sample.tokens.length)
}

// Groups end by their tokens, by their samples, and with the file; some samples have no tokens, some are a group alone.
const lengths = [9000, 0, 1, 4000, 4000, 500, ...new Array<number>(70).fill(3), 0]
const samples = lengths.map((length, index) => traceSample(index, length))
samples[3]!.topTexts = { 7: ' seven', 12: '\n', 700: '\ufffd' }
for (const token of samples[4]!.tokens.slice(1000))
  Object.assign(token, { processedEntropyNats: token.entropyNats / 2, processedLogprob: token.logprob / 4 })

describe('traces.parquet', () => {
  it('gives back every sample, with the index and without', async () => {
    const { index, source } = encode(samples)
    expect(index.groups.map(group => group.rowCount)).toEqual([1, 5, 64, 7])
    for (const reader of [await openTraces(source, index), await openTraces(source)]) {
      expect(reader.count).toBe(samples.length)
      for (const [row, sample] of samples.entries()) await expectSample(reader, row, sample)
    }
  })

  it('gives back the prompts that a run kept, each with the first answer to its problem', async () => {
    const prompted = Array.from({ length: 40 }, (_, index) =>
      traceSample(index >> 1, index % 5, {
        sampleIndex: index % 2,
        // Of one token, of many, and of a sample that has none.
        ...(index % 2 === 0 && { promptScores: tracePrompt(index, 1 + index * 30) }),
      }),
    )
    const { index, source } = encode(prompted, { hasPrompts: true })
    for (const reader of [await openTraces(source, index), await openTraces(source)])
      for (const [row, sample] of prompted.entries()) await expectSample(reader, row, sample)
    const without = prompted.map(({ promptScores: _, ...sample }) => sample)
    expect(index.groups.length, 'groups, which count tokens of prompts too').toBeGreaterThan(
      encode(without).index.groups.length,
    )
  })

  it('fetches one range for a sample, and the texts without the tokens', async () => {
    const { index, source } = encode(samples)
    const ranges: number[] = []
    const counted = {
      ...source,
      slice(start: number, end?: number) {
        ranges.push((end ?? source.byteLength) - start)
        return source.slice(start, end)
      },
    }
    const reader = await openTraces(counted, index)
    expect(ranges).toEqual([])
    await reader.read(3)
    expect(ranges).toEqual([index.groups[1]!.end - index.groups[1]!.start])
    ranges.length = 0
    const texts = await collect(reader.texts(4))
    expect(texts).toEqual(
      samples
        .slice(4)
        .map(({ problem, generatedText }, index) => ({ row: 4 + index, problem, generatedText })),
    )
    expect(ranges).toEqual(index.groups.slice(1).map(group => group.end - group.tailStart))
    const entropies = await collect(reader.entropies())
    expect(entropies.map(list => Array.from(list))).toEqual(
      samples.map(({ tokens }) => tokens.map(token => token.entropyNats)),
    )
  })

  it('keeps any text that UTF-8 can carry', async () => {
    const text = fc.oneof(
      fc.constant(null),
      fc.string({ unit: 'binary' }),
      fc.constantFrom('<script>alert(1)</script>', '\u0000\r\n\u2028', 'x'.repeat(100_000), '𝄞é\ufffd', ''),
    )
    const value = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.double({ noNaN: true }),
      fc.boolean(),
      fc.constant(null),
    )
    const anySample = fc
      .record({ texts: fc.array(text, { maxLength: 6 }), metadata: fc.dictionary(fc.string(), value) })
      .map(({ texts, metadata }) => ({
        metadata,
        topTexts: Object.fromEntries(texts.map((text, index) => [index, text ?? '']).slice(1)),
        tokens: texts.map((text, index) => traceToken(index, text, index % 3)),
      }))
    await fc.assert(
      fc.asyncProperty(fc.array(anySample, { maxLength: 5 }), async changes => {
        const records = changes.map((change, index) =>
          // What the journal holds is what JSON carries: no -0.
          JSON.parse(
            JSON.stringify(traceSample(index, 0, { ...change, problem: change.tokens[0]?.text ?? '' })),
          ),
        )
        const { index, source } = encode(records)
        const reader = await openTraces(source, index)
        for (const [row, record] of records.entries()) await expectSample(reader, row, record)
      }),
      { numRuns: 30 },
    )
    const { source } = encode([traceSample(0, 0, { tokens: [traceToken(1, 'half \ud800 pair')] })])
    expect(Array.from((await (await openTraces(source)).read(0)).tokens.tokenText)).toEqual([
      'half \ufffd pair',
    ])
  })

  it('holds no samples', async () => {
    const { index, source } = encode([])
    for (const reader of [await openTraces(source, index), await openTraces(source)]) {
      expect(reader.count).toBe(0)
      await expect(reader.read(0)).rejects.toThrow(RangeError)
      expect(await collect(reader.texts())).toEqual([])
    }
  })

  it('is plain Parquet to DuckDB', async () => {
    const path = join(folder, 'traces.parquet')
    const prompts = samples.map((_, index) => (index % 2 === 0 ? tracePrompt(index, 3) : []))
    const prompted = samples.map((sample, index) => ({ ...sample, promptScores: prompts[index]! }))
    const { source } = encode(prompted, { hasPrompts: true })
    writeFileSync(path, Buffer.from(await source.slice(0)))
    const connection = await (await DuckDBInstance.create()).connect()
    const query = async (sql: string) => (await connection.runAndReadAll(sql)).getRowObjectsJson()
    expect(await query(`describe select * from '${path}'`)).toEqual(
      traceColumns.map(({ name, ...column }) =>
        expect.objectContaining({
          column_name: name,
          column_type: duckType[column.type] + '[]'.repeat('depth' in column ? column.depth : 0),
        }),
      ),
    )
    const rows = await query(`select * exclude (duration_ms) from '${path}'`)
    expect(rows).toHaveLength(samples.length)
    for (const [row, { tokens, metadata, ...sample }] of samples.entries()) {
      const found = rows[row] as Record<string, unknown>
      const expected = {
        problem_id: sample.problemId,
        correct: sample.correct,
        error: null,
        generated_text: sample.generatedText,
        mean_entropy_nats: sample.meanEntropyNats,
        metadata: JSON.stringify(metadata),
        prompt_token_text: prompts[row]!.map(token => token.text),
        prompt_logprob: prompts[row]!.map(token => token.logprob),
        prompt_rank: prompts[row]!.map(token => token.rank),
        token_id: tokens.map(token => token.id),
        token_text: tokens.map(token => token.text),
        entropy_nats: tokens.map(token => token.entropyNats),
        top_ids: tokens.map(token => token.topIds),
        top_logprobs: tokens.map(token => token.topLogprobs),
        rank: tokens.map(token => token.rank),
        top_text_ids: Object.keys(sample.topTexts ?? {}).map(Number),
        top_texts: Object.values(sample.topTexts ?? {}),
      }
      const names = Object.keys(expected) as (keyof typeof expected)[]
      const wrong = names.filter(name => JSON.stringify(found[name]) !== JSON.stringify(expected[name]))
      expect(wrong, `row ${row}`).toEqual([])
    }
    expect(
      await query(
        `select decode(value) as version from parquet_kv_metadata('${path}') where decode(key) = 'entrace.formatVersion'`,
      ),
    ).toEqual([{ version: '1.0' }])
  })

  it('is refused when it is damaged, of another run or of another kind', async () => {
    const { index, source } = encode(samples.slice(1, 3))
    await expect(openTraces(source, { ...index, fileBytes: 7 })).rejects.toThrow(
      /expected the 7 that summary.parquet/,
    )
    const bytes = new Uint8Array(await source.slice(0))
    await expect(openTraces(memoryByteSource(bytes.slice(0, -1), 'a'))).rejects.toThrow(
      /^a: expected a Parquet file/,
    )
    const damaged = bytes.slice()
    damaged.fill(0, index.groups[0]!.end - 8, index.groups[0]!.end)
    const reader = await openTraces(memoryByteSource(damaged, 'a'), index)
    await expect(reader.read(0)).rejects.toThrow(/^a: row group at byte 4: expected a footer of its own/)
    const [group] = index.groups
    for (const moved of [{ start: group!.end + 1 }, { start: -1 }, { end: bytes.length + 1 }])
      await expect(
        openTraces(source, { ...index, groups: [{ ...group!, ...moved }] }).then(traces => traces.read(0)),
      ).rejects.toThrow(/: row group at byte -?\d+: is said to be read from byte .*write it again/)
    const newer = Buffer.from(bytes.slice())
    newer.write('2.0', newer.lastIndexOf('1.0'))
    await expect(openTraces(memoryByteSource(newer, 'a'))).rejects.toThrow(
      /^a: format version "2.0", expected 1.x/,
    )
    const unreachable = { ...source, slice: () => Promise.reject(new Error('connection lost')) }
    await expect(openTraces(unreachable)).rejects.toThrow(/^connection lost$/)
  })
})

const duckType = {
  string: 'VARCHAR',
  boolean: 'BOOLEAN',
  int32: 'INTEGER',
  int64: 'BIGINT',
  float: 'FLOAT',
  double: 'DOUBLE',
}
