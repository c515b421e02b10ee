import { mkdtempSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DuckDBInstance } from '@duckdb/node-api'
import { parquetReadObjects } from 'hyparquet'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { InputError } from '../../core/input-error.ts'
import { openTraces } from '../../core/record/traces.ts'
import { openSummary } from '../../core/study/summary.ts'
import { analyseCommand } from '../../node-runner/commands/analyse.ts'
import { openFileByteSource } from '../../node-runner/files/file-byte-source.ts'
import { memoryByteSource } from '../support/memory-byte-source.ts'
import { runCommand } from '../support/run-command.ts'
import { runEntrace } from '../support/run-entrace.ts'
import { type Result, readResults, readRunFile } from '../support/run-files.ts'

const folder = mkdtempSync(join(tmpdir(), 'entrace-test-'))
afterAll(() => rmSync(folder, { recursive: true }))
const run = join(folder, 'run')
let results: Result[] = []

beforeAll(async () => {
  const { exitCode, stderr } = await runEntrace([
    ...['eval', '--model', 'models/arith-qwen2', '--dataset', 'datasets/arith-104.jsonl', '--out', run],
    ...['--adapter', 'cpu', '--limit', '4', '--quiet'],
  ])
  expect(exitCode, stderr).toBe(0)
  results = readResults(run)
})

const path = (name: string) => join(run, name)
const duckdb = async (sql: string) => {
  const connection = await (await DuckDBInstance.create()).connect()
  return (await connection.runAndReadAll(sql)).getRowObjectsJson()
}
/** Rows as hyparquet reads them. */
const hyparquet = (name: string) => parquetReadObjects({ file: memoryByteSource(readFileSync(path(name))) })

/** What a row of traces.parquet has of a result. */
const traceOf = (result: Result) => ({
  problem_id: result.problemId,
  sample_index: result.sampleIndex,
  problem: result.problem,
  generated_text: result.generatedText,
  extracted_answer: result.extractedAnswer,
  expected_answer: result.expectedAnswer,
  correct: result.correct,
  finish_reason: result.finishReason,
  prompt_tokens: result.promptTokens,
  generated_tokens: result.generatedTokens,
  mean_entropy_nats: result.meanEntropyNats,
  max_entropy_nats: result.maxEntropyNats,
  sum_logprob: result.sumLogprob,
  duration_ms: result.durationMs,
  token_id: result.tokenIds,
  token_text: result.tokenTexts,
  entropy_nats: result.tokenEntropiesNats.map(Math.fround),
  logprob: result.tokenLogprobs.map(Math.fround),
})

describe('eval', () => {
  it('writes traces.parquet, which hyparquet and DuckDB read alike', async () => {
    const names = Object.keys(traceOf(results[0]!))
    for (const rows of [
      await hyparquet('traces.parquet'),
      await duckdb(`select * from '${path('traces.parquet')}'`),
    ])
      expect(rows.map(row => Object.fromEntries(names.map(name => [name, row[name]])))).toEqual(
        results.map(traceOf),
      )
  })

  it('writes summary.parquet, a row a sample with every score', async () => {
    const { scores } = readRunFile(run, 'analysis.json')
    const names = Object.keys(scores as object)
    expect(names).toContain('MeanTokenEntropy')
    for (const rows of [
      await hyparquet('summary.parquet'),
      await duckdb(`select * from '${path('summary.parquet')}'`),
    ]) {
      expect(rows.map(row => [row['problem_id'], row['correct'], row['generated_tokens']])).toEqual(
        results.map(result => [result.problemId, result.correct, result.generatedTokens]),
      )
      for (const name of names) expect(rows[0]).toHaveProperty([name])
    }
  })

  it('lets a sample be found by the index in the summary', async () => {
    const [summarySource, traceSource] = await Promise.all(
      ['summary.parquet', 'traces.parquet'].map(name => openFileByteSource(path(name))),
    )
    const summary = await openSummary(summarySource!)
    const traces = await openTraces(traceSource!, await summary.readTraceIndex())
    expect((await summary.readColumns()).problemId).toEqual(results.map(result => result.problemId))
    const { problemId, tokens } = await traces.read(2)
    expect(problemId).toBe(results[2]!.problemId)
    expect(Array.from(tokens.tokenId)).toEqual(results[2]!.tokenIds)
    await Promise.all([summarySource!.close(), traceSource!.close()])
  })
})

describe('analyse', () => {
  it('writes the same columns from the journal again', async () => {
    const names = ['summary.parquet', 'traces.parquet']
    const before = names.map(name => readFileSync(path(name)))
    for (const name of names) rmSync(path(name))
    await runCommand(analyseCommand(), [run, '--quiet'])
    for (const [index, name] of names.entries())
      expect(readFileSync(path(name)).equals(before[index]!), name).toBe(true)
    expect(readdirSync(run).filter(name => /partial|hold/.test(name))).toEqual([])
  })

  it('--from-columns makes the same statistics and figure without the journal', async () => {
    const before = readFileSync(path('analysis.json'), 'utf8')
    const figure = readFileSync(path('entropy_analysis.svg'), 'utf8')
    const journal = readFileSync(path('samples.jsonl'))
    rmSync(path('samples.jsonl'))
    // What is found by reading texts is kept where it is known, and else left out.
    const { tokens, errorKinds, ...statistics } = JSON.parse(before)
    expect([tokens.tokens, errorKinds.n].every(Number.isInteger)).toBe(true)
    rmSync(path('entropy_analysis.svg'))
    const kept = await runCommand(analyseCommand(), [run, '--from-columns', '--json'])
    expect(JSON.parse(kept.stdout)).toEqual({ ...statistics, tokens, errorKinds })
    expect(readFileSync(path('entropy_analysis.svg'), 'utf8')).toBe(figure)
    expect(readFileSync(path('report.md'), 'utf8')).toContain('Entropy by kind of token')
    rmSync(path('analysis.json'))
    const { stdout } = await runCommand(analyseCommand(), [run, '--from-columns', '--json'])
    const withoutFindings = JSON.parse(stdout)
    // What the findings' warnings say comes last.
    const warnings = statistics.warnings.slice(0, withoutFindings.warnings.length)
    expect(withoutFindings).toEqual({ ...statistics, warnings })
    writeFileSync(path('samples.jsonl'), journal)
  })

  it('--from-columns refuses columns that are older than the journal, or missing', async () => {
    const later = Date.now() / 1000 + 10
    utimesSync(path('samples.jsonl'), later, later)
    const analyse = () => runCommand(analyseCommand(), [run, '--from-columns'])
    await expect(analyse()).rejects.toThrow(InputError)
    await expect(analyse()).rejects.toThrow(/summary\.parquet: is older than samples\.jsonl/)
    rmSync(path('summary.parquet'))
    await expect(analyse()).rejects.toThrow(/summary\.parquet: is missing, .*write them with entrace analyse/)
  })
})
