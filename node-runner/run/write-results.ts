import { join } from 'node:path'
import { createFigureCollector, type FigureData } from '../../core/figures/figure-data.ts'
import { formatVersion } from '../../core/record/run-files.ts'
import type { RunColumns } from '../../core/record/run-tables.ts'
import type { SampleRecord } from '../../core/record/sample.ts'
import { tokenColumns } from '../../core/record/token.ts'
import { createTraceWriter } from '../../core/record/traces.ts'
import { createExampleCollector } from '../../core/report/patterns-section.ts'
import { analyseRun } from '../../core/report/record-study.ts'
import { allColumnsOf } from '../../core/study/all-columns.ts'
import { calibrateAnswers, columnsCoverage } from '../../core/study/analyse-run.ts'
import type { Analysis } from '../../core/study/analysis.ts'
import { isPart } from '../../core/study/coverage.ts'
import type { ErrorLabels } from '../../core/study/errors/error-labels.ts'
import type { RunFindings } from '../../core/study/findings.ts'
import { createRunFindings } from '../../core/study/run-findings.ts'
import { encodeSummary } from '../../core/study/summary.ts'
import { journalBytesOf } from './journal-files.ts'
import { cardName, isOwnCard, runCard } from './run-card.ts'
import { askedSamples, type RunDescription, runDescriptionText } from './run-description.ts'
import { type StagedResults, stageResults } from './staged-results.ts'
import { renderFigure, titleOf, writeReport } from './write-report.ts'

/** Paths of what is made from a run's journal. */
export type ResultFiles = ReturnType<typeof resultFiles>

/** An analysis, and where the files lie that belong to it. */
export interface Results {
  analysis: Analysis
  files: ResultFiles
  /** Names of files that were left as they were, since somebody edited them. */
  left: string[]
}

/** Where a run's folder has its results. */
export function resultFiles(folder: string) {
  return {
    results: join(folder, 'all_results.json'),
    summary: join(folder, 'summary.parquet'),
    traces: join(folder, 'traces.parquet'),
    analysis: join(folder, 'analysis.json'),
    figureSvg: join(folder, 'entropy_analysis.svg'),
    figurePng: join(folder, 'entropy_analysis.png'),
    report: join(folder, 'report.html'),
    card: join(folder, cardName),
  }
}

interface ResultOptions {
  /** Errors sorted by hand. */
  labels?: ErrorLabels | undefined
  /** Length of the journal that the samples are read from, where it may have grown since. */
  journalBytes?: number
  /** Throws where the results may not be put in place: see StagedResults. */
  check?: () => void
}

/**
 * Writes all results of a run from its samples, which are read once, in the order of the data set, and never held all at
 * once: all_results.json, summary.parquet, traces.parquet, analysis.json, the figure and the report, put in place together with
 * run.json and the manifest of them all.
 */
export function writeResults(
  folder: string,
  run: RunDescription,
  samples: Iterable<SampleRecord>,
  { labels, journalBytes = journalBytesOf(folder), check }: ResultOptions = {},
): Results {
  const staged = stageResults(folder)
  try {
    staged.write('run.json', [runDescriptionText(run)])
    const results = staged.open('all_results.json')
    const traces = staged.open('traces.parquet', 'in parts')
    const traceWriter = createTraceWriter(bytes => traces.write(bytes), {
      hasPrompts: run.decoding.promptLogprobs ?? false,
    })
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
    const extras = { probabilities: calibrateAnswers(columns), topLogprobs: run.decoding.topLogprobs }
    staged.write('summary.parquet', encodeSummary(columns, index, run.grading, extras), 'in parts')
    const found = findings.finish()
    const { analysis, panels } = writeAnalysis(staged, run, columns, figure.data, found)
    writeReport(staged, run, columns, { analysis, findings: found, examples: collector.examples }, panels)
    const left = staged.commit({ samples: columns.count, journalBytes, ...(check && { check }) })
    return { analysis, files: resultFiles(folder), left }
  } finally {
    staged.discard()
  }
}

/**
 * Analyses a run; writes analysis.json, the figure and the card. `findings` are null where they are not known. Returns the analysis,
 * and the drawing of the four panels.
 */
export function writeAnalysis(
  staged: StagedResults,
  run: RunDescription,
  columns: RunColumns,
  figureData: FigureData,
  findings: RunFindings | null,
): { analysis: Analysis; panels: string } {
  const analysis = analyseRun(columns, { grading: run.grading, asked: askedSamples(run) }, findings)
  staged.write('analysis.json', [`${JSON.stringify(analysis, null, 2)}\n`])
  const figure = renderFigure(figureData, analysis, titleOf(run, analysis))
  staged.write('entropy_analysis.svg', [figure.svg])
  staged.write('entropy_analysis.png', [figure.png])
  staged.writeEditable(cardName, runCard(run, analysis), isOwnCard)
  return { analysis, panels: figure.svg }
}

/** A result: the sample with its tokens as columns, and those of its prompt. */
function resultOf({
  tokens,
  topTexts,
  durationMs,
  promptScores,
  ...sample
}: SampleRecord): Record<string, unknown> {
  return {
    ...sample,
    ...(promptScores && {
      promptTokenIds: promptScores.map(token => token.id),
      promptTokenTexts: promptScores.map(token => token.text),
      promptLogprobs: promptScores.map(token => token.logprob),
      promptEntropiesNats: promptScores.map(token => token.entropyNats),
      promptRanks: promptScores.map(token => token.rank),
    }),
    tokenIds: tokens.map(token => token.id),
    tokenTexts: tokens.map(token => token.text),
    tokenEntropiesNats: tokens.map(token => token.entropyNats),
    tokenLogprobs: tokens.map(token => token.logprob),
    durationMs,
  }
}
