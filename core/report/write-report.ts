import { formatCount, formatShortPercent } from '../format-number.ts'
import { describeGrading, isDefaultGrading } from '../grade/grading-rules.ts'
import type { Analysis } from '../study/analysis.ts'
import { partWarning } from '../study/coverage.ts'
import type { RunFindings } from '../study/findings.ts'
import {
  differenceInterval,
  hasSeveralAnswers,
  leastToStandForOthers,
  preferredIntervals,
  scoreInterval,
} from '../study/preferred-intervals.ts'
import { mainScore } from '../study/selection.ts'
import { examplesSection, patternsSection, type ReportExamples } from './patterns-section.ts'
import {
  type Block,
  heading,
  paragraph,
  type ReportDocument,
  type ReportFigure,
  textsTable,
} from './report-document.ts'
import { correlationsSection, findingsSection } from './statistics-section.ts'
import { digits, estimate, percent, withInterval } from './words.ts'

/** What a report is written from. */
export interface ReportInput {
  title: string
  /** What was run, as names and values. */
  setUp: readonly (readonly [name: string, value: string])[]
  analysis: Analysis
  findings: RunFindings
  examples: ReportExamples
  figures: ReportFigure[]
  /** Files of the run, and what each holds. */
  files: readonly (readonly [name: string, holds: string])[]
}

/**
 * The report of a run, written from its numbers alone: each sentence is chosen by what an interval says, every number has
 * its n, and what is undefined is a dash whose reason is among the warnings.
 */
export function writeReport(input: ReportInput): ReportDocument {
  const { title, setUp, analysis, findings, examples, figures, files } = input
  return {
    title,
    blocks: [
      ...summarySection(analysis),
      { kind: 'figures', figures },
      heading('Set-up'),
      textsTable('What was run', ['setting', 'value'], setUp),
      ...findingsSection(analysis),
      ...correlationsSection(analysis),
      ...patternsSection(findings),
      ...examplesSection(examples),
      heading('Artefacts'),
      textsTable('Files of the run', ['file', 'holds'], files),
    ],
  }
}

/** What can be said of a run, and what cannot: each sentence follows from whether its interval says so. */
export function summarySection(analysis: Analysis): Block[] {
  const part = partWarning(analysis.coverage)
  const warnings = analysis.warnings.filter(warning => warning !== part)
  return [
    heading('Summary'),
    ...(part === null ? [] : [paragraph(part)]),
    { kind: 'list', items: summarySentences(analysis) },
    ...(warnings.length > 0
      ? ([paragraph('Before believing these numbers:'), { kind: 'list', items: warnings }] satisfies Block[])
      : []),
  ]
}

function summarySentences(analysis: Analysis): string[] {
  const { total, correct, errors } = analysis
  const { accuracy } = preferredIntervals(analysis)
  if (total === 0) return ['The run has no finished samples.']
  const failed = errors > 0 ? `, ${formatCount(errors, 'failed sample')} counted as wrong` : ''
  return [
    `${correct} of ${formatCount(total, 'answer')} ${total === 1 ? 'is' : 'are'} right${failed}: accuracy ${withInterval(accuracy.value, accuracy.low, accuracy.high, percent)}, ${accuracy.method}.`,
    ...gradingSentences(analysis),
    rankingSentence(analysis),
    ...lengthSentence(analysis),
    calibrationSentence(analysis),
    powerSentence(analysis),
  ]
}

/** By which rules the answers were graded, where these are not the usual ones, and what hangs on them. */
function gradingSentences({ grading, total, correct }: Analysis): string[] {
  if (!grading || isDefaultGrading(grading)) return []
  const { tolerance, correctByToleranceOnly: only } = grading
  const graded = `Answers are graded by other rules than the usual ones: ${describeGrading(grading)}.`
  if (tolerance === 0) return [graded]
  return [
    graded,
    `${only} of ${formatCount(correct, 'right answer')} ${only === 1 ? 'is' : 'are'} right only within the tolerance of ${formatShortPercent(tolerance)}; ` +
      `without it ${correct - only} of ${total} would be right, ${percent((correct - only) / total)}.`,
  ]
}

