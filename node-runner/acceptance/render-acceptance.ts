import { type CheckResult, describeMismatch, passes } from '../../kernels/gpu/check.ts'
import { nameRanks } from '../adapter/rank-adapters.ts'
import type { RankReport } from '../measure/doctor-report.ts'
import type { ExchangeMeasurement } from '../measure/run-measurement.ts'
import type { Spread } from '../measure/timing.ts'
import { type Column, markdownTable, renderTable, rowsOf } from '../terminal/report.ts'
import { describeVersions } from '../versions.ts'
import type { RankBytes, SpeedMeasurement } from './acceptance-checks.ts'
import type { AcceptanceCheck, AcceptanceReport } from './acceptance-report.ts'

/** The checks as a table for a terminal, and what to look at where one failed. */
export function renderAcceptance(report: AcceptanceReport): string {
  const failed = report.checks.filter(({ passed }) => !passed)
  return [
    `Acceptance of ${title(report)}`,
    '',
    renderTable(report.checks.map(({ name, passed, found }) => [passed ? 'ok' : 'FAILED', name, found])),
    '',
    ...failed.map(({ name, lookAt }) => `${name} failed; look at ${lookAt}.`),
    failed.length === 0 ? 'All checks hold.' : `${failed.length} of ${report.checks.length} checks failed.`,
  ].join('\n')
}

/** The whole report as Markdown. */
export function acceptanceMarkdown(report: AcceptanceReport): string {
  const { adapters, kernels, comparison, memory, exchange, adapterSpeed, speed } = report
  return `${[
    `# Acceptance of ${title(report)}`,
    '',
    report.passed ? '**All checks hold.**' : '**Not accepted: a check failed.**',
    '',
    ...markdownTable(rowsOf(checkColumns, report.checks)),
    ...tableSection(
      'Adapters',
      rankColumns,
      adapters.ranks,
      `${describeVersions(adapters.versions)}.`,
      '',
      ...adapters.findings.map(({ problem, remedy }) => `- ${problem}. To fix: ${remedy}.`),
    ),
    ...(kernels ? section('Kernels', kernels.flatMap(kernelLines)) : []),
    ...(comparison
      ? section(`tp ${comparison.tp} against tp ${comparison.baselineTp}`, comparisonLines(report))
      : []),
    ...tableSection(
      'Memory of each rank, MB',
      memoryColumns,
      memory,
      'Weights and cache are planned to the byte, the rest is an estimate. The device counts the buffers made on it.',
    ),
    ...tableSection(
      'All-reduce',
      exchangeColumns,
      exchange,
      'Medians with quartiles, on the first rank. The round trip writes the same bytes to its device, copies and maps',
      'them, while the other ranks wait. Submits and maps are of each rank, an all-reduce.',
    ),
    ...(adapterSpeed ? tableSection('Speed', speedColumns, speed, describePrediction(adapterSpeed)) : []),
  ].join('\n')}\n`
}

function title({ model, loadFormat, dtype, tp }: AcceptanceReport): string {
  return `${model}, ${dtype}${loadFormat === 'dummy' ? ', dummy weights' : ''}, tp ${tp}`
}

function kernelLines(report: NonNullable<AcceptanceReport['kernels']>[number]): string[] {
  const { adapterName, kind, ranks, subgroupSizes, results } = report
  const sizes = subgroupSizes
    ? `Its subgroups have ${subgroupSizes.smallest} to ${subgroupSizes.largest} lanes`
    : 'It says nothing of its subgroups'
  const wrong = results.filter(result => !passes(result))
  const kernels = Map.groupBy(results, ({ kernel, variant }) => `${kernel}${variant ? ` (${variant})` : ''}`)
  return [
    `${adapterName} (${kind.toUpperCase()}; ${nameRanks(ranks)}): every variant that is chosen on it, against float64.`,
    `${sizes}; no kernel uses subgroup operations. f16 weights are unpacked by unpack2x16float, so that no kernel needs`,
    'shader-f16.',
    '',
    ...markdownTable(rowsOf(kernelColumns, [...kernels])),
    ...wrong.flatMap(({ kernel, variant, shape, comparisons, error }) => [
      '',
      `${kernel} ${variant ?? ''} at ${shape}:`,
      '```',
      ...(error === null ? [] : [error]),
      ...(comparisons ?? []).filter(one => one.wrong > 0).map(describeMismatch),
      '```',
    ]),
    '',
  ]
}

function comparisonLines({ comparison, bounds }: AcceptanceReport): string[] {
  const { tp, baselineTp, refused, tokens, wrongTokens, closeCalls, largestEntropyDifferenceNats } =
    comparison!
  return [
    ...(tp === baselineTp
      ? ['One rank has nothing smaller to be compared with: these are two runs of it.', '']
      : []),
    `${tokens} tokens of greedy answers; ${wrongTokens} differ where the margin exceeds ${bounds.margin}, ${closeCalls} where it`,
    `does not. The largest difference of two entropies is ${largestEntropyDifferenceNats.toExponential(1)} nats, allowed are ${tp === baselineTp ? 0 : bounds.entropyNats}.`,
    ...refused.map(({ tp: smaller, reason }) => `tp ${smaller} did not load: ${reason}`),
  ]
}

