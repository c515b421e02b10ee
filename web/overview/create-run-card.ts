import { formatNumber, formatP, formatShortPercent } from '../../core/format-number.ts'
import { describeGrading } from '../../core/grade/grading-rules.ts'
import { isPart, partWarning } from '../../core/study/coverage.ts'
import { preferredIntervals } from '../../core/study/preferred-intervals.ts'
import type { OpenRun } from '../data/open-run.ts'
import { h } from '../dom.ts'
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
      accuracy.value === null ? '–' : percent(accuracy.value),
      listed(
        interval(accuracy, percent),
        grading &&
          grading.tolerance > 0 &&
          `${grading.correctByToleranceOnly.toLocaleString('en')} right only within ${formatShortPercent(grading.tolerance)}`,
      ),
    ),
    result(
      'AUROC of entropy for errors',
      auroc.value === null ? '–' : auroc.value.toFixed(3),
      auroc.value === null
        ? 'undefined with one class'
        : listed(
            interval(auroc, share => share.toFixed(3)),
            auroc.p !== null && formatP(auroc.p),
          ),
    ),
    result(
      'Samples',
      isPart(coverage)
        ? `${total.toLocaleString('en')} of ${coverage.of.toLocaleString('en')}`
        : total.toLocaleString('en'),
      listed(
        problems < total && `of ${problems.toLocaleString('en')} problems`,
        errors > 0 ? `${errors.toLocaleString('en')} failed` : 'none failed',
      ),
    ),
    result(
      'Mean entropy, wrong − right',
      entropyNats.difference === null ? '–' : `${formatNumber(entropyNats.difference)} nats`,
      listed(
        interval(difference, formatNumber),
        entropyNats.hedgesG !== null && `Hedges’ g ${formatNumber(entropyNats.hedgesG)}`,
      ),
    ),
    result(
      'At the token limit',
      capHitRate === null ? '–' : percent(capHitRate),
      interval(capHitInterval, percent),
    ),
  )
  const settings: [string, string][] | null = facts && [
    ['Model', listed(facts.model, facts.dtypes)],
    [
      'Data',
      listed(facts.dataSet, facts.problems !== null && `${facts.problems.toLocaleString('en')} problems`),
    ],
    [
      'Mesh',
      facts.mesh ? `tensor ${facts.mesh.tp} × data ${facts.mesh.dp}, ${facts.adapters.join(', ')}` : '',
    ],
    ['Decoding', decodingText(facts.decoding)],
    ['Grading', describeGrading(facts.grading)],
    [
      'Versions',
      Object.entries(facts.versions)
        .map(([name, version]) => `${name} ${version}`)
        .join(', '),
    ],
  ]
  const part = partWarning(coverage)
  return h(
    'section',
    { class: 'run-card', 'aria-label': 'The run' },
    part !== null && h('p', { class: 'part', role: 'note' }, part),
    results,
    h(
      'div',
      { class: 'card-more' },
      settings &&
        h(
          'details',
          {},
          h('summary', {}, 'Settings'),
          h('dl', { class: 'settings' }, terms(settings.map(([name, text]) => [name, text || '–']))),
        ),
      warnings.length > 0 &&
        h(
          'details',
          { class: 'warnings' },
          h('summary', {}, warnings.length === 1 ? '1 warning' : `${warnings.length} warnings`),
          h(
            'ul',
            {},
            warnings.map(warning => h('li', {}, warning)),
          ),
        ),
    ),
  )
}

function result(name: string, value: string, remark: string): HTMLElement {
  return h(
    'div',
    {},
    h('dt', {}, name),
    h('dd', {}, h('span', { class: 'value' }, value), ' ', h('span', { class: 'remark' }, remark)),
  )
}

/** Parts of a text with commas between them, without those that are empty. */
function listed(...parts: (string | null | undefined | false)[]): string {
  return parts.filter(Boolean).join(', ')
}

function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`
}

function interval(
  ends: { low: number | null; high: number | null } | null | undefined,
  format: (value: number) => string,
): string {
  if (!ends || ends.low === null || ends.high === null) return ''
  return `95 %: ${format(ends.low)} – ${format(ends.high)}`
}

function decodingText(decoding: Record<string, unknown>): string {
  return Object.entries(decoding)
    .filter(([, value]) => value !== null && typeof value !== 'object')
    .map(([name, value]) => `${name} ${String(value)}`)
    .join(', ')
}
