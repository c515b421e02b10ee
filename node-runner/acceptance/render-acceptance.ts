import { passes } from '../../kernels/gpu/check.ts'
import { describeMismatch } from '../../kernels/gpu/compare.ts'
import { nameRanks } from '../adapter/rank-adapters.ts'
import type { RankReport } from '../measure/doctor-report.ts'
import type { ExchangeMeasurement, KernelReport } from '../measure/measure-process.ts'
import type { Spread } from '../measure/timing.ts'
import { renderTable } from '../terminal/report.ts'
import type { RankBytes, SpeedMeasurement } from './acceptance-checks.ts'
import type { AcceptanceReport } from './acceptance-report.ts'

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
  const { entrace, node, webgpu, platform } = adapters.versions
  return `${[
    `# Acceptance of ${title(report)}`,
    '',
    report.passed ? '**All checks hold.**' : '**Not accepted: a check failed.**',
    '',
    ...markdownTable([
      ['check', '', 'found', 'where to look'],
      ...report.checks.map(({ name, passed, found, lookAt }) => [
        name,
        passed ? 'ok' : '**failed**',
        found,
        passed ? '' : lookAt,
      ]),
    ]),
    ...section('Adapters', markdownTable(rankRows(adapters.ranks))),
    '',
    `entrace ${entrace}, Node ${node}, Dawn of webgpu ${webgpu}, ${platform}.`,
    '',
    ...adapters.findings.map(({ problem, remedy }) => `- ${problem}. To mend: ${remedy}.`),
    ...(kernels ? section('Kernels', kernels.flatMap(kernelLines)) : []),
    ...(comparison
      ? section(`tp ${comparison.tp} against tp ${comparison.baselineTp}`, comparisonLines(report))
      : []),
    ...(memory
      ? section('Memory of each rank, MB', [
          ...markdownTable(memoryRows(memory)),
          '',
          'Weights and cache are planned to the byte, the rest is an estimate. The device counts the buffers made on it.',
        ])
      : []),
    ...(exchange
      ? section('All-reduce', [
          ...markdownTable(exchangeRows(exchange)),
          '',
          'Medians with quartiles, on the first rank. The round trip writes the same bytes to its device, copies and maps',
          'them, while the other ranks wait. Submits and maps are of each rank, an all-reduce.',
        ])
      : []),
    ...(speed && adapterSpeed
      ? section('Speed', [
          ...markdownTable(speedRows(speed)),
          '',
          `Predicted with what was measured of ${adapterSpeed.adapterName} and of the all-reduce above: ` +
            `${(adapterSpeed.bandwidthBytesPerSecond / 1e9).toPrecision(3)} GB/s read, ` +
            `${(adapterSpeed.flopsPerSecond / 1e9).toPrecision(3)} GFLOP/s, ` +
            `${(adapterSpeed.dispatchSeconds * 1e6).toPrecision(3)} µs a dispatch, ` +
            `${(adapterSpeed.linkBytesPerSecond / 1e9).toPrecision(3)} GB/s between device and host. The model takes every ` +
            'rank for one with an adapter and a processor of its own.',
        ])
      : []),
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
  return [
    `${adapterName} (${kind === 'cpu' ? 'CPU' : 'GPU'}; ${nameRanks(ranks)}): every variant that is chosen on it, against float64.`,
    `${sizes}; no kernel uses subgroup operations. f16 weights are unpacked by unpack2x16float, so that no kernel needs`,
    'shader-f16.',
    '',
    ...markdownTable(kernelRows(report)),
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

function section(heading: string, lines: readonly string[]): string[] {
  return ['', `## ${heading}`, '', ...lines]
}

/** A Markdown table; the first row holds the headings. */
function markdownTable(rows: readonly (readonly string[])[]): string[] {
  const line = (cells: readonly string[]) =>
    `| ${cells.map(cell => cell.replaceAll('|', '\\|')).join(' | ')} |`
  const [headings = [], ...others] = rows
  return [line(headings), line(headings.map(() => '---')), ...others.map(line)]
}

/** Which rank gets which adapter, and what it offers. */
export function rankRows(ranks: readonly RankReport[]): string[][] {
  return [
    ['rank', 'adapter', 'kind', 'opens', 'shared by', 'largest binding, bytes', 'workgroup', 'features'],
    ...ranks.map(({ rank, adapter, kind, opens, sharedBy, limits, features }) => [
      String(rank),
      adapter,
      kind === 'cpu' ? 'CPU' : 'GPU',
      opens ? 'yes' : 'no',
      sharedBy.length > 1 ? nameRanks(sharedBy) : '–',
      (limits.maxStorageBufferBindingSize ?? 0).toLocaleString('en-US'),
      String(limits.maxComputeInvocationsPerWorkgroup ?? 0),
      Object.keys(features)
        .filter(name => features[name])
        .join(', ') || 'none of those that matter',
    ]),
  ]
}

/** Every kernel and variant that was checked. */
export function kernelRows({ results }: KernelReport): string[][] {
  const groups = Map.groupBy(results, ({ kernel, variant }) => `${kernel}${variant ? ` (${variant})` : ''}`)
  return [
    ['kernel', 'cases', 'numbers', 'wrong cases', 'largest error, of the bound'],
    ...[...groups].map(([name, ofKernel]) => {
      const comparisons = ofKernel.flatMap(result => result.comparisons ?? [])
      const shares = comparisons.map(one => one.largestShare).filter(share => share !== null)
      return [
        name,
        String(ofKernel.length),
        comparisons.reduce((sum, { elements }) => sum + elements, 0).toLocaleString('en-US'),
        String(ofKernel.filter(result => !passes(result)).length),
        shares.length === 0 ? 'exact' : `${(100 * Math.max(...shares)).toPrecision(2)} %`,
      ]
    }),
  ]
}

/** What every rank should hold, and holds. */
export function memoryRows(ranks: readonly RankBytes[]): string[][] {
  const megabytes = (bytes: number) => (bytes / 1e6).toFixed(2)
  return [
    ['rank', 'weights', 'cache', 'planned in all', 'device', ''],
    ...ranks.map(({ rank, planned, deviceBytes, holds }) => [
      String(rank),
      megabytes(planned.weightBytes),
      megabytes(planned.cacheBytes),
      megabytes(planned.peakBytes),
      megabytes(deviceBytes),
      holds ? 'ok' : '**off**',
    ]),
  ]
}

/** All-reduces beside plain round trips. */
export function exchangeRows(measurements: readonly ExchangeMeasurement[]): string[][] {
  return [
    ['bytes', 'ranks', 'all-reduce', 'round trip', 'ratio', 'submits', 'maps'],
    ...measurements.map(({ sizeBytes, ranks, allReduce, roundTrip, ratio, submits, synchronisations }) => [
      sizeBytes.toLocaleString('en-US'),
      String(ranks),
      spread(allReduce),
      spread(roundTrip),
      ratio.toPrecision(3),
      String(submits),
      String(synchronisations),
    ]),
  ]
}

/** Tokens a second beside the prediction. */
export function speedRows(measurements: readonly SpeedMeasurement[]): string[][] {
  return [
    ['at once', 'tokens', 'tokens/s', 'predicted', 'measured / predicted', 'loading, s'],
    ...measurements.map(({ concurrency, tokens, tokensPerSecond, predictedTokensPerSecond, loadSeconds }) => [
      String(concurrency),
      String(tokens),
      tokensPerSecond.toFixed(1),
      predictedTokensPerSecond.toFixed(1),
      (tokensPerSecond / predictedTokensPerSecond).toPrecision(2),
      loadSeconds.toFixed(1),
    ]),
  ]
}

function spread({ medianMs, lowerQuartileMs, upperQuartileMs }: Spread): string {
  const [median, lower, upper] = [medianMs, lowerQuartileMs, upperQuartileMs].map(ms =>
    (ms * 1000).toFixed(0),
  )
  return `${median} µs (${lower}–${upper})`
}
