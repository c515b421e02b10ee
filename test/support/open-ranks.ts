// A child process of tests: assigns adapters to ranks and opens each in a worker thread of its own, all at once, as often
// as it is told. usage: node open-ranks.ts CHOICE RANKS [ROUNDS]   -> prints OpenedRanks as JSON
import { once } from 'node:events'
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads'
import { adapterNames } from '../../node-runner/adapter/dawn.ts'
import { assignAdapters, openRankAdapter, type RankAdapter } from '../../node-runner/adapter/rank-adapters.ts'

/** What the process prints. */
export interface OpenedRanks {
  /** Names that Dawn listed before any rank was assigned. */
  listed: string[]
  assigned: RankAdapter[]
  /** For each round, the device that each rank's adapter reports, and 42 as computed on it. */
  rounds: { device: string; answer: number }[][]
}

async function main(choice: string, ranks: number, rounds: number): Promise<OpenedRanks> {
  const listed = await adapterNames()
  const result: OpenedRanks = { listed, assigned: [], rounds: [] }
  for (let round = 0; round < rounds; round++) {
    result.assigned = await assignAdapters(choice, ranks)
    const all = new Int32Array(new SharedArrayBuffer(4))
    const opened = result.assigned.map(async assigned => {
      const worker = new Worker(new URL(import.meta.url), { workerData: { assigned, all, ranks } })
      const [[report]] = await Promise.all([once(worker, 'message'), once(worker, 'exit')])
      return report as OpenedRanks['rounds'][number][number]
    })
    result.rounds.push(await Promise.all(opened))
  }
  return result
}

/** Opens a rank's adapter, waits until every rank has opened its own, and lets it compute. */
async function openOne(assigned: RankAdapter, all: Int32Array, ranks: number) {
  const { gpu, adapter } = await openRankAdapter(assigned)
  const device = await adapter.requestDevice()
  if (Atomics.add(all, 0, 1) + 1 === ranks) Atomics.notify(all, 0)
  for (let opened = 0; (opened = Atomics.load(all, 0)) < ranks; ) Atomics.wait(all, 0, opened, 100)
  const buffer = device.createBuffer({ label: 'answer', size: 4, usage: 9 /* MAP_READ | COPY_DST */ })
  device.queue.writeBuffer(buffer, 0, new Uint32Array([42]))
  await buffer.mapAsync(GPUMapMode.READ)
  const [answer] = new Uint32Array(buffer.getMappedRange().slice(0))
  device.destroy()
  await device.lost.then(() => gpu)
  return { device: adapter.info.device, answer }
}

if (isMainThread) {
  const [choice = 'auto', ranks = '1', rounds = '1'] = process.argv.slice(2)
  console.log(JSON.stringify(await main(choice, Number(ranks), Number(rounds))))
} else {
  parentPort?.postMessage(await openOne(workerData.assigned, workerData.all, workerData.ranks))
}
