import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { DuckDBInstance } from '@duckdb/node-api'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openHttpByteSource } from '../../core/files/http-byte-source.ts'
import { defaultGradingRules } from '../../core/grade/grading-rules.ts'
import type { SampleRecord } from '../../core/record/sample.ts'
import { createTraceWriter, openTraces } from '../../core/record/traces.ts'
import { seededRandom } from '../../core/seeded-random.ts'
import { columnsOf } from '../../core/study/columns.ts'
import { encodeSummary, openSummary } from '../../core/study/summary.ts'
import { openAtomicFile, writeFileAtomic } from '../../node-runner/files/write-file-atomic.ts'
import { startEntrace } from '../support/run-entrace.ts'
import { readRunFile } from '../support/run-files.ts'
import { serveFolder } from '../support/serve-folder.ts'
import { traceSample } from '../support/trace-sample.ts'
import { writeRun } from '../support/write-run.ts'

const sampleCount = 100_000
const folder = mkdtempSync(join(tmpdir(), 'entrace-test-'))
afterAll(() => rmSync(folder, { recursive: true }))

const seconds = (since: number) => (performance.now() - since) / 1000

/** Writes a large run's columns and no journal: some samples of noise, which does not compress, over and over. */
function writeColumns(run: string, tokenCount: number): void {
  const random = seededRandom(tokenCount)
  const noise = () => Math.fround(random())
  const distinct = Array.from({ length: 64 }, (_, index) => noisySample(index, tokenCount, noise))
  writeRun(run, [], { limit: sampleCount })
  rmSync(join(run, 'samples.jsonl'))
  const start = performance.now()
  const traces = openAtomicFile(join(run, 'traces.parquet'))
  const writer = createTraceWriter(bytes => traces.write(bytes))
  const samples = function* () {
    for (let index = 0; index < sampleCount; index++) {
      const sample = {
        ...distinct[index % distinct.length]!,
        problemIndex: index,
        problemId: `problem-${index}`,
      }
      sample.correct = random() < 0.5 + 0.4 * (0.5 - sample.meanEntropyNats!)
      writer.add(sample)
      yield sample
    }
  }
  const columns = columnsOf(samples())
  const index = writer.finish()
  traces.commit()
  // Scalars as a real run has them: none like another.
  for (const numbers of [columns.durationMs, ...Object.values(columns.scores)])
    for (let row = 0; row < sampleCount; row++) numbers[row] = random()
  columns.extractedAnswer = Array.from({ length: sampleCount }, () => String(Math.floor(random() * 1e4)))
  writeFileAtomic(join(run, 'summary.parquet'), encodeSummary(columns, index, defaultGradingRules))
  const megabytes = (name: string) => (statSync(join(run, name)).size / 1e6).toFixed(1)
  console.log(
    `${sampleCount} samples × ${tokenCount} tokens: written in ${seconds(start).toFixed(0)} s; ` +
      `traces.parquet ${megabytes('traces.parquet')} MB in ${index.groups.length} row groups, ` +
      `footer ${((index.fileBytes - index.groups.at(-1)!.end) / 1e6).toFixed(1)} MB; summary.parquet ${megabytes('summary.parquet')} MB`,
  )
}

function noisySample(problemIndex: number, tokenCount: number, noise: () => number): SampleRecord {
  const identifier = () => Math.floor(noise() * 151_936)
  const tokens = Array.from({ length: tokenCount }, () => ({
    id: identifier(),
    text: ` word${identifier() % 5000}`,
    entropyNats: noise(),
    varentropy: noise(),
    logprob: -noise(),
    margin: noise(),
    selfCertainty: 9 * noise(),
    rank: noise() < 0.9 ? 0 : 1,
    topIds: Array.from({ length: 5 }, identifier),
    topLogprobs: Array.from({ length: 5 }, () => -9 * noise()),
    tailMass: noise(),
  }))
  return traceSample(problemIndex, 0, { tokens })
}

