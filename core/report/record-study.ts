import type { GradingRules } from '../grade/grading-rules.ts'
import type { RunColumns } from '../record/run-tables.ts'
import { type StudySettings, studyRun } from '../study/analyse-run.ts'
import type { Analysis } from '../study/analysis.ts'
import type { AskedSamples } from '../study/coverage.ts'
import type { RunFindings } from '../study/findings.ts'
import { comparePairedRuns, type PairedRuns, type RunComparison } from '../study/paired-runs.ts'
import { isUndefined, type Reason, type Recorded } from '../study/undefined.ts'
import { analysisWarnings } from './analysis-warnings.ts'
import { inWords, undefinedOfRuns } from './undefined-warnings.ts'

/** Whether uncertainty predicts error, as `analysis.json` has it: what `studyRun` finds of a run, and in words what a reader must know of it. */
export function analyseRun(
  run: RunColumns,
  settings: Partial<StudySettings & { grading: GradingRules; asked: AskedSamples }> = {},
  findings: RunFindings | null = null,
): Analysis {
  const study = studyRun(run, settings, findings)
  return { ...record(study), warnings: analysisWarnings(study) }
}

/** Two runs over the answers that both have: what `comparePairedRuns` finds, and in words what a reader must know of it. */
export function compareRuns(
  first: RunColumns,
  second: RunColumns,
  settings: Partial<StudySettings> = {},
): RunComparison {
  const found = comparePairedRuns(first, second, settings)
  return { ...record(found), warnings: comparisonWarnings(found) }
}

/** What is undefined as null, a reason beside it in words, all else as it is. */
function record<T>(found: T): Recorded<T>
function record(found: unknown): unknown {
  if (typeof found !== 'object' || found === null) return found
  if (isUndefined(found)) return null
  if (Array.isArray(found)) return found.map(item => record(item))
  if ('because' in found) return inWords(found as Reason)
  return Object.fromEntries(Object.entries(found).map(([name, value]) => [name, record(value)]))
}

function comparisonWarnings(found: PairedRuns): string[] {
  const { pairs, problems, onlyInFirst, onlyInSecond, accuracy } = found
  if (pairs === 0)
    return ['The runs have no answer in common (by problem and number of the answer): all is undefined.']
  const warnings: string[] = []
  if (onlyInFirst + onlyInSecond > 0)
    warnings.push(
      `${onlyInFirst} answers of the first run and ${onlyInSecond} of the second have no partner in the other and are left out.`,
    )
  if (problems < pairs)
    warnings.push(
      `There are ${pairs} answers to ${problems} problems, and answers to one problem are not independent: read the bootstrap intervals; the tests of McNemar and DeLong are too sure.`,
    )
  const disagreements = accuracy.onlyFirstCorrect + accuracy.onlySecondCorrect
  if (disagreements < 6)
    warnings.push(
      `The runs disagree about ${disagreements} answers: with fewer than 6 no test of the accuracy reaches p < 0.05.`,
    )
  if (isUndefined(accuracy.bootstrapLow))
    warnings.push('The interval of the accuracy is undefined, because there is a single problem.')
  return [...warnings, ...undefinedOfRuns(found)]
}
