import { passes } from '../../kernels/gpu/check.ts'
import { nameRanks } from '../adapter/rank-adapters.ts'
import type { RankReport } from '../commands/doctor-report.ts'
import type { KernelReport } from '../measure/check-kernels.ts'
import type { ExchangeMeasurement } from '../measure/measure-exchange.ts'
import type { Spread } from '../measure/spread.ts'
import type { SpeedMeasurement } from './measure-speed.ts'
import type { RankBytes } from './rank-bytes.ts'

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
