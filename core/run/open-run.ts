/// <reference lib="esnext.disposable" preserve="true" />

import { entropyOfPart, positionCount } from '../figures/figure-data.ts'
import type { ByteSource } from '../files/byte-source.ts'
import { readJson, settingsJson } from '../files/read-json.ts'
import { InputError } from '../input-error.ts'
import type { RunColumns } from '../record/run-tables.ts'
import type { SampleRecord } from '../record/sample.ts'
import { tokenColumns } from '../record/token.ts'
import { openTraces, type TraceReader, type TraceSample, type TraceText } from '../record/traces.ts'
import { analyseRun } from '../report/record-study.ts'
import { columnsCoverage } from '../study/analyse-run.ts'
import type { Analysis } from '../study/analysis.ts'
import { openSummary } from '../study/summary.ts'
import { createJournalReader, type JournalReader } from './journal-reader.ts'
import { readAnalysis } from './read-analysis.ts'
import { type RunFacts, readRunFacts } from './run-facts.ts'
import { type CheckedFiles, checkFiles, type RunFiles, readTogether } from './run-files.ts'

/** What is known of a run at a moment. */
export interface RunSnapshot {
  /** What run.json says; null where there is none. */
  facts: RunFacts | null
  analysis: Analysis
  /** Every sample's scalars. `scores` holds those that were read. */
  columns: RunColumns
  /** Names of all the scores that the run has. */
  scoreNames: readonly string[]
  /** Whether more samples may come. */
  following: boolean
  /** Bytes of the traces: what a scan of all of them costs. */
  traceBytes: number
}

/** Who watches that reading ends: told of bytes that are about to be decoded, and that what takes long from now on is no decoding. */
export interface ReadingWatch {
  reading(source: ByteSource): ByteSource
  read(): void
}

const nobody: ReadingWatch = { reading: source => source, read() {} }

/** A run's data: from its Parquet files, or from its journal while they are not written. */
export interface RunData extends Pick<OpenedRun, 'count' | 'readScore' | 'readSample' | 'texts'> {
  /** What is known now. Its columns are the caller's. */
  snapshot(): RunSnapshot
  /** The run as it is now, when that is more than this; null when it is not. */
  poll(): Promise<RunData | null>
  readPositions(onProgress: (rows: number) => void): Promise<Float32Array>
}

/**
 * Opens a run: `summary.parquet` where it holds all samples that run.json asks for, else the journal, which then is
 * followed. Throws InputError for files that are damaged, of a newer format, or not a run's.
 */
export async function openRunData(files: RunFiles, watch: ReadingWatch = nobody): Promise<RunData> {
  return readTogether(await checkFiles(files), current => openChecked(current, watch))
}

async function openChecked(files: CheckedFiles, watch: ReadingWatch): Promise<RunData> {
  const [facts, parquet, journal] = await Promise.all([
    readFacts(files),
    openParquetData(files, watch),
    // Says whether there is one, without reading it.
    files.tail('samples.jsonl', Number.MAX_SAFE_INTEGER - 2 ** 32),
  ])
  const isWhole = parquet !== null && parquet.count >= (facts?.expectedSamples ?? 0)
  if (isWhole || (parquet && !journal)) return parquet.withFacts(facts)
  const reader = createJournalReader(files)
  const found = journal ? await reader.readOn() : null
  if (found === null && !facts)
    throw new InputError(
      `${files.name}: expected the files of a run (run.json, summary.parquet, traces.parquet, or samples.jsonl), found ` +
        'none of them; check the address, or drop the folder that entrace eval wrote',
    )
  return openJournalData(files, reader, facts, watch)
}

/** The content of run.json; null where there is none. */
async function readFacts(files: RunFiles): Promise<RunFacts | null> {
  const source = await files.open('run.json')
  return source && readRunFacts(source.name, await readJson(source, settingsJson))
}

/** Mean entropies of the parts of every answer: see OpenRun.readPositions. */
async function positionsOf(
  count: number,
  entropies: AsyncIterable<ArrayLike<number>>,
  onProgress: (rows: number) => void,
): Promise<Float32Array> {
  const positions = new Float32Array(count * positionCount).fill(Number.NaN)
  let row = 0
  for await (const values of entropies) {
    for (let part = 0; values.length > 0 && part < positionCount; part++)
      positions[row * positionCount + part] = entropyOfPart(values, part)
    row++
    if (row % 1000 === 0) onProgress(row)
  }
  return positions
}

