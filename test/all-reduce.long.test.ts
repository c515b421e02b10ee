import { once } from 'node:events'
import { availableParallelism } from 'node:os'
import { Worker } from 'node:worker_threads'
import { describe, expect, it } from 'vitest'
import { createGroupMemory } from '../core/parallel/communicator.ts'
import { assignAdapters } from '../node-runner/adapter/rank-adapters.ts'
import type { AllReduceScript, AllReduceTimes } from './support/all-reduce-worker.ts'

const ranks = 8
/** 14 KB: a row of hidden states of Qwen2.5-7B. */
const width = 3584
const rounds = 300

const quantile = (sorted: number[], at: number) => sorted[Math.floor(at * (sorted.length - 1))]!
const spread = (times: number[]) => {
  const sorted = times.toSorted((a, b) => a - b)
  return { low: quantile(sorted, 0.1), median: quantile(sorted, 0.5), high: quantile(sorted, 0.9) }
}
const show = ({ low, median, high }: ReturnType<typeof spread>) =>
  `median ${median.toFixed(3)} ms, 80 % between ${low.toFixed(3)} and ${high.toFixed(3)} ms`

describe('an all-reduce of 14 KB over eight ranks', () => {
  it('takes one submit and one map a rank, and a time beside the plain round trip of one adapter', async () => {
    const memory = createGroupMemory(ranks, width * 4)
    const adapters = await assignAdapters('cpu', ranks)
    const reports = await Promise.all(
      adapters.map(async (adapter, rank) => {
        const workerData: AllReduceScript = { memory, rank, adapter, width, rounds }
        const worker = new Worker(new URL('./support/all-reduce-worker.ts', import.meta.url), {
          workerData,
          execArgv: ['--import', './node-runner/wgsl-loader.mjs'],
        })
        const [report] = await once(worker, 'message')
        return report as AllReduceTimes
      }),
    )
    for (const { submits, synchronisations } of reports)
      expect({ submits, synchronisations }).toEqual({ submits: rounds, synchronisations: rounds })
    const plain = spread(reports[0]!.plainMs)
    const allReduce = spread(reports[0]!.allReduceMs)
    console.log(
      [
        `${availableParallelism()} cores, ${rounds} rounds each`,
        `plain write, copy, map on one adapter: ${show(plain)}`,
        `all-reduce over ${ranks} ranks: ${show(allReduce)}`,
        `ratio of medians ${(allReduce.median / plain.median).toFixed(1)}, ` +
          `from ${(allReduce.low / plain.high).toFixed(1)} to ${(allReduce.high / plain.low).toFixed(1)}`,
      ].join('\n'),
    )
    // Eight ranks cannot be faster than one, unless they did not meet.
    expect(allReduce.median).toBeGreaterThan(plain.median)
  })
})
