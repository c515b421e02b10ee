import { readFileSync } from 'node:fs'
import type { RunFindings } from '../../core/analyse/run-findings.ts'
import { createFigureCollector } from '../../core/figures/figure-data.ts'
import { gradingDifferences } from '../../core/grade/grading-rules.ts'
import { InputError } from '../../core/input-error.ts'
import { readEntropiesApart, readSummaryApart } from '../files/read-parquet.ts'
import { columnFileFault } from './column-files.ts'
import type { RunDescription } from './run-description.ts'
import { type Results, resultFiles, writeAnalysis } from './write-results.ts'

/**
 * Analyses and draws a run from summary.parquet and traces.parquet alone, without its journal: verdicts and scores are
 * those of the last `writeResults`, and so is the report, which takes reading texts. Throws InputError where a file is missing, or older than the journal.
 */
export async function analyseColumns(folder: string, run: RunDescription): Promise<Results> {
  const files = resultFiles(folder)
  for (const path of [files.summary, files.traces]) {
    const fault = columnFileFault(folder, path)
    if (fault !== null)
      throw new InputError(
        `${path}: ${fault}, expected the columns of all finished samples; write them with entrace analyse without --from-columns`,
      )
  }
  const { grading, columns, traces } = await readSummaryApart(files.summary, true)
  const changes = gradingDifferences(grading, run.grading)
  if (changes.length > 0)
    throw new InputError(
      `${files.summary}: was graded by other rules than run.json says (${changes.join(', ')}); write it again with entrace analyse without --from-columns`,
    )
  const means = columns.scores['MeanTokenEntropy']
  const figure = createFigureCollector()
  let row = 0
  for await (const entropies of readEntropiesApart(files.traces, traces!)) {
    figure.add({
      correct: columns.correct[row] === 1,
      finishReason: columns.finishReason[row] ?? 'error',
      meanEntropyNats: means?.[row] ?? null,
      tokens: Array.from(entropies, entropyNats => ({ entropyNats })),
    })
    row++
  }
  const { analysis } = writeAnalysis(folder, run, {
    columns,
    figureData: figure.data,
    findings: readFindings(folder, files.analysis),
  })
  return { analysis, files }
}

/** What an analysis that is no older than the journal found in texts; null without one. */
function readFindings(folder: string, path: string): RunFindings | null {
  if (columnFileFault(folder, path) !== null) return null
  try {
    const { tokens, errorKinds, overrun } = JSON.parse(readFileSync(path, 'utf8')) as Partial<RunFindings>
    return tokens && errorKinds ? { tokens, errorKinds, ...(overrun && { overrun }) } : null
  } catch {
    return null
  }
}
