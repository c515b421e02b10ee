import { analyseRun, columnsCoverage } from '../../core/analyse/analyse-run.ts'
import { openSummary } from '../../core/formats/summary-parquet.ts'
import { openTraces, type TraceReader } from '../../core/formats/trace-reader.ts'
import { InputError } from '../../core/input-error.ts'
import type { CheckedFiles } from './checked-files.ts'
import { readAnalysis } from './read-analysis.ts'
import { positionsOf, type RunData } from './run-data.ts'
import type { RunFacts } from './run-facts.ts'
import { tellRead, tellReading } from './watch-reading.ts'

/** The score that is read when a run is opened; the others when they are asked for. */
const firstScore = 'MeanTokenEntropy'

/** A run from `summary.parquet` and `traces.parquet`; null without the former. */
export async function openParquetData(files: CheckedFiles): Promise<
  | (Pick<RunData, 'count'> & {
      /** The run's data, once run.json is read as well. */
      withFacts(facts: RunFacts | null): Promise<RunData>
    })
  | null
> {
  const source = await files.open('summary.parquet')
  if (!source) return null
  const { manifest } = files
  const summary = await openSummary(tellReading(source), {
    exactly: manifest?.files['summary.parquet'] ? manifest.samples : null,
  })
  const { count, scoreNames } = summary
  return {
    count,
    async withFacts(facts) {
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
      tellRead()
      const analysis = stored ?? analyseRun(forAnalysis!, { grading: summary.grading })
      // An analysis of 0.1.0, or one made here, does not say how much of the run it is of.
      if (facts?.asked) analysis.coverage = columnsCoverage(facts.asked, columns)
      // A run can be looked at without its tokens, and opens before it is known where they lie.
      let opening: Promise<TraceReader> | null = null
      const traces = (): Promise<TraceReader> => {
        if (!traceSource)
          return Promise.reject(
            new InputError(
              `${files.name}: has no traces.parquet, which holds the tokens and texts; add it, or drop the whole folder`,
            ),
          )
        opening ??= summary
          .readTraceIndex()
          .then(index => openTraces(tellReading(traceSource), index))
          .catch(error => {
            // The next one tries again.
            opening = null
            throw error
          })
        return opening
      }
      return {
        count,
        snapshot: () => ({
          facts,
          analysis,
          columns,
          scoreNames,
          following: false,
          traceBytes: traceSource?.byteLength ?? 0,
        }),
        poll: async () => null,
        readScore: name => summary.readScore(name),
        readSample: async row => (await traces()).read(row),
        async *texts() {
          yield* (await traces()).texts()
        },
        readPositions: async onProgress => positionsOf(count, (await traces()).entropies(), onProgress),
      }
    },
  }
}