describe('a run of 100,000 samples of 500 tokens', () => {
  const run = join(folder, 'large')
  beforeAll(() => writeColumns(run, 500), 3_600_000)

  it('opens over HTTP within 2 s and 10 MB, and shows a sample within 200 ms', async () => {
    const server = await serveFolder(run)
    try {
      const start = performance.now()
      const summary = await openSummary((await openHttpByteSource(`${server.address}/summary.parquet`))!)
      const [columns, index] = [
        await summary.readColumns(['MeanTokenEntropy']),
        await summary.readTraceIndex(),
      ]
      const traces = await openTraces((await openHttpByteSource(`${server.address}/traces.parquet`))!, index)
      const openSeconds = seconds(start)
      const openBytes = server.bytes
      expect([columns.count, traces.count]).toEqual([sampleCount, sampleCount])

      const random = seededRandom(1)
      const times: number[] = []
      for (let turn = 0; turn < 30; turn++) {
        const row = Math.floor(random() * sampleCount)
        const startMs = performance.now()
        const sample = await traces.read(row)
        times.push(performance.now() - startMs)
        expect(sample.problemIndex).toBe(row)
        expect(sample.tokens.entropyNats).toHaveLength(500)
      }
      const sampleBytes = (server.bytes - openBytes) / times.length
      times.sort((a, b) => a - b)

      const startTexts = performance.now()
      let texts = 0
      for await (const { row } of traces.texts()) if (++texts === 20_000) expect(row).toBe(19_999)
      console.log(
        `opened in ${openSeconds.toFixed(2)} s with ${(openBytes / 1e6).toFixed(1)} MB; a sample in ` +
          `${times[15]!.toFixed(0)} ms (median), ${times.at(-1)!.toFixed(0)} ms (slowest of 30), ` +
          `${(sampleBytes / 1e3).toFixed(0)} kB; all texts searched in ${seconds(startTexts).toFixed(1)} s`,
      )
      expect(texts).toBe(sampleCount)
      expect(openSeconds).toBeLessThan(2)
      expect(openBytes).toBeLessThan(10e6)
      expect(times.at(-1)).toBeLessThan(200)
    } finally {
      server.close()
    }
  }, 300_000)

  it('is plain Parquet to DuckDB', async () => {
    const start = performance.now()
    const connection = await (await DuckDBInstance.create()).connect()
    const result = await connection.runAndReadAll(
      `select count(*)::int as samples, sum(len(token_id))::int as tokens, count(distinct problem_index)::int as problems
       from '${join(run, 'traces.parquet')}'`,
    )
    console.log(`DuckDB counted the tokens in ${seconds(start).toFixed(1)} s`)
    expect(result.getRowObjectsJson()).toEqual([
      { samples: sampleCount, tokens: 500 * sampleCount, problems: sampleCount },
    ])
  }, 300_000)
})

describe('a run of 100,000 samples of 200 tokens', () => {
  const run = join(folder, 'analysed')
  beforeAll(() => writeColumns(run, 200), 3_600_000)

  it('is analysed from its columns within 60 s and 2 GB', async () => {
    const start = performance.now()
    const { child, result } = startEntrace(['analyse', run, '--from-columns', '--quiet'])
    let peakKilobytes = 0
    let ended = false
    void result.finally(() => (ended = true))
    while (!ended) {
      const status = readStatus(child.pid!)
      peakKilobytes = Math.max(peakKilobytes, Number(/VmHWM:\s*(\d+)/.exec(status)?.[1] ?? 0))
      await setTimeout(50)
    }
    const { exitCode, stderr } = await result
    const elapsed = seconds(start)
    console.log(
      `analysed from columns in ${elapsed.toFixed(1)} s with ${(peakKilobytes / 1e6).toFixed(2)} GB`,
    )
    expect(exitCode, stderr).toBe(0)
    expect(readRunFile(run, 'analysis.json')).toMatchObject({ total: sampleCount })
    expect(elapsed).toBeLessThan(60)
    expect(peakKilobytes).toBeLessThan(2e6)
    expect(peakKilobytes).toBeGreaterThan(0)
  }, 300_000)
})

/** What Linux tells of a process; nothing once it has ended. */
function readStatus(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/status`, 'utf8')
  } catch {
    return ''
  }
}
