import { once } from 'node:events'
import { availableParallelism } from 'node:os'
import { Worker } from 'node:worker_threads'
import { describe, expect, it } from 'vitest'
import { createGroupMemory } from '../core/parallel/communicator.ts'
import { assignAdapters } from '../node-runner/adapter/rank-adapters.ts'
import type { AllReduceScript, AllReduceTimes } from './support/all-reduce-worker.ts'
import { testAdapter } from './support/device.ts'

/** 14 KB: a row of hidden states of Qwen2.5-7B. */
const width = 3584

const quantile = (sorted: number[], at: number) => sorted[Math.floor(at * (sorted.length - 1))]!
const spread = (times: number[]) => {
  const sorted = times.toSorted((a, b) => a - b)
  return { low: quantile(sorted, 0.1), median: quantile(sorted, 0.5), high: quantile(sorted, 0.9) }
}
const show = ({ low, median, high }: ReturnType<typeof spread>) =>
  `median ${median.toFixed(3)} ms, 80 % between ${low.toFixed(3)} and ${high.toFixed(3)} ms`

/** Times of all-reduces and plain round trips in turns, of every rank in a thread of its own. */
async function measure(ranks: number, computes: boolean, rounds: number, atATime: number) {
  const memory = createGroupMemory(ranks, width * 4)
  const adapters = computes ? await assignAdapters(testAdapter, ranks) : Array<null>(ranks).fill(null)
  return Promise.all(
    adapters.map(async (adapter, rank) => {
      const workerData: AllReduceScript = { memory, rank, adapter, width, rounds, atATime }
      const worker = new Worker(new URL('./support/all-reduce-worker.ts', import.meta.url), {
        workerData,
        execArgv: ['--import', './node-runner/wgsl-loader.mjs'],
      })
      const [report] = await once(worker, 'message')
      return report as AllReduceTimes
    }),
  )
}

describe('an all-reduce of 14 KB', () => {
  it.each([
    [2, 'an adapter that computes nothing', false, 2000],
    [2, 'CPU adapters', true, 400],
    [8, 'CPU adapters', true, 200],
  ] as const)(
    'over %i ranks on %s takes one submit and one map a rank, and a time beside plain round trips in the same run',
    async (ranks, on, computes, rounds) => {
      const reports = await measure(ranks, computes, rounds, 20)
      for (const { submits, synchronisations } of reports)
        expect({ submits, synchronisations }).toEqual({ submits: 1, synchronisations: 1 })
      const plain = spread(reports[0]!.plainMs)
      const allReduce = spread(reports[0]!.allReduceMs)
      console.log(
        [
          `${ranks} ranks on ${on}, ${availableParallelism()} cores, ${rounds} rounds of each, 20 at a time`,
          `plain write, copy, submit, map on one of them: ${show(plain)}`,
          `all-reduce: ${show(allReduce)}`,
          `ratio of medians ${(allReduce.median / plain.median).toFixed(2)}`,
        ].join('\n'),
      )
      // Ranks cannot be faster than one alone, unless they did not meet.
      expect(allReduce.median).toBeGreaterThan(plain.median)
    },
  )
})
