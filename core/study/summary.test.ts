import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { DuckDBInstance } from '@duckdb/node-api'
import { afterAll, describe, expect, it } from 'vitest'
import { memoryByteSource } from '../../test/support/memory-byte-source.ts'
import { defaultGradingRules } from '../grade/grading-rules.ts'
import { InputError } from '../input-error.ts'
import type { RunColumns } from '../record/run-tables.ts'
import type { FinishReason } from '../record/sample.ts'
import type { TraceIndex } from '../record/traces.ts'
import { encodeSummary, openSummary } from './summary.ts'

const folder = mkdtempSync(join(tmpdir(), 'entrace-test-'))
afterAll(() => rmSync(folder, { recursive: true }))

function runColumns(count: number): RunColumns {
  const rows = Array.from({ length: count }, (_, row) => row)
  const reasons: FinishReason[] = ['stop', 'length', 'error']
  return {
    count,
    problemId: rows.map(row => `problem ${row} é𝄞`),
    problemIndex: Int32Array.from(rows, row => row >> 1),
    sampleIndex: Int32Array.from(rows, row => row & 1),
    level: rows.map(row => (row % 5 === 0 ? null : `level ${row % 5}`)),
    correct: Uint8Array.from(rows, row => row % 2),
    finishReason: rows.map(row => reasons[row % 3]!),
    extractedAnswer: rows.map(row => (row % 4 === 0 ? null : `${row / 7}`)),
    expectedAnswer: rows.map(row => `${row % 9}`),
    rule: rows.map(() => 'text'),
    promptTokens: Int32Array.from(rows),
    generatedTokens: Int32Array.from(rows, row => row * 3),
    durationMs: Float64Array.from(rows, row => row / 3),
    scores: {
      MeanTokenEntropy: Float64Array.from(rows, row => (row % 7 === 0 ? Number.NaN : Math.sin(row))),
      Perplexity: Float64Array.from(rows, row => row + 0.1),
    },
  }
}

function traceIndex(count: number): TraceIndex {
  const groups = Array.from({ length: Math.ceil(count / 10) }, (_, group) => ({
    start: 4 + group * 2 ** 31,
    tailStart: 104 + group * 2 ** 31,
    end: (group + 1) * 2 ** 31,
    firstRow: group * 10,
    rowCount: Math.min(10, count - group * 10),
  }))
  return { fileBytes: 2 ** 50, groups }
}

const encode = (count: number) =>
  Buffer.concat(encodeSummary(runColumns(count), traceIndex(count), defaultGradingRules))
const open = (count: number) => openSummary(memoryByteSource(encode(count), 'summary.parquet'))

describe('summary.parquet', () => {
  it.each([0, 1, 1000, 140_000])('gives back %i samples', async count => {
    const summary = await open(count)
    expect(summary.count).toBe(count)
    expect(summary.scoreNames).toEqual(['MeanTokenEntropy', 'Perplexity'])
    // A matcher takes seconds for so many.
    expect(isDeepStrictEqual(await summary.readColumns(), runColumns(count))).toBe(true)
    expect(await summary.readTraceIndex()).toEqual(traceIndex(count))
  })

  it('reads the scores that are asked for and fetches no others', async () => {
    const bytes = encode(20_000)
    let fetched = 0
    const memory = memoryByteSource(bytes)
    const summary = await openSummary({
      ...memory,
      async slice(start, end) {
        const part = await memory.slice(start, end)
        fetched += part.byteLength
        return part
      },
    })
    const { scores, ...columns } = await summary.readColumns(['Perplexity'])
    const { scores: expected, ...others } = runColumns(20_000)
    expect(columns).toEqual(others)
    expect(scores).toEqual({ Perplexity: expected['Perplexity'] })
    const withOne = fetched
    expect((await summary.readColumns([])).scores).toEqual({})
    expect(fetched).toBeLessThan(2 * withOne - 50_000)
    const before = fetched
    expect(await summary.readScore('MeanTokenEntropy')).toEqual(expected['MeanTokenEntropy'])
    expect(fetched - before).toBeGreaterThan(100_000)
    await expect(summary.readScore('Nothing')).rejects.toThrow(
      /has no score Nothing, expected one of MeanTokenEntropy/,
    )
  })

  it('is plain Parquet to DuckDB', async () => {
    const path = join(folder, 'summary.parquet')
    writeFileSync(path, encode(1000))
    const connection = await (await DuckDBInstance.create()).connect()
    const rows = (await connection.runAndReadAll(`select * from '${path}'`)).getColumnsObjectJson()
    const run = runColumns(1000)
    expect(rows).toMatchObject({
      problem_id: run.problemId,
      problem_index: [...run.problemIndex],
      level: run.level,
      correct: Array.from(run.correct, Boolean),
      finish_reason: run.finishReason,
      extracted_answer: run.extractedAnswer,
      generated_tokens: [...run.generatedTokens],
      duration_ms: [...run.durationMs],
      MeanTokenEntropy: Array.from(run.scores['MeanTokenEntropy']!, value =>
        Number.isNaN(value) ? null : value,
      ),
      Perplexity: [...run.scores['Perplexity']!],
    })
  })

  it('is refused when it is no summary', async () => {
    const refused = openSummary(memoryByteSource(new TextEncoder().encode('no Parquet at all'), 'a'))
    await expect(refused).rejects.toThrow(InputError)
    await expect(refused).rejects.toThrow(/^a: expected a Parquet file, found 17 bytes/)
  })
})
