import { join } from 'node:path'
import { analyseRun } from '../../core/analyse/analyse-run.ts'
import type { Analysis } from '../../core/analyse/analysis.ts'
import { columnsOf } from '../../core/analyse/columns-of.ts'
import { formatVersion, type SampleRecord } from '../../core/formats/sample-record.ts'
import { renderFigure } from '../figures/render-figure.ts'
import { writeFileWhole } from '../files/write-file-whole.ts'
import type { RunDescription } from './run-description.ts'

/** Paths of what `writeResults` writes. */
export interface ResultFiles {
  results: string
  analysis: string
  figureSvg: string
  figurePng: string
}

/**
 * Writes all_results.json, analysis.json and the figure from a run's samples, which are read once for each file and
 * never held all at once. Returns the analysis.
 */
export function writeResults(
  folder: string,
  run: RunDescription,
  samples: () => Iterable<SampleRecord>,
): { analysis: Analysis; files: ResultFiles } {
  const files: ResultFiles = {
    results: join(folder, 'all_results.json'),
    analysis: join(folder, 'analysis.json'),
    figureSvg: join(folder, 'entropy_analysis.svg'),
    figurePng: join(folder, 'entropy_analysis.png'),
  }
  writeFileWhole(files.results, resultsJson(run, samples()))
  const analysis = analyseRun(columnsOf(samples()))
  writeFileWhole(files.analysis, [`${JSON.stringify(analysis, null, 2)}\n`])
  const figure = renderFigure(samples(), analysis, `${run.model.name} on ${run.dataSet.name}`)
  writeFileWhole(files.figureSvg, [figure.svg])
  writeFileWhole(files.figurePng, [figure.png])
  return { analysis, files }
}

/** all_results.json, one line a result: a whole run exceeds what one string can hold. */
function* resultsJson(run: RunDescription, samples: Iterable<SampleRecord>): Generator<string> {
  yield `{"formatVersion":${JSON.stringify(formatVersion)},"run":${JSON.stringify(run)},"results":[`
  let separator = '\n'
  for (const sample of samples) {
    yield separator + JSON.stringify(resultOf(sample))
    separator = ',\n'
  }
  yield '\n]}\n'
}

/** A result: the sample with its tokens as columns. */
function resultOf({ tokens, durationMs, ...sample }: SampleRecord): Record<string, unknown> {
  return {
    ...sample,
    tokenIds: tokens.map(token => token.id),
    tokenTexts: tokens.map(token => token.text),
    tokenEntropiesNats: tokens.map(token => token.entropyNats),
    tokenLogprobs: tokens.map(token => token.logprob),
    durationMs,
  }
}
