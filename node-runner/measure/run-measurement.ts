import { fork } from 'node:child_process'
import { once } from 'node:events'
import type { ModelConfig } from '../../core/model/config.ts'
import type { Hardware, Measured } from '../../core/model/cost-model.ts'
import type { CheckResult } from '../../kernels/gpu/check.ts'
import { type AdapterChoice, NoAdapterError } from '../adapter/adapter-choice.ts'
import type { AdapterMeasurement } from './measure-adapter.ts'
import type { Spread } from './timing.ts'

/** What a measuring process is asked, and on which ranks' adapters. */
export type MeasureRequest = { adapter: AdapterChoice; ranks: number } & (
  | { kind: 'kernels'; seconds: number }
  | { kind: 'adapter' }
  | { kind: 'exchange'; widths: number[] }
)

/** The kernels that a model of adapter runs, against their references. */
export interface KernelReport {
  adapterName: string
  kind: 'cpu' | 'gpu'
  /** Ranks whose adapters are of this model; the first one's was checked. */
  ranks: number[]
  /** Lanes that run together; null where the adapter does not say. */
  subgroupSizes: { smallest: number; largest: number } | null
  /** Cases there are; those beyond the time are missing in `results`. */
  cases: number
  results: CheckResult[]
}

/** An all-reduce of one row of numbers over some ranks, as a step's layers make it. */
export interface ExchangeMeasurement {
  ranks: number
  elements: number
  sizeBytes: number
  /** On the first rank: device to host, the meeting, and the upload of all ranks' parts. */
  allReduce: Spread
  /** The same bytes to the first rank's device and back, alone, in the same run. */
  roundTrip: Spread
  /** The medians' ratio. */
  ratio: number
  /** Of each rank, an all-reduce. */
  submits: number
  synchronisations: number
}

interface MeasureResults {
  kernels: KernelReport[]
  adapter: AdapterMeasurement
  exchange: ExchangeMeasurement[]
}

/** From the measuring process. */
export type MeasureReply =
  | { kind: 'done'; value: unknown }
  | { kind: 'failed'; name: string; message: string }

/** A measurement that takes longer hangs. */
const longestMs = 10 * 60_000

/**
 * Has something measured or checked by a process of its own, which may take `moreMs` beyond what every measurement may. Throws what
 * it met there, or that it died or hung.
 */
export async function runMeasurement<Kind extends MeasureRequest['kind']>(
  request: Extract<MeasureRequest, { kind: Kind }>,
  moreMs = 0,
): Promise<MeasureResults[Kind]> {
  const limitMs = longestMs + moreMs
  const child = fork(new URL('./measure-process.ts', import.meta.url), { serialization: 'advanced' })
  const timer = setTimeout(() => child.kill('SIGKILL'), limitMs)
  const ended = once(child, 'exit')
  try {
    let reply: MeasureReply | null = null
    child.on('error', () => {})
    child.on('message', (message: MeasureReply) => {
      reply = message
      // Nothing of it is wanted any more, and leaving Dawn in an orderly way takes long with many devices.
      child.kill('SIGKILL')
    })
    child.send(request, () => {})
    const startMs = performance.now()
    const [code, signal] = await ended
    const answer = reply as MeasureReply | null
    if (answer?.kind === 'done') return answer.value as MeasureResults[Kind]
    if (answer?.kind === 'failed')
      throw answer.name === 'NoAdapterError' ? new NoAdapterError(answer.message) : new Error(answer.message)
    throw new Error(
      performance.now() - startMs >= limitMs
        ? `the measuring process gave no answer in ${limitMs / 1000} s`
        : `the measuring process ended with ${signal ?? `code ${code}`}`,
    )
  } finally {
    clearTimeout(timer)
  }
}

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
  const adapter = await runMeasurement<'adapter'>({ kind: 'adapter', adapter: choice, ranks: 1 })
  const widths = [config.hiddenSize]
  const [exchange] = await runMeasurement<'exchange'>({ kind: 'exchange', adapter: choice, ranks, widths })
  const hardware = measuredHardware(adapter, exchange!)
  const how: Record<keyof typeof hardware, string> = {
    bandwidthBytesPerSecond: `one row times a large weight on ${adapter.adapterName}`,
    flopsPerSecond: 'many rows times a weight, there',
    dispatchSeconds: 'one more of hundreds of dependent dispatches of a plan that is replayed, there',
    linkBytesPerSecond: 'one more byte of a round trip, there',
    latencySeconds: `the median all-reduce of ${exchange!.sizeBytes} bytes over ${ranks} ranks, without its bytes`,
  }
  return Object.fromEntries(
    (Object.keys(how) as (keyof typeof how)[]).map(name => [name, { value: hardware[name], how: how[name] }]),
  )
}
