// Measures and checks in a process of its own: a driver that crashes or hangs costs one part of a report, not all of it.
import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { createGroupMemory } from '../../core/parallel/communicator.ts'
import { allChecks } from '../../kernels/all-cases.ts'
import { suitsDevice } from '../../kernels/gpu/bench.ts'
import { runChecks } from '../../kernels/gpu/check.ts'
import { openDevice } from '../../kernels/gpu/device.ts'
import { unnumberedName } from '../adapter/adapter-choice.ts'
import { assignAdapters, openRankAdapter, type RankAdapter } from '../adapter/rank-adapters.ts'
import { serveParent } from '../files/processes.ts'
import type { ExchangeSamples, ExchangeThreadStart } from './exchange-thread.ts'
import { measureAdapter } from './measure-adapter.ts'
import type { KernelReport, MeasureReply, MeasureRequest } from './run-measurement.ts'
import { spreadOf } from './timing.ts'

serveParent((request: MeasureRequest) => {
  answer(request).then(
    value => reply({ kind: 'done', value }),
    error => reply({ kind: 'failed', name: error.name, message: error.message }),
  )
})

async function answer(request: MeasureRequest): Promise<unknown> {
  const adapters = await assignAdapters(request.adapter, request.ranks)
  if (request.kind === 'kernels') return checkKernels(adapters, request.seconds)
  if (request.kind === 'exchange') return measureExchange(adapters, request.widths)
  request satisfies { kind: 'adapter' }
  return measureAdapter(await openDevice(await openRankAdapter(adapters[0]!)))
}

function reply(message: MeasureReply): void {
  process.send?.(message)
}

/** Checks every variant that each model of adapter would be given, within a time that the models share. */
async function checkKernels(adapters: readonly RankAdapter[], seconds: number): Promise<KernelReport[]> {
  const models = Map.groupBy(adapters, ({ name }) => unnumberedName(name))
  const reports: KernelReport[] = []
  for (const ofModel of models.values()) {
    const [first] = ofModel
    const device = await openDevice(await openRankAdapter(first!))
    const cases = allChecks.filter(one => suitsDevice(one, device.kind))
    const { subgroupMinSize: smallest, subgroupMaxSize: largest } = device.provider.adapter.info
    reports.push({
      adapterName: device.adapterName,
      kind: device.kind,
      ranks: ofModel.map(({ rank }) => rank),
      subgroupSizes: smallest && largest ? { smallest, largest } : null,
      cases: cases.length,
      results: await runChecks(device, cases, (seconds * 1000) / models.size),
    })
    device.destroy()
    await device.handle.lost
  }
  return reports
}

/** Measures all-reduces of rows of these widths, with every rank in a thread of its own. */
async function measureExchange(adapters: readonly RankAdapter[], widths: number[]) {
  const ranks = adapters.length
  const memory = ranks > 1 ? createGroupMemory(ranks, Math.max(...widths) * 4) : null
  const workers = adapters.map((adapter, rank) => {
    const start: ExchangeThreadStart = { adapter, rank, ranks, memory, widths }
    return new Worker(new URL('./exchange-thread.ts', import.meta.url), { workerData: start })
  })
  const [samples] = await Promise.all(
    workers.map(async worker => (await once(worker, 'message')) as [ExchangeSamples[]]),
  )
  return samples![0].map(({ width, allReduceMs, roundTripMs, submits, synchronisations }) => {
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
