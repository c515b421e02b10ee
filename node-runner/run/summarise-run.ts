import { dirname, join } from 'node:path'
import { formatPercent, formatProbability, formatShortPercent } from '../../core/format-number.ts'
import { gradingSettings } from '../../core/grade/grading-rules.ts'
import type { Analysis } from '../../core/study/analysis.ts'
import { partWarning } from '../../core/study/coverage.ts'
import { hasSeveralAnswers, preferredIntervals } from '../../core/study/preferred-intervals.ts'
import { printReport, renderTable } from '../terminal/report.ts'
import type { ResultFiles, Results } from './write-results.ts'

/** Prints the analysis of a run, or its key numbers and where its files lie; and what to heed of it, on standard error. */
export function printResults(results: Results, { json, quiet }: { json: boolean; quiet: boolean }): void {
  const { analysis, files } = results
  if (json || !quiet) printReport(analysis, json, () => summariseRun(analysis, files))
  if (!quiet) for (const line of [...warningLines(analysis), ...leftLines(results)]) console.error(line)
}

/** More would hide the gravest, which come first. */
const mostWarnings = 8

/** The warnings of a run for a terminal, a line each: the gravest, and how many there are besides. */
function warningLines({ warnings }: Analysis): string[] {
  const shown = warnings.slice(0, mostWarnings)
  const others = warnings.length - shown.length
  if (others > 0)
    shown.push(`${others} more in analysis.json and the report, on numbers that are undefined and why`)
  return shown.map(warning => `warning: ${warning}`)
}

/** Says of files that were left as somebody had edited them, a line each. */
function leftLines({ left, files }: Pick<Results, 'left' | 'files'>): string[] {
  const folder = dirname(files.analysis)
  return left.map(
    name =>
      `${join(folder, name)}: was changed since entrace wrote it, and is left as it is; delete it to have it written again`,
  )
}

/** The key numbers of a run as a table, and where its files lie; before them how much of the run they are, where that is not all. */
export function summariseRun(analysis: Analysis, files: ResultFiles): string {
  const { entropyNats, intervals, pearson, spearman, mannWhitney } = analysis
  const { accuracy, auroc } = preferredIntervals(analysis)
  const several = hasSeveralAnswers(analysis)
  const independentP = (p: number | null) =>
    p === null ? '' : `, p ${formatProbability(p)}${several ? ', taking answers as independent' : ''}`
  const part = partWarning(analysis.coverage)
  const row = (name: string, show: Show, value: number | null, ends: Ends, more = '') => [
    name,
    show(value),
    `${interval(ends, show)}${more}`,
  ]
  const { correct, incorrect } = entropyNats
  const aurocP = several && auroc.p !== null ? `, p ${formatProbability(auroc.p)} (${auroc.pName})` : ''
  const rows = [
    row('accuracy', percent, accuracy.value, accuracy),
    ...gradingRows(analysis),
    [
      several ? `answers to ${analysis.problems} problems` : 'problems',
      String(analysis.total),
      `${analysis.correct} right, ${analysis.incorrect} wrong, of these ${analysis.errors} failed`,
    ],
    row('cut at the token limit', percent, analysis.capHitRate, intervals.capHitRate),
    row('no answer found', percent, analysis.extractionFailureRate, intervals.extractionFailureRate),
    row('mean entropy, right answers', nats, correct.mean, intervals.correctMean, `, sd ${nats(correct.sd)}`),
    row(
      'mean entropy, wrong answers',
      nats,
      incorrect.mean,
      intervals.incorrectMean,
      `, sd ${nats(incorrect.sd)}`,
    ),
    row('AUROC, entropy for error', digits, auroc.value, auroc, aurocP),
    row('Pearson, entropy and correctness', digits, pearson.r, intervals.pearson, independentP(pearson.p)),
    row('Spearman', digits, spearman.rho, intervals.spearman, independentP(spearman.p)),
    ['Mann–Whitney U', oneDigit(mannWhitney.u), independentP(mannWhitney.p).slice(2)],
  ]
  const { results, summary: columns, traces, report, analysis: numbers, figurePng: picture, card } = files
  const places = { results, columns, traces, report, analysis: numbers, picture, card }
  const lines = Object.entries(places).map(([name, path]) => `${name.padEnd(8)} ${path}`)
  return `${part === null ? '' : `${part}\n\n`}${renderTable(rows)}\n\n${lines.join('\n')}`
}

/** By which rules the answers were graded, where these are not the usual ones, and what hangs on them. */
function gradingRows({ grading, correct }: Analysis): string[][] {
  if (!grading) return []
  const { tolerance, severalBoxes, correctByToleranceOnly: only } = grading
  const boxes = gradingSettings.severalBoxes
  return [
    ...(tolerance > 0
      ? [['tolerance', formatShortPercent(tolerance), `${only} of ${correct} right only within it`]]
      : []),
    ...(severalBoxes !== boxes.default
      ? [['several boxes', severalBoxes, boxes.describe(severalBoxes)]]
      : []),
  ]
}

type Show = (value: number | null) => string
const shownBy = (show: (value: number) => string): Show => {
  return value => (value === null ? '–' : show(value))
}
const percent = shownBy(value => formatPercent(value))
const nats = shownBy(value => `${value.toFixed(4)} nats`)
const digits = shownBy(value => value.toFixed(3))
const oneDigit = shownBy(value => value.toFixed(1))
type Ends = { low: number | null; high: number | null } | null

function interval(ends: Ends, show: Show): string {
  const { low = null, high = null } = ends ?? {}
  return low === null || high === null ? 'no interval' : `95 % interval ${show(low)} to ${show(high)}`
}
