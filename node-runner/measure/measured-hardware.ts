import type { ModelConfig } from '../../core/model/config.ts'
import type { Hardware } from '../../core/parallel/cost-model.ts'
import type { Measured } from '../../core/parallel/hardware-assumptions.ts'
import type { AdapterChoice } from '../adapter/dawn.ts'
import type { AdapterMeasurement } from './measure-adapter.ts'
import type { ExchangeMeasurement } from './measure-exchange.ts'
import { runMeasurement } from './run-measurement.ts'

const exchangeRounds = 50
/** A measurement that takes longer hangs. */
const limitMs = 10 * 60_000

/** What measurements say of the cost model's hardware: all but the size of its memory, which WebGPU does not tell. */
export function measuredHardware(
  adapter: AdapterMeasurement,
  exchange: ExchangeMeasurement,
): Omit<Hardware, 'memoryBytes'> {
  const { bandwidthBytesPerSecond, flopsPerSecond, dispatchSeconds, linkBytesPerSecond } = adapter
  // Every rank reads its part and uploads those of all; the model adds these bytes by itself.
  const bytesSeconds = ((1 + exchange.ranks) * exchange.sizeBytes) / linkBytesPerSecond
  // Where bytes alone explain all of it, what is left of the latency is no less than a tenth.
  const latencySeconds = Math.max(
    exchange.allReduce.medianMs / 1e3 - bytesSeconds,
    exchange.allReduce.medianMs / 1e4,
  )
  return { bandwidthBytesPerSecond, flopsPerSecond, dispatchSeconds, linkBytesPerSecond, latencySeconds }
}

/** Measures the adapters that so many ranks would get, and says of every number how it was found. */
export async function measureHardware(
  choice: AdapterChoice,
  ranks: number,
  config: ModelConfig,
): Promise<Measured> {
  const adapter = await runMeasurement<'adapter'>({ kind: 'adapter', adapter: choice, ranks: 1 }, limitMs)
  const [exchange] = await runMeasurement<'exchange'>(
    { kind: 'exchange', adapter: choice, ranks, widths: [config.hiddenSize], rounds: exchangeRounds },
    limitMs,
  )
  const hardware = measuredHardware(adapter, exchange!)
  const how: Record<keyof typeof hardware, string> = {
    bandwidthBytesPerSecond: `one row times a large weight on ${adapter.adapterName}`,
    flopsPerSecond: 'many rows times a weight, there',
    dispatchSeconds: 'one more of hundreds of dependent dispatches in a submit, there',
    linkBytesPerSecond: 'one more byte of a round trip, there',
    latencySeconds: `the median all-reduce of ${exchange!.sizeBytes} bytes over ${ranks} ranks, without its bytes`,
  }
  return Object.fromEntries(
    (Object.keys(how) as (keyof typeof how)[]).map(name => [name, { value: hardware[name], how: how[name] }]),
  )
}
