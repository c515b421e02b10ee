// A rank of a measured group: meets the others as the ranks of an engine do, once a round.
import { availableParallelism } from 'node:os'
import { parentPort, workerData } from 'node:worker_threads'
import { StepContext } from '../../core/model/step-context.ts'
import {
  type GroupMemory,
  sharedMemoryCommunicator,
  soloCommunicator,
} from '../../core/parallel/communicator.ts'
import { countersSince, type Device, openDevice } from '../../kernels/gpu/device.ts'
import { createTensor } from '../../kernels/gpu/tensor.ts'
import { openRankAdapter, type RankAdapter } from '../adapter/rank-adapters.ts'
import { timeEach, timeRounds, timeRoundTrips } from './timing.ts'

/** What a rank thread is started with. */
export interface ExchangeThreadStart {
  adapter: RankAdapter
  rank: number
  ranks: number
  /** Null for a rank that is alone. */
  memory: GroupMemory | null
  /** Elements of the messages to measure. */
  widths: number[]
}

const rounds = 50

/** What a rank found, for each width. */
export type ExchangeSamples = Awaited<ReturnType<typeof measureWidth>>

async function main(start: ExchangeThreadStart): Promise<ExchangeSamples[]> {
  const { adapter, rank, ranks, memory, widths } = start
  const exchange = memory
    ? sharedMemoryCommunicator(memory, rank, availableParallelism() >= ranks)
    : soloCommunicator()
  try {
    const device = await openDevice(await openRankAdapter(adapter))
    const samples: ExchangeSamples[] = []
    for (const width of widths) {
      const context = await StepContext.create(device, exchange, 1, width)
      samples.push(await measureWidth(device, context, width, start))
    }
    return samples
  } catch (error) {
    exchange.abort(String(error))
    throw error
  }
}

async function measureWidth(
  device: Device,
  context: StepContext,
  width: number,
  { rank }: ExchangeThreadStart,
) {
  const [x, partial, y] = await Promise.all(
    ['x', 'partial', 'y'].map(name => createTensor(device, name, 'f32', [1, width])),
  )
  const weight = await createTensor(device, 'weight', 'f32', [width])
  const norm = { x: x!, partial: partial!, y: y!, weight, epsilon: 1e-6 }
  const plan = context.allReducePlan({ ...norm, isFirst: false })
  const once = async () => {
    await context.run(plan)
    // A rank that is alone meets nobody, and would not wait.
    if (context.communicator.ranks === 1) await device.idle()
  }
  const meet = () => context.communicator.allGather(new Uint8Array(4))
  await timeRounds(5, once)
  await meet()
  const before = { ...device.counters }
  const allReduceMs = await timeEach(rounds, once)
  const { submits, synchronisations } = countersSince(before, device.counters)
  await meet()
  const roundTripMs = rank === 0 ? await timeRoundTrips(device, width * 4, rounds) : []
  await meet()
  return {
    width,
    allReduceMs,
    /** Of this rank's device alone while the others sleep; empty but on the first rank. */
    roundTripMs,
    /** Of the rank's device, a round; `synchronisations` too. */
    submits: submits / rounds,
    synchronisations: synchronisations / rounds,
  }
}

parentPort?.postMessage(await main(workerData as ExchangeThreadStart))
