import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { createSharedExchange } from '../../core/parallel/shared-exchange.ts'
import type { RankAdapter } from '../adapter/rank-adapters.ts'
import type { ExchangeSamples, ExchangeThreadStart } from './exchange-thread.ts'
import { type Spread, spreadOf } from './spread.ts'

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

/** Measures all-reduces of rows of these widths, with every rank in a thread of its own. */
export async function measureExchange(
  adapters: readonly RankAdapter[],
  widths: readonly number[],
  rounds: number,
): Promise<ExchangeMeasurement[]> {
  const ranks = adapters.length
  const memory = ranks > 1 ? createSharedExchange(ranks, Math.max(...widths) * 4) : null
  const workers = adapters.map((adapter, rank) => {
    const start: ExchangeThreadStart = { adapter, rank, ranks, memory, widths: [...widths], rounds }
    return new Worker(new URL('./exchange-thread.ts', import.meta.url), { workerData: start })
  })
  const samples = await Promise.all(
    workers.map(async worker => {
      const [found] = (await once(worker, 'message')) as [ExchangeSamples[]]
      return found
    }),
  )
  return samples[0]!.map(({ width, allReduceMs, roundTripMs, submits, synchronisations }) => {
    const [allReduce, roundTrip] = [spreadOf(allReduceMs), spreadOf(roundTripMs)]
    return {
      ranks,
      elements: width,
      sizeBytes: width * 4,
      allReduce,
      roundTrip,
      ratio: allReduce.medianMs / roundTrip.medianMs,
      submits,
      synchronisations,
    }
  })
}
