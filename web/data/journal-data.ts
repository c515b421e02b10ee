import { analyseRun } from '../../core/analyse/analyse-run.ts'
import type { SampleRecord } from '../../core/formats/sample-record.ts'
import type { TraceSample } from '../../core/formats/trace-reader.ts'
import { type CheckedFiles, readTogether } from './checked-files.ts'
import { createJournalReader, type JournalReader } from './journal-reader.ts'
import { openParquetData } from './parquet-data.ts'
import { positionsOf, type RunData, readFacts } from './run-data.ts'
import type { RunFacts } from './run-facts.ts'
import { columnsOfRecords } from './token-columns.ts'

/**
 * A run from its journal, followed until summary.parquet holds all of its samples. Dropped files do not change, so
 * without run.json nothing tells that more is to come.
 */
export function openJournalData(
  files: CheckedFiles,
  journal: JournalReader,
  facts: RunFacts | null,
): RunData {
  const columns = journal.columns()
  const { count } = columns
  // The page is given the columns' own memory.
  const analysis = analyseRun(
    columns,
    facts ? { grading: facts.grading, ...(facts.asked && { asked: facts.asked }) } : {},
  )
  const scoreNames = Object.keys(columns.scores)
  async function* records(): AsyncGenerator<SampleRecord> {
    for (let row = 0; row < count; row++) yield await journal.read(row)
  }
  return {
    count,
    snapshot: () => ({
      facts,
      analysis,
      columns,
      scoreNames,
      following: facts?.expectedSamples !== null && facts !== null,
      traceBytes: journal.byteLength,
    }),
    async poll() {
      const isLonger = await journal.readOn()
      if (isLonger) return openJournalData(files, journal, facts)
      if (isLonger === null) {
        const joined = createJournalReader(files)
        if (await joined.readOn()) return openJournalData(files, joined, facts)
      }
      if (!facts) return null
      return readTogether(await files.again(), async current => {
        const now = await readFacts(current)
        if (now === null || count < (now.expectedSamples ?? 0)) return null
        const parquet = await openParquetData(current).catch(() => null)
        return parquet && parquet.count >= count ? parquet.withFacts(now) : null
      })
    },
    readScore: name =>
      Promise.reject(
        new RangeError(`${files.name}: has no score ${name}, expected one of ${scoreNames.join(', ')}`),
      ),
    readSample: async row => sampleOf(await journal.read(row)),
    async *texts() {
      let row = 0
      for await (const { problem, generatedText } of records()) yield { row: row++, problem, generatedText }
    },
    readPositions: onProgress => positionsOf(count, entropies(), onProgress),
  }

  async function* entropies(): AsyncGenerator<number[]> {
    for await (const { tokens } of records()) yield tokens.map(token => token.entropyNats)
  }
}

function sampleOf({ tokens, ...sample }: SampleRecord): TraceSample {
  return {
    problemId: sample.problemId,
    problemIndex: sample.problemIndex,
    sampleIndex: sample.sampleIndex,
    problem: sample.problem,
    prompt: sample.prompt,
    generatedText: sample.generatedText,
    error: sample.error ?? null,
    metadata: sample.metadata,
    topTexts: sample.topTexts ?? {},
    tokens: columnsOfRecords(tokens),
  }
}
