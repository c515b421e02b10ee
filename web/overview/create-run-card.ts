import {
  formatCount,
  formatNumber,
  formatP,
  formatPercent,
  formatShortPercent,
} from '../../core/format-number.ts'
import { describeGrading } from '../../core/grade/grading-rules.ts'
import type { RunFacts } from '../../core/run/run-facts.ts'
import type { Analysis } from '../../core/study/analysis.ts'
import { isPart, partWarning } from '../../core/study/coverage.ts'
import { preferredIntervals } from '../../core/study/preferred-intervals.ts'
import type { OpenRun } from '../data/open-run.ts'
import { details, h } from '../dom.ts'
import { terms } from '../widgets/panel.ts'

/** What a run is and what came of it, on a few lines; made again when samples come. */
export function createRunCard({ facts, analysis }: OpenRun): HTMLElement {
  const { accuracy, auroc } = preferredIntervals(analysis)
  const { entropyNats, total, problems, errors, capHitRate, warnings, grading, coverage } = analysis
  const { difference, capHitRate: capHitInterval } = analysis.intervals
  const results = h(
    'dl',
    { class: 'results' },
    result(
      'Accuracy',
      known(accuracy.value, formatPercent),
      interval(accuracy, formatPercent),
      grading && grading.tolerance > 0 && byTolerance(grading),
    ),
    result(
      'AUROC of entropy for errors',
      known(auroc.value, threePlaces),
      auroc.value === null ? 'undefined with one class' : interval(auroc, threePlaces),
      auroc.value !== null && auroc.p !== null && formatP(auroc.p),
    ),
    result(
      'Samples',
      isPart(coverage) ? `${formatCount(total)} of ${formatCount(coverage.of)}` : formatCount(total),
      problems < total && `of ${formatCount(problems)} problems`,
      errors > 0 ? `${formatCount(errors)} failed` : 'none failed',
    ),
    result(
      'Mean entropy, wrong − right',
      known(entropyNats.difference, value => `${formatNumber(value)} nats`),
      interval(difference, formatNumber),
      entropyNats.hedgesG !== null && `Hedges’ g ${formatNumber(entropyNats.hedgesG)}`,
    ),
    result('At the token limit', known(capHitRate, formatPercent), interval(capHitInterval, formatPercent)),
  )
  const part = partWarning(coverage)
  const warningList = h('ul', {}, ...warnings.map(warning => h('li', {}, warning)))
  const more = [
    facts && details('Settings', h('dl', { class: 'settings' }, terms(settingsOf(facts)))),
    warnings.length > 0 &&
      details(formatCount(warnings.length, 'warning'), warningList, { class: 'warnings' }),
  ]
  return h(
    'section',
    { class: 'run-card', 'aria-label': 'The run' },
    part !== null && h('p', { class: 'part', role: 'note' }, part),
    results,
    h('div', { class: 'card-more' }, more),
  )
}

/** The run's settings in words. */
function settingsOf({ model, dtypes, dataSet, problems, mesh, ...facts }: RunFacts): [string, string][] {
  const rows: [string, string][] = [
    ['Model', listed(model, dtypes)],
    ['Data', listed(dataSet, problems !== null && `${formatCount(problems)} problems`)],
    ['Mesh', mesh ? `tensor ${mesh.tp} × data ${mesh.dp}, ${facts.adapters.join(', ')}` : ''],
    ['Decoding', namedValues(facts.decoding)],
    ['Grading', describeGrading(facts.grading)],
    ['Versions', namedValues(facts.versions)],
  ]
  return rows.map(([name, text]) => [name, text || '–'])
}

function result(name: string, value: string, ...remarks: Parameters<typeof listed>): HTMLElement {
  const remark = h('span', { class: 'remark' }, listed(...remarks))
  return h('div', {}, h('dt', {}, name), h('dd', {}, h('span', { class: 'value' }, value), ' ', remark))
}

function byTolerance({ correctByToleranceOnly, tolerance }: NonNullable<Analysis['grading']>): string {
  return `${formatCount(correctByToleranceOnly)} right only within ${formatShortPercent(tolerance)}`
}

function known(value: number | null, format: (value: number) => string): string {
  return value === null ? '–' : format(value)
}

function threePlaces(value: number): string {
  return value.toFixed(3)
}

/** Parts of a text with commas between them, without those that are empty. */
function listed(...parts: (string | null | undefined | false)[]): string {
  return parts.filter(Boolean).join(', ')
}

function interval(
  ends: { low: number | null; high: number | null } | null | undefined,
  format: (value: number) => string,
): string {
  if (!ends || ends.low === null || ends.high === null) return ''
  return `95 %: ${format(ends.low)} – ${format(ends.high)}`
}

function namedValues(values: Record<string, unknown>): string {
  return Object.entries(values)
    .filter(([, value]) => value !== null && typeof value !== 'object')
    .map(([name, value]) => `${name} ${String(value)}`)
    .join(', ')
}
