import { describe, expect, it } from 'vitest'
import { testDevice } from '../../test/support/device.ts'
import { prepareAdd } from '../add/add.cases.ts'
import { prepareRmsNorm, rmsNormVariants } from '../rms-norm/rms-norm.cases.ts'
import { createBenchClock, isExact, measureCases, suitsDevice, summarise, wallClock } from './bench.ts'
import { kernelCases } from './cases.ts'
import type { PreparedKernel } from './prepared-kernel.ts'
import { Recorder } from './recorder.ts'

const shapes = [
  { name: 'small', rows: 2, width: 3 },
  { name: 'larger', rows: 4, width: 256 },
]
const check = async () => []
const cases = [
  ...kernelCases('add', shapes, { prepare: prepareAdd, check }).benches,
  ...kernelCases('rms-norm', shapes, { variants: rmsNormVariants, prepare: prepareRmsNorm, check }).benches,
]
const oneCase = { kernel: 'k', variant: null, shape: 's' }

describe('measureCases', async () => {
  const device = await testDevice()

  for (const kind of ['timestamps', 'wall'] as const) {
    it(`times every case by ${kind}, and gives all memory back`, async () => {
      const allocatedBytes = device.counters.allocatedBytes
      const probe = await prepareAdd(device, { rows: 1, width: 100 })
      const clock = kind === 'wall' ? wallClock(device) : await createBenchClock(device, probe)
      probe.destroy()
      expect(clock.kind).toBe(kind)
      const results = await measureCases(device, clock, cases, { budgetMs: 1000, maxRounds: 4 })
      clock.destroy()
      expect(device.counters.allocatedBytes).toBe(allocatedBytes)
      expect(results.map(({ kernel, variant, shape }) => [kernel, variant, shape])).toEqual([
        ['add', null, 'small'],
        ['add', null, 'larger'],
        ['rms-norm', 'parallel', 'small'],
        ['rms-norm', 'parallel', 'larger'],
        ['rms-norm', 'serial', 'small'],
        ['rms-norm', 'serial', 'larger'],
      ])
      for (const result of results) {
        expect(result.rounds).toBe(4)
        expect(result.minMs).toBeGreaterThan(0)
        expect(result.lowerQuartileMs).toBeGreaterThanOrEqual(result.minMs)
        expect(result.medianMs).toBeGreaterThanOrEqual(result.lowerQuartileMs)
        expect(result.upperQuartileMs).toBeGreaterThanOrEqual(result.medianMs)
        expect(result.maxMs).toBeGreaterThanOrEqual(result.upperQuartileMs)
        expect(result.maxMs).toBeLessThan(60_000)
      }
      // add moves 3 numbers of 4 bytes and makes one operation an element.
      const [add] = results
      expect(add!.gigabytesPerSecond * add!.medianMs * 1e6).toBeCloseTo(2 * 3 * 12, 6)
      expect(add!.gigaflopsPerSecond * add!.medianMs * 1e6).toBeCloseTo(2 * 3, 6)
    })
  }

  it('stops after three rounds when the time is up', async () => {
    const results = await measureCases(device, wallClock(device), cases.slice(0, 2), {
      budgetMs: 0,
      maxRounds: 100,
    })
    expect(results.map(({ rounds }) => rounds)).toEqual([3, 3])
  })

  it('interleaves the cases round by round', async () => {
    const order: string[] = []
    const recorded = cases.slice(0, 2).map(one => ({
      ...one,
      prepare: async () => ({
        tensors: {},
        record: () => order.push(one.shape),
        destroy: () => order.push(`end of ${one.shape}`),
      }),
    }))
    const clock = {
      kind: 'wall' as const,
      async timeMs(prepared: PreparedKernel) {
        prepared.record(new Recorder(device, 'test'))
        return 2
      },
      destroy() {},
    }
    const results = await measureCases(device, clock, recorded, { budgetMs: 1e9, maxRounds: 5 })
    // Once to compile, before the clock is asked.
    expect([order.shift(), order.splice(3, 1)]).toEqual(['small', ['larger']])
    expect(results.map(({ medianMs, repeats }) => [medianMs, repeats])).toEqual([
      [2, 1],
      [2, 1],
    ])
    const trials = ['small', 'small', 'small', 'larger', 'larger', 'larger']
    const rounds = new Array<string[]>(5).fill(['small', 'larger']).flat()
    expect(order).toEqual([...trials, ...rounds, 'end of small', 'end of larger'])
  })
})

describe('summarise', () => {
  it('gives median, quartiles, extremes and rates', () => {
    const cost = { movedBytes: 6e6, flops: 3e6 }
    expect(summarise(oneCase, [9, 1, 3, 2], 7, cost)).toEqual({
      ...oneCase,
      rounds: 4,
      repeats: 7,
      medianMs: 2.5,
      lowerQuartileMs: 1.75,
      upperQuartileMs: 4.5,
      minMs: 1,
      maxMs: 9,
      gigabytesPerSecond: 2.4,
      gigaflopsPerSecond: 1.2,
    })
  })
})

describe('suitsDevice', () => {
  it('takes serial variants for CPUs, the others for GPUs, and kernels with one variant for both', () => {
    const suits = (variant: string | null, kind: 'cpu' | 'gpu') =>
      suitsDevice({ ...cases[0]!, variant }, kind)
    expect([suits(null, 'cpu'), suits('serial', 'cpu'), suits('tiled', 'cpu')]).toEqual([true, true, false])
    expect([suits(null, 'gpu'), suits('serial', 'gpu'), suits('tiled', 'gpu')]).toEqual([true, false, true])
  })
})

describe('isExact', () => {
  it('refuses timestamps that come in large steps', () => {
    expect(isExact([65_536, 0, 196_608])).toBe(false)
    expect(isExact([100_000, 0, 300_000])).toBe(false)
    expect(isExact([100_000, 41, 300_000])).toBe(true)
    expect(isExact([0, 0])).toBe(false)
  })
})
