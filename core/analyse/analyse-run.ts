import type { RunColumns } from '../formats/run-columns.ts'
import { formatVersion } from '../formats/sample-record.ts'
import { type AnalysisSettings, analyseStatistics } from './analyse-statistics.ts'
import type { Analysis } from './analysis.ts'
import { analysisWarnings } from './analysis-warnings.ts'
import { findingsWarnings } from './findings-warnings.ts'
import type { RunFindings } from './run-findings.ts'

/**
 * Says whether uncertainty predicts error: the content of `analysis.json`, from the columns of a run in any order. Statistics run over whatever
 * scores the columns hold; `findings` are what texts and tokens say beyond them. The same columns, seed and resamples (2,000; fewer for a large run) give the same analysis.
 */
export function analyseRun(
  run: RunColumns,
  { seed = 0, resamples = 2_000 }: Partial<AnalysisSettings> = {},
  findings: RunFindings | null = null,
): Analysis {
  // One order, so that what is drawn at random does not depend on which answer was finished first.
  const rows = Array.from({ length: run.count }, (_, row) => row).sort(
    (first, second) =>
      run.problemIndex[first]! - run.problemIndex[second]! ||
      run.sampleIndex[first]! - run.sampleIndex[second]!,
  )
  const completed = rows.filter(row => run.finishReason[row] === 'stop')
  const statistics = analyseStatistics(run, rows, { seed, resamples })
  const completedOnly =
    completed.length === rows.length ? statistics : analyseStatistics(run, completed, { seed, resamples })
  const withoutWarnings: Omit<Analysis, 'warnings'> = { formatVersion, ...statistics, seed, completedOnly }
  const warnings = analysisWarnings(withoutWarnings, findings?.overrun)
  if (findings === null) return { ...withoutWarnings, warnings }
  return { ...withoutWarnings, ...findings, warnings: [...warnings, ...findingsWarnings(findings)] }
}
