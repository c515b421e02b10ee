import type { RunColumns } from '../formats/run-columns.ts'
import { formatVersion } from '../formats/sample-record.ts'
import { type GradingRules, gradingWarning, hangsOnTolerance } from '../grade/grading-rules.ts'
import { type AnalysisSettings, analyseStatistics } from './analyse-statistics.ts'
import type { Analysis } from './analysis.ts'
import { analysisWarnings } from './analysis-warnings.ts'
import { type AskedSamples, type Coverage, coverageOf, partWarning } from './coverage.ts'
import { findingsWarnings } from './findings-warnings.ts'
import type { RunFindings } from './run-findings.ts'

/**
 * Says whether uncertainty predicts error: the content of `analysis.json`, from the columns of a run in any order. Statistics run over whatever
 * scores the columns hold; `findings` are what texts and tokens say beyond them, `grading` the rules that made the verdicts, `asked` what the run
 * was asked for, of which the samples may be a part. The same columns, seed and resamples (2,000; fewer for a large run) give the same analysis.
 */
export function analyseRun(
  run: RunColumns,
  {
    seed = 0,
    resamples = 2_000,
    grading,
    asked,
  }: Partial<AnalysisSettings & { grading: GradingRules; asked: AskedSamples }> = {},
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
  const coverage = asked ? columnsCoverage(asked, run) : null
  const withoutWarnings: Omit<Analysis, 'warnings'> = {
    formatVersion,
    ...(coverage && { coverage }),
    ...(grading && { grading: { ...grading, correctByToleranceOnly: countByTolerance(run) } }),
    ...statistics,
    seed,
    completedOnly,
  }
  const doubtfulRules = grading ? gradingWarning(grading) : null
  const part = partWarning(coverage)
  const warnings = [
    ...(part === null ? [] : [part]),
    ...(doubtfulRules === null ? [] : [doubtfulRules]),
    ...analysisWarnings(withoutWarnings, findings?.overrun),
  ]
  if (findings === null) return { ...withoutWarnings, warnings }
  return { ...withoutWarnings, ...findings, warnings: [...warnings, ...findingsWarnings(findings)] }
}

/** How much of a run its columns hold. */
export function columnsCoverage(
  asked: AskedSamples,
  { count, problemIndex, sampleIndex }: RunColumns,
): Coverage {
  return coverageOf(
    asked,
    Array.from({ length: count }, (_, row) => ({
      problemIndex: problemIndex[row]!,
      sampleIndex: sampleIndex[row]!,
    })),
  )
}

function countByTolerance({ correct, rule }: RunColumns): number {
  return rule.filter((text, row) => correct[row] === 1 && hangsOnTolerance(text)).length
}
