import { statSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { cacheBytes } from '../core/model/key-value-cache.ts'
import type { LanguageModel, Row } from '../core/model/language-model.ts'
import type { ModelWeights } from '../core/model/layout.ts'
import type { Sampling } from '../core/model/sampling.ts'
import { countersSince, type Device, type DeviceCounters, openDevice } from '../kernels/gpu/device.ts'
import { type Tensor, tensorBytes } from '../kernels/gpu/tensor.ts'
import { type PackedWeight, weightTensors } from '../kernels/pack-weight/pack-weight.ts'
import { openAdapter } from '../node-runner/adapter/dawn.ts'
import { openModelFolder } from '../node-runner/models/open-model.ts'
import { createWhole, loadWhole } from './support/whole-model.ts'

const devices: Device[] = []
afterAll(() => {
  for (const device of devices) device.destroy()
})

/** A model with room for one sequence on a device of its own. */
async function loaded(folder: string, kernels: 'cpu' | 'gpu') {
  const device = await openDevice(await openAdapter('cpu'), kernels)
  devices.push(device)
  const files = await openModelFolder(folder)
  const weights = await loadWhole(device, files.config, files.weights, folder)
  await files.close()
  const weightBytes = device.counters.allocatedBytes
  const room = { sequences: 1, capacity: 200, topK: 5 }
  const model = await createWhole(device, files.config, weights, room)
  return { device, files, weights, weightBytes, model }
}

/** What one step of one decoded token costs at a position. What the cache holds makes no difference. */
async function costAt(
  model: LanguageModel,
  position: number,
  isScored: boolean,
  sampling: Sampling = { temperature: 0, seed: 0 },
): Promise<DeviceCounters> {
  const before = { ...model.context.device.counters }
  const rows: Row[] = [{ tokenId: 1, position, slot: 0 }]
  const scored = isScored ? [{ row: 0, sequence: 0, step: 0 }] : []
  await model.step(rows, scored, sampling)
  return countersSince(before, model.context.device.counters)
}

/** Vocabularies of 1000 and 257. */
const models = ['test/models/random-tied', 'test/models/random-two-files']
/** Id, position, slot and turn; number of the row, its slot, and keys of noise: each from a multiple of 256 bytes on. */
const inputBytes = 8 * 256

describe.each(['cpu', 'gpu'] as const)('one decoded token with the %s kernels', kernels => {
  const costs: {
    layers: number
    short: DeviceCounters
    long: DeviceCounters
    forward: DeviceCounters
    longForward: DeviceCounters
    again: DeviceCounters
  }[] = []

  beforeAll(async () => {
    for (const folder of models) {
      const { model, files } = await loaded(folder, kernels)
      costs.push({
        layers: files.config.layers,
        short: await costAt(model, 100, true),
        forward: await costAt(model, 100, false),
        long: await costAt(model, 150, true),
        longForward: await costAt(model, 150, false),
        again: await costAt(model, 99, true),
      })
    }
  })

  it('takes 8 dispatches a layer, and 9 where attention beyond 128 keys is merged', () => {
    for (const { layers, forward, longForward } of costs) {
      // Embedding and the first norm belong to no layer.
      expect((forward.dispatches - 2) / layers).toBe(8)
      expect((longForward.dispatches - 2) / layers).toBe(kernels === 'gpu' ? 9 : 8)
    }
  })

  it('takes at most 5 dispatches from hidden state to scores', () => {
    for (const { short, forward } of costs)
      expect(short.dispatches - forward.dispatches).toBe(kernels === 'gpu' ? 5 : 3)
  })

  it('takes one submit and one synchronisation', () => {
    for (const { short, long, forward } of costs) {
      for (const cost of [short, long]) expect(cost).toMatchObject({ submits: 1, synchronisations: 1 })
      expect(forward).toMatchObject({ submits: 1, synchronisations: 0, downloadedBytes: 0 })
    }
  })

  it('downloads its scores only, however large the vocabulary', () => {
    const sizes = costs.flatMap(({ short, long }) => [short.downloadedBytes, long.downloadedBytes])
    expect(new Set(sizes).size).toBe(1)
    // Statistics, top tokens, choice and rank, each from a multiple of 256 bytes on: less than the smallest logits.
    expect(sizes[0]).toBeLessThanOrEqual(4 * 256)
  })

  it('uploads what it is told of its row, and no parameters once it was planned', () => {
    for (const { short, again } of costs) {
      expect(short.uploadedBytes).toBeGreaterThan(inputBytes)
      expect(again.uploadedBytes).toBe(inputBytes)
    }
  })

  it('allocates nothing', () => {
    for (const { short, long } of costs) expect(long.allocatedBytes).toBe(short.allocatedBytes)
  })
})

describe.each([
  ['cpu', 1],
  ['gpu', 2],
] as const)('one token that is chosen, with the %s kernels', (kernels, ofEntropy) => {
  let model: LanguageModel
  let greedy: DeviceCounters
  beforeAll(async () => {
    model = (await loaded(models[0]!, kernels)).model
    greedy = await costAt(model, 100, true)
  })

  // Dispatches beyond those of the likeliest token: choice and rank; processed logits and their entropy; bounds and filter.
  const chosen = 2
  const processed = chosen + 1 + ofEntropy
  const filtered = processed + 2
  it.each<[string, Omit<Sampling, 'seed'>, number]>([
    ['settings that change nothing', { temperature: 0, topK: 5, topP: 0.5, repetitionPenalty: 1 }, 0],
    ['temperature 1', { temperature: 1 }, chosen],
    ['filters that keep everything', { temperature: 1, topK: 0, topP: 1, minP: 0 }, chosen],
    ['another temperature', { temperature: 0.7 }, processed],
    ['a penalty', { temperature: 0, repetitionPenalty: 1.2 }, processed],
    ['a penalty and a temperature', { temperature: 0.7, repetitionPenalty: 1.2 }, processed],
    ['top-k', { temperature: 1, topK: 5 }, filtered],
    ['top-p', { temperature: 1, topP: 0.5 }, filtered],
    ['min-p', { temperature: 1, minP: 0.1 }, filtered],
    ['everything', { temperature: 2, topK: 5, topP: 0.5, minP: 0.1, repetitionPenalty: 1.2 }, filtered],
  ])('takes one submit and one synchronisation: %s', async (_, settings, dispatches) => {
    const sampling = { ...settings, seed: 3 }
    const [first, cost] = [await costAt(model, 100, true, sampling), await costAt(model, 100, true, sampling)]
    expect(cost.dispatches - greedy.dispatches).toBe(dispatches)
    expect(cost).toMatchObject({ submits: 1, synchronisations: 1 })
    expect(cost.allocatedBytes, 'buffers are made once').toBe(first.allocatedBytes)
    // The choice, statistics of what it is made from, and its rank.
    expect(cost.downloadedBytes - greedy.downloadedBytes).toBeLessThanOrEqual(2 * 256 + 4)
  })
})

describe('bytes on the device', () => {
  let arith: Awaited<ReturnType<typeof loaded>>
  beforeAll(async () => {
    arith = await loaded('models/arith-qwen2', 'cpu')
  })

  it('of weights are those of their tensors, and at most 1.05 of the file', () => {
    const tensors = tensorsOf(arith.weights)
    const all = tensors.reduce((sum, tensor) => sum + Math.ceil(tensorBytes(tensor) / 16) * 16, 0)
    expect(arith.weightBytes).toBe(all)
    const fileBytes = statSync('models/arith-qwen2/model.safetensors').size
    expect(arith.weightBytes).toBeLessThanOrEqual(1.05 * fileBytes)
    expect(arith.weightBytes).toBeGreaterThan(0.95 * fileBytes)
  })

  it('of room grow by the cache of each token', async () => {
    const { device, files, weights } = arith
    const bytesWith = async (capacity: number) => {
      const before = device.counters.allocatedBytes
      await createWhole(device, files.config, weights, { sequences: 4, capacity, topK: 5 })
      return device.counters.allocatedBytes - before
    }
    // From 128 tokens on, four sequences fill a step, so that its activations stay as they are.
    const growth = (await bytesWith(512)) - (await bytesWith(256))
    const ropeTable = 256 * files.config.headDim * 4
    expect(growth).toBe(cacheBytes(files.config, files.config.keyValueHeads, 4, 256) + ropeTable)
  })

  it('are given back with a buffer', async () => {
    const { device } = arith
    const before = device.counters.allocatedBytes
    const buffer = await device.createBuffer('short-lived', 1000, GPUBufferUsage.STORAGE)
    expect(device.counters.allocatedBytes).toBe(before + 1008)
    device.destroyBuffer(buffer)
    expect(device.counters.allocatedBytes).toBe(before)
    expect(device.counters.peakAllocatedBytes).toBeGreaterThanOrEqual(before + 1008)
  })
})

/** The tensors of weights that are not tied. */
function tensorsOf({ embedding, layers, finalNorm, lmHead }: ModelWeights): Tensor[] {
  return [
    ...weightTensors(embedding),
    finalNorm,
    ...weightTensors(lmHead),
    ...layers.flatMap(layer =>
      Object.values(layer).flatMap((weight: Tensor | PackedWeight) =>
        'pieces' in weight ? weightTensors(weight) : [weight],
      ),
    ),
  ]
}