/** A run that is open, as it was when it was opened. Its tokens are read when they are asked for. */
export interface OpenedRun extends RunSnapshot {
  /** Number of samples. */
  readonly count: number
  /** One score of every sample, by a name of `scoreNames`: NaN where it is undefined. */
  readScore(name: string): Promise<Float64Array>
  /** The columns with every score read: what `analyse` takes. */
  readColumns(): Promise<RunColumns>
  /** One sample with its texts and the columns of its tokens, by its row in `columns`. */
  readSample(row: number): Promise<TraceSample>
  /** Problem and answer of every sample, in the order of the rows. */
  texts(): AsyncGenerator<TraceText>
  close(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

/** Opens a run by its files; `close` is called when it is closed. Throws as openRunData does. */
export async function openRunFiles(files: RunFiles, close = async () => {}): Promise<OpenedRun> {
  const data = await openRunData(files).catch(async error => {
    await close()
    throw error
  })
  const { count, readScore, readSample, texts } = data
  const snapshot = data.snapshot()
  return {
    ...snapshot,
    ...{ count, readScore, readSample, texts, close, [Symbol.asyncDispose]: close },
    async readColumns() {
      const { columns, scoreNames } = snapshot
      const scores = await Promise.all(scoreNames.map(async name => [name, await readScore(name)] as const))
      return { ...columns, scores: Object.fromEntries(scores) }
    },
  }
}

/** The score that is read when a run is opened; the others when they are asked for. */
const firstScore = 'MeanTokenEntropy'

/** A run from `summary.parquet` and `traces.parquet`; null without the former. */
async function openParquetData(files: CheckedFiles, watch: ReadingWatch) {
  const source = await files.open('summary.parquet')
  if (!source) return null
  const { manifest } = files
  const summary = await openSummary(watch.reading(source), {
    exactly: manifest?.files['summary.parquet'] ? manifest.samples : null,
  })
  const { count, scoreNames } = summary
  return {
    count,
    /** The run's data, once run.json is read as well. */
    async withFacts(facts: RunFacts | null): Promise<RunData> {
      const samples = facts?.decoding['samples']
      const most = (facts?.problems ?? Number.POSITIVE_INFINITY) * (typeof samples === 'number' ? samples : 1)
      if (count > most)
        throw new InputError(
          `${source.name}: claims ${count} rows, expected at most the ${most} that run.json has problems and samples for; the file is ` +
            'damaged, write it again with entrace analyse',
        )
      const [columns, stored, traceSource] = await Promise.all([
        summary.readColumns(scoreNames.filter(name => name === firstScore)),
        readAnalysis(files),
        files.open('traces.parquet'),
      ])
      const forAnalysis = stored ? null : await summary.readColumns()
      watch.read()
      const analysis = stored ?? analyseRun(forAnalysis!, { grading: summary.grading })
      // An analysis of 0.1.0, or one made here, does not say how much of the run it is of.
      if (facts?.asked) analysis.coverage = columnsCoverage(facts.asked, columns)
      const shown = { facts, analysis, columns, scoreNames }
      // A run can be looked at without its tokens, and opens before it is known where they lie.
      let opening: Promise<TraceReader> | null = null
      const traces = async (): Promise<TraceReader> => {
        if (!traceSource)
          throw new InputError(
            `${files.name}: has no traces.parquet, which holds the tokens and texts; add it, or drop the whole folder`,
          )
        opening ??= summary
          .readTraceIndex()
          .then(index => openTraces(watch.reading(traceSource), index))
          .catch(error => {
            // The next one tries again.
            opening = null
            throw error
          })
        return opening
      }
      return {
        count,
        snapshot: () => ({ ...shown, following: false, traceBytes: traceSource?.byteLength ?? 0 }),
        poll: async () => null,
        readScore: summary.readScore,
        readSample: async row => (await traces()).read(row),
        async *texts() {
          yield* (await traces()).texts()
        },
        readPositions: async onProgress => positionsOf(count, (await traces()).entropies(), onProgress),
      }
    },
  }
}

/**
 * A run from its journal, followed until summary.parquet holds all of its samples. Dropped files do not change, so
 * without run.json nothing tells that more is to come.
 */
function openJournalData(
  files: CheckedFiles,
  journal: JournalReader,
  facts: RunFacts | null,
  watch: ReadingWatch,
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
      if (isLonger) return openJournalData(files, journal, facts, watch)
      if (isLonger === null) {
        const joined = createJournalReader(files)
        if (await joined.readOn()) return openJournalData(files, joined, facts, watch)
      }
      if (!facts) return null
      return readTogether(await files.again(), async current => {
        const now = await readFacts(current)
        if (now === null || count < (now.expectedSamples ?? 0)) return null
        const parquet = await openParquetData(current, watch).catch(() => null)
        return parquet && parquet.count >= count ? parquet.withFacts(now) : null
      })
    },
    async readScore(name) {
      const score = columns.scores[name]
      if (score) return score
      throw new InputError(`${files.name}: has no score ${name}, expected one of ${scoreNames.join(', ')}`)
    },
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

function sampleOf({ tokens, error = null, topTexts = {}, ...sample }: SampleRecord): TraceSample {
  const { problemId, problemIndex, sampleIndex, problem, prompt, generatedText, metadata } = sample
  const identity = { problemId, problemIndex, sampleIndex, problem, prompt, metadata }
  return { ...identity, generatedText, error, topTexts, tokens: tokenColumns(tokens) }
}