function rankingSentence(analysis: Analysis): string {
  const { correct, incorrect } = analysis.entropyNats
  const { auroc } = preferredIntervals(analysis)
  const classes = `${incorrect.n} wrong, ${correct.n} right`
  if (auroc.value === null)
    return `Whether mean entropy tells wrong from right answers cannot be said (${classes}): see the warnings.`
  const found = `AUROC of ${mainScore} ${withInterval(auroc.value, auroc.low, auroc.high)}, ${auroc.method}, ${classes}`
  const undecided = `It cannot be concluded that mean entropy tells wrong from right answers: ${found}`
  const isRightFewer = correct.problems <= incorrect.problems
  const fewer = isRightFewer ? correct : incorrect
  if (fewer.problems < leastToStandForOthers) {
    const problems = fewer.problems < fewer.n ? ` to ${formatCount(fewer.problems, 'problem')}` : ''
    return `${undecided}; ${formatCount(fewer.n, isRightFewer ? 'right answer' : 'wrong answer')}${problems} cannot stand for others.`
  }
  if (auroc.low === null || auroc.high === null) return `${undecided}; see the warnings.`
  if (auroc.low > 0.5) return `Wrong answers have more mean entropy than right ones: ${found}.`
  if (auroc.high < 0.5)
    return `Wrong answers have less mean entropy than right ones, the reverse of what is expected: ${found}.`
  return `${undecided}, an interval that holds 0.5.`
}

function lengthSentence(analysis: Analysis): string[] {
  const { scoreComparisons, scores, entropyNats } = analysis
  const length = scores['SequenceLength']
  const compared = scoreComparisons.find(
    ({ score, against }) => score === 'SequenceLength' && against === mainScore,
  )
  if (!length || length.auroc === null || !compared || compared.difference === null) return []
  const { low = null, high = null } = differenceInterval(analysis, compared) ?? {}
  const interval = `length − mean entropy ${withInterval(compared.difference, low, high)}, n ${compared.n}`
  const ofLength = scoreInterval(analysis, length)
  const alone = `Length alone has an AUROC of ${withInterval(length.auroc, ofLength?.low ?? null, ofLength?.high ?? null)}, n ${length.n}`
  if (Math.min(entropyNats.correct.problems, entropyNats.incorrect.problems) < leastToStandForOthers)
    return [`${alone}.`]
  if (high !== null && high < 0) return [`${alone}; mean entropy ranks better (${interval}).`]
  if (low !== null && low > 0) return [`${alone}; mean entropy ranks worse (${interval}).`]
  return [`${alone}; mean entropy is not shown to rank better than length (${interval}).`]
}

function calibrationSentence({ calibration }: Analysis): string {
  const fit = calibration?.[calibration.preferred]
  if (!calibration || !fit)
    return 'Calibration is not measured, so nothing is said about whether the model is well calibrated.'
  const { value, expectedIfCalibrated } = fit.expectedCalibrationError
  const { intervals } = fit
  return (
    `A probability of being right that is fitted to mean entropy (${calibration.preferred}, ${calibration.folds} folds by problem) has ` +
    `a Brier score of ${estimate(fit.brier, intervals.brier)} and an expected calibration error of ${estimate(value, intervals.expectedCalibrationError)}, where ${digits(expectedIfCalibrated)} ` +
    `is expected of a perfectly calibrated one at n ${calibration.n}. It says nothing of the model's own probabilities.`
  )
}

function powerSentence(analysis: Analysis): string {
  const { power } = analysis
  return power.detectableAuroc80 === null
    ? 'With classes of this size no AUROC, not even 1, would be found with 80 % power.'
    : `With classes of this size an AUROC of ${digits(power.detectableAuroc80)} or more would be found with 80 % power${hasSeveralAnswers(analysis) ? ' if answers to one problem were independent, which they are not' : ''}.`
}
