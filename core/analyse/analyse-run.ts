import type { RunColumns } from '../formats/run-columns.ts'
import { type CalibratedSample, formatVersion, type SampleRecord } from '../formats/sample-record.ts'
import { type GradingRules, gradingWarning, hangsOnTolerance } from '../grade/grading-rules.ts'
import { seededRandom } from '../seeded-random.ts'
import { type AnalysisSettings, analyseStatistics, streams } from './analyse-statistics.ts'
import type { Analysis } from './analysis.ts'
import { analysisWarnings } from './analysis-warnings.ts'
import { calibratedProbabilities } from './calibration/calibrate-score.ts'
import { columnsOf } from './columns-of.ts'
import { type AskedSamples, type Coverage, coverageOf, partWarning } from './coverage.ts'
import { findingsWarnings } from './findings-warnings.ts'
import type { RunFindings } from './run-findings.ts'
import { rowsInOrder, selectAnswers } from './selection.ts'

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
  const rows = rowsInOrder(run)
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

/**
 * The probability that each answer of a run is correct, in the order of its columns: what `calibration` of the analysis judges, by the
 * method that it prefers. NaN of answers that failed, and of all where there is no calibration. `seed` is the analysis's.
 */
export function calibrateAnswers(run: RunColumns, seed = 0): Float64Array {
  const { rows, entropy, correct, problems } = selectAnswers(run, rowsInOrder(run))
  const found = calibratedProbabilities(
    entropy.values,
    correct,
    problems,
    seededRandom(seed, streams.calibration),
  )
  const probabilities = new Float64Array(run.count).fill(Number.NaN)
  if (found) for (const [index, row] of rows.entries()) probabilities[row] = found[index]!
  return probabilities
}

/** The samples of a run, graded, each with `calibrateAnswers` of it; reads them once, and once more each time that it is asked. */
export function calibratedSamples(samples: () => Iterable<SampleRecord>): () => Generator<CalibratedSample> {
  const probabilities = calibrateAnswers(columnsOf(samples()))
  return function* () {
    let row = 0
    for (const sample of samples()) {
      const probability = probabilities[row++]!
      yield { ...sample, probabilityCorrect: Number.isNaN(probability) ? null : probability }
    }
  }
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
