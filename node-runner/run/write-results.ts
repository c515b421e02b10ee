import { join } from 'node:path'
import { allColumnsOf } from '../../core/analyse/all-columns-of.ts'
import { analyseRun, columnsCoverage } from '../../core/analyse/analyse-run.ts'
import type { Analysis } from '../../core/analyse/analysis.ts'
import { isPart } from '../../core/analyse/coverage.ts'
import type { ErrorLabels } from '../../core/analyse/errors/error-labels.ts'
import { createRunFindings, type RunFindings } from '../../core/analyse/run-findings.ts'
import { tokenColumns } from '../../core/analyse/scores/token-columns.ts'
import { createFigureCollector, type FigureData } from '../../core/figures/figure-data.ts'
import { encodeSummary } from '../../core/formats/encode-summary.ts'
import type { RunColumns } from '../../core/formats/run-columns.ts'
import { formatVersion, type SampleRecord } from '../../core/formats/sample-record.ts'
import { createTraceWriter } from '../../core/formats/traces-parquet.ts'
import { createExampleCollector } from '../../core/report/report-examples.ts'
import { renderFigure } from '../figures/render-figure.ts'
import { openWholeFile } from '../files/whole-file.ts'
import { writeFileWhole } from '../files/write-file-whole.ts'
import { askedSamples, type RunDescription } from './run-description.ts'
import { titleOf, writeReport } from './write-report.ts'

/** Paths of what is made from a run's journal. */
export interface ResultFiles {
  results: string
  summary: string
  traces: string
  analysis: string
  figureSvg: string
  figurePng: string
  report: string
}

/** An analysis, and where the files lie that belong to it. */
export interface Results {
  analysis: Analysis
  files: ResultFiles
}

/** Where a run's folder has its results. */
export function resultFiles(folder: string): ResultFiles {
  return {
    results: join(folder, 'all_results.json'),
    summary: join(folder, 'summary.parquet'),
    traces: join(folder, 'traces.parquet'),
    analysis: join(folder, 'analysis.json'),
    figureSvg: join(folder, 'entropy_analysis.svg'),
    figurePng: join(folder, 'entropy_analysis.png'),
    report: join(folder, 'report.html'),
  }
}

/**
 * Writes all results of a run from its samples, which are read once, in the order of the data set, and never held all at
 * once: all_results.json, summary.parquet, traces.parquet, analysis.json, the figure and the report, each whole or not at
 * all. `labels` are errors sorted by hand.
 */
export function writeResults(
  folder: string,
  run: RunDescription,
  samples: Iterable<SampleRecord>,
  labels?: ErrorLabels,
): Results {
  const files = resultFiles(folder)
  const results = openWholeFile(files.results)
  const traces = openWholeFile(files.traces)
  try {
    const traceWriter = createTraceWriter(bytes => traces.write(bytes))
    const figure = createFigureCollector()
    const findings = createRunFindings(labels)
    const collector = createExampleCollector()
    // The results have the problems themselves, and are alike whether parts were merged or one run made them.
    const { problemIds: _, merged: __, ...described } = run
    results.write(
      `{"formatVersion":${JSON.stringify(formatVersion)},"run":${JSON.stringify(described)},"results":[`,
    )
    let separator = '\n'
    const passSamplesOn = function* () {
      for (const sample of samples) {
        // A line a result: a whole run exceeds what one string can hold.
        results.write(separator + JSON.stringify(resultOf(sample)))
        separator = ',\n'
        traceWriter.add(sample)
        figure.add(sample)
        findings.add(sample, tokenColumns(sample.tokens))
        collector.add(sample)
        yield sample
      }
    }
    const columns = allColumnsOf(passSamplesOn(), run.grading)
    // After the samples, which say how much of the run they are.
    const coverage = columnsCoverage(askedSamples(run), columns)
    results.write(`\n]${isPart(coverage) ? `,"coverage":${JSON.stringify(coverage)}` : ''}}\n`)
    const index = traceWriter.finish()
    results.commit()
    traces.commit()
    writeFileWhole(files.summary, encodeSummary(columns, index, run.grading))
    const found = findings.finish()
    const { analysis, panels } = writeAnalysis(folder, run, {
      columns,
      figureData: figure.data,
      findings: found,
    })
    writeReport(folder, run, { analysis, columns, findings: found, examples: collector.examples, panels })
    return { analysis, files }
  } finally {
    results.discard()
    traces.discard()
  }
}

/** What of a run is analysed. `findings` are null where they are not known. */
export interface AnalysedRun {
  columns: RunColumns
  figureData: FigureData
  findings: RunFindings | null
}

/** Analyses a run; writes analysis.json and the figure. Returns the analysis, and the drawing of the four panels. */
export function writeAnalysis(
  folder: string,
  run: RunDescription,
  { columns, figureData, findings }: AnalysedRun,
): { analysis: Analysis; panels: string } {
  const files = resultFiles(folder)
  const analysis = analyseRun(columns, { grading: run.grading, asked: askedSamples(run) }, findings)
  writeFileWhole(files.analysis, [`${JSON.stringify(analysis, null, 2)}\n`])
  const figure = renderFigure(figureData, analysis, titleOf(run, analysis))
  writeFileWhole(files.figureSvg, [figure.svg])
  writeFileWhole(files.figurePng, [figure.png])
  return { analysis, panels: figure.svg }
}

/** A result: the sample with its tokens as columns. */
function resultOf({ tokens, topTexts, durationMs, ...sample }: SampleRecord): Record<string, unknown> {
  return {
    ...sample,
    tokenIds: tokens.map(token => token.id),
    tokenTexts: tokens.map(token => token.text),
    tokenEntropiesNats: tokens.map(token => token.entropyNats),
    tokenLogprobs: tokens.map(token => token.logprob),
    durationMs,
  }
}
