import { describe, expect, it } from 'vitest'
import { InputError } from '../input-error.ts'
import {
  assume,
  bestMeshes,
  type Hardware,
  hardwareOf,
  meshesOf,
  predictMesh,
  type Workload,
} from './cost-model.ts'
import { publishedConfig } from './published-configs.ts'

const config = publishedConfig('qwen2.5-7b')!
/** Memory of an H200 that nothing else slows down. */
const ideal: Hardware = {
  memoryBytes: 141e9,
  bandwidthBytesPerSecond: 4.8e12,
  flopsPerSecond: Number.POSITIVE_INFINITY,
  latencySeconds: 0,
  linkBytesPerSecond: Number.POSITIVE_INFINITY,
  dispatchSeconds: 0,
}
const oneShortSequence: Workload = { concurrency: 1, contextTokens: 1 }
const predict = (tp: number, hardware: Partial<Hardware> = {}, workload = oneShortSequence) =>
  predictMesh(config, 'bf16', { dp: Math.floor(8 / tp), tp }, workload, { ...ideal, ...hardware })
const best = (hardware: Partial<Hardware>, workload = oneShortSequence) =>
  bestMeshes(
    meshesOf(config, 8).map(mesh => predictMesh(config, 'bf16', mesh, workload, { ...ideal, ...hardware })),
  )

describe('cost model', () => {
  it('gives the bandwidth limit of Qwen2.5-7B on one H200', () => {
    const { cost, seconds } = predict(1).oneSequence
    expect(cost.readBytes / 1e9).toBeCloseTo(14.14, 2)
    expect(seconds * 1e3).toBeCloseTo(2.95, 2)
    expect(1 / seconds).toBeCloseTo(339, 0)
    expect(cost.synchronisations).toBe(1)
  })

  it('gives that of eight, and what an exchange may take for them to win', () => {
    const { oneSequence, breakEvenSeconds } = predict(8)
    expect(oneSequence.seconds * 1e3).toBeCloseTo(0.379, 3)
    expect(oneSequence.cost.synchronisations).toBe(58)
    expect(breakEvenSeconds! * 1e6).toBeCloseTo(44.3, 1)
    expect(predict(1).breakEvenSeconds).toBeNull()
  })

  it.each([40, 44, 46, 50, 200])(
    'is on the right side of that break-even with exchanges of %i µs',
    micros => {
      const eight = predict(8, { latencySeconds: micros / 1e6 })
      const one = predict(1, { latencySeconds: micros / 1e6 })
      const exchange = eight.oneSequence.exchangeSeconds / 58
      expect(eight.oneSequence.seconds < one.oneSequence.seconds).toBe(exchange < eight.breakEvenSeconds!)
      expect(best({ latencySeconds: micros / 1e6 }).latency!.mesh.tp).toBe(micros < 45 ? 8 : 1)
    },
  )

  it('sums the larger of reading and computing, dispatches, and synchronisations', () => {
    const hardware = {
      flopsPerSecond: 1e12,
      latencySeconds: 1e-4,
      linkBytesPerSecond: 1e9,
      dispatchSeconds: 1e-5,
    }
    const { oneSequence, concurrent } = predict(8, hardware, { concurrency: 64, contextTokens: 200 })
    const { cost } = oneSequence
    expect(oneSequence.deviceSeconds).toBe(cost.flops / 1e12)
    expect(oneSequence.dispatchSeconds).toBeCloseTo((7 + 28 * 9) * 1e-5, 12)
    expect(oneSequence.exchangeSeconds).toBeCloseTo(58e-4 + cost.messageBytes / 1e9, 12)
    expect(oneSequence.seconds).toBe(
      oneSequence.deviceSeconds + oneSequence.dispatchSeconds + oneSequence.exchangeSeconds,
    )
    expect(concurrent.cost.flops).toBe(64 * cost.flops)
  })

  it('shares the cost of exchanges among many sequences, yet gives replicas the throughput', () => {
    const hardware = { latencySeconds: 5e-5, linkBytesPerSecond: 5e10, flopsPerSecond: 6.7e13 }
    const many = { concurrency: 256, contextTokens: 1000 }
    const tokens = (tp: number, workload: Workload) => predict(tp, hardware, workload).tokensPerSecond
    expect(tokens(8, many) / tokens(8, { ...many, concurrency: 1 })).toBeGreaterThan(10)
    expect(best(hardware, many).throughput!.mesh).toEqual({ dp: 8, tp: 1 })
    expect(predict(1, hardware, many).concurrent.seconds).toBeCloseTo(256 / tokens(1, many), 12)
  })

  it('leaves out the meshes that do not fit', () => {
    const fitting = meshesOf(config, 8).filter(({ tp }) => predict(tp, { memoryBytes: 8e9 }).fits)
    // 15.23 GB of weights: halves fit.
    expect(fitting.map(({ tp }) => tp)).toEqual([2, 3, 4, 5, 6, 7, 8])
    expect(best({ memoryBytes: 8e9, latencySeconds: 1 }).latency!.mesh.tp).toBeGreaterThan(1)
    expect(best({ memoryBytes: 1e9 })).toEqual({ latency: null, throughput: null })
  })

  it('counts the cache once a replica', () => {
    const memory = (tp: number) => predict(tp, {}, { concurrency: 64, contextTokens: 1000 }).memory
    // 114,688 bytes a token; two of eight ranks hold the same key-value head.
    expect(memory(1).cacheBytes).toBe(8 * 1000 * 114_688)
    expect(memory(4).cacheBytes).toBe((32 * 1000 * 114_688) / 4)
    expect(memory(8).cacheBytes).toBe((64 * 1000 * 114_688) / 4)
  })
})

describe('meshesOf', () => {
  it('fills the adapters with groups of every size', () => {
    expect(meshesOf(config, 8).map(({ dp, tp }) => `${dp}×${tp}`)).toEqual([
      '8×1',
      '4×2',
      '2×3',
      '2×4',
      '1×5',
      '1×6',
      '1×7',
      '1×8',
    ])
    expect(meshesOf(config, 40)).toHaveLength(16)
    expect(meshesOf({ ...config, vocabSize: 3 }, 8)).toHaveLength(3)
    expect(() => meshesOf(config, 0)).toThrow(InputError)
  })
})

describe('assume', () => {
  it('names what is given and what is taken for granted', () => {
    const assumptions = assume({ bandwidthBytesPerSecond: 1e12 })
    expect(assumptions).toHaveLength(6)
    const find = (name: string) => assumptions.find(one => one.name === name)
    expect(find('bandwidthBytesPerSecond')).toMatchObject({ value: 1e12, given: true, reason: 'given' })
    expect(find('memoryBytes')).toMatchObject({
      value: 141e9,
      given: false,
      reason: expect.stringContaining('H200'),
    })
    expect(hardwareOf(assumptions)).toEqual({
      memoryBytes: 141e9,
      bandwidthBytesPerSecond: 1e12,
      flopsPerSecond: 67e12,
      latencySeconds: 100e-6,
      linkBytesPerSecond: 50e9,
      dispatchSeconds: 24e-6,
    })
  })

  it('keeps a given zero', () => {
    expect(hardwareOf(assume({ latencySeconds: 0 })).latencySeconds).toBe(0)
  })
})