function describePrediction(measured: NonNullable<AcceptanceReport['adapterSpeed']>): string {
  const inUnits = (value: number) => value.toPrecision(3)
  return (
    `Predicted with what was measured of ${measured.adapterName} and of the all-reduce above: ` +
    `${inUnits(measured.bandwidthBytesPerSecond / 1e9)} GB/s read, ` +
    `${inUnits(measured.flopsPerSecond / 1e9)} GFLOP/s, ${inUnits(measured.dispatchSeconds * 1e6)} µs a dispatch, ` +
    `${inUnits(measured.linkBytesPerSecond / 1e9)} GB/s between device and host. The model takes every ` +
    'rank for one with an adapter and a processor of its own.'
  )
}

function section(heading: string, lines: readonly string[]): string[] {
  return ['', `## ${heading}`, '', ...lines]
}

/** A section with a table and what is said below it; none where there are no items. */
function tableSection<Item>(
  heading: string,
  columns: Column<Item>[],
  items: readonly Item[] | null,
  ...below: string[]
): string[] {
  return items ? section(heading, [...markdownTable(rowsOf(columns, items)), '', ...below]) : []
}

const checkColumns: Column<AcceptanceCheck>[] = [
  ['check', ({ name }) => name],
  ['', ({ passed }) => (passed ? 'ok' : '**failed**')],
  ['found', ({ found }) => found],
  ['where to look', ({ passed, lookAt }) => (passed ? '' : lookAt)],
]

const rankColumns: Column<RankReport>[] = [
  ['rank', ({ rank }) => String(rank)],
  ['adapter', ({ adapter }) => adapter],
  ['kind', ({ kind }) => kind.toUpperCase()],
  ['opens', ({ opens }) => (opens ? 'yes' : 'no')],
  ['shared by', ({ sharedBy }) => (sharedBy.length > 1 ? nameRanks(sharedBy) : '–')],
  [
    'largest binding, bytes',
    ({ limits }) => (limits.maxStorageBufferBindingSize ?? 0).toLocaleString('en-US'),
  ],
  ['workgroup', ({ limits }) => String(limits.maxComputeInvocationsPerWorkgroup ?? 0)],
  [
    'features',
    ({ features }) =>
      Object.keys(features)
        .filter(name => features[name])
        .join(', ') || 'none of those that matter',
  ],
]

const kernelColumns: Column<[name: string, results: CheckResult[]]>[] = [
  ['kernel', ([name]) => name],
  ['cases', ([, results]) => String(results.length)],
  [
    'numbers',
    ([, results]) =>
      results
        .flatMap(({ comparisons }) => comparisons ?? [])
        .reduce((sum, { elements }) => sum + elements, 0)
        .toLocaleString('en-US'),
  ],
  ['wrong cases', ([, results]) => String(results.filter(result => !passes(result)).length)],
  ['largest error, of the bound', ([, results]) => largestShare(results)],
]

function largestShare(results: readonly CheckResult[]): string {
  const comparisons = results.flatMap(result => result.comparisons ?? [])
  const shares = comparisons.map(one => one.largestShare).filter(share => share !== null)
  return shares.length === 0 ? 'exact' : `${(100 * Math.max(...shares)).toPrecision(2)} %`
}

const memoryColumns: Column<RankBytes>[] = [
  ['rank', ({ rank }) => String(rank)],
  ['weights', ({ planned }) => megabytes(planned.weightBytes)],
  ['cache', ({ planned }) => megabytes(planned.cacheBytes)],
  ['planned in all', ({ planned }) => megabytes(planned.peakBytes)],
  ['device', ({ deviceBytes }) => megabytes(deviceBytes)],
  ['', ({ holds }) => (holds ? 'ok' : '**off**')],
]

function megabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(2)
}

const exchangeColumns: Column<ExchangeMeasurement>[] = [
  ['bytes', ({ sizeBytes }) => sizeBytes.toLocaleString('en-US')],
  ['ranks', ({ ranks }) => String(ranks)],
  ['all-reduce', ({ allReduce }) => spread(allReduce)],
  ['round trip', ({ roundTrip }) => spread(roundTrip)],
  ['ratio', ({ ratio }) => ratio.toPrecision(3)],
  ['submits', ({ submits }) => String(submits)],
  ['maps', ({ synchronisations }) => String(synchronisations)],
]

function spread({ medianMs, lowerQuartileMs, upperQuartileMs }: Spread): string {
  const [median, lower, upper] = [medianMs, lowerQuartileMs, upperQuartileMs].map(ms =>
    (ms * 1000).toFixed(0),
  )
  return `${median} µs (${lower}–${upper})`
}

const speedColumns: Column<SpeedMeasurement>[] = [
  ['at once', ({ concurrency }) => String(concurrency)],
  ['tokens', ({ tokens }) => String(tokens)],
  ['tokens/s', ({ tokensPerSecond }) => tokensPerSecond.toFixed(1)],
  ['predicted', ({ predictedTokensPerSecond }) => predictedTokensPerSecond.toFixed(1)],
  ['measured / predicted', one => (one.tokensPerSecond / one.predictedTokensPerSecond).toPrecision(2)],
  ['loading, s', ({ loadSeconds }) => loadSeconds.toFixed(1)],
]
