import { entropyOfPart, positionCount } from '../../core/figures/figure-data.ts'
import { readJson, settingsJson } from '../../core/formats/read-json.ts'
import type { TraceSample, TraceText } from '../../core/formats/trace-reader.ts'
import { InputError } from '../../core/input-error.ts'
import { type CheckedFiles, checkFiles, readTogether } from './checked-files.ts'
import { openJournalData } from './journal-data.ts'
import { createJournalReader } from './journal-reader.ts'
import { openParquetData } from './parquet-data.ts'
import { type RunFacts, readRunFacts } from './run-facts.ts'
import type { RunFiles } from './run-source.ts'
import type { RunSnapshot } from './run-worker.ts'

/** A run's data in the worker: from its Parquet files, or from its journal while they are not written. */
export interface RunData {
  readonly count: number
  /** What is known now. Its columns are the caller's. */
  snapshot(): RunSnapshot
  /** The run as it is now, when that is more than this; null when it is not. */
  poll(): Promise<RunData | null>
  readScore(name: string): Promise<Float64Array>
  readSample(row: number): Promise<TraceSample>
  texts(): AsyncGenerator<TraceText>
  readPositions(onProgress: (rows: number) => void): Promise<Float32Array>
}

/**
 * Opens a run: `summary.parquet` where it holds all samples that run.json asks for, else the journal, which then is
 * followed. Throws InputError for files that are damaged, of a newer format, or not a run's.
 */
export async function openRunData(files: RunFiles): Promise<RunData> {
  return readTogether(await checkFiles(files), openChecked)
}

async function openChecked(files: CheckedFiles): Promise<RunData> {
  const [facts, parquet, journal] = await Promise.all([
    readFacts(files),
    openParquetData(files),
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
  return openJournalData(files, reader, facts)
}

/** The content of run.json; null where there is none. */
export async function readFacts(files: RunFiles): Promise<RunFacts | null> {
  const source = await files.open('run.json')
  return source && readRunFacts(source.name, await readJson(source, settingsJson))
}

/** Mean entropies of the parts of every answer: see OpenRun.readPositions. */
export async function positionsOf(
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
