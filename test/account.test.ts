import { statSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  type GenerateOptions,
  type Generation,
  generate,
  type SteppedModel,
} from '../core/generate/generate.ts'
import { cacheBytes } from '../core/model/key-value-cache.ts'
import type { LanguageModel, Row } from '../core/model/language-model.ts'
import type { ModelWeights } from '../core/model/layout.ts'
import type { Sampling } from '../core/model/sampling.ts'
import { countersSince, type Device, type DeviceCounters, openDevice } from '../kernels/gpu/device.ts'
import { type Tensor, tensorBytes } from '../kernels/gpu/tensor.ts'
import { type PackedWeight, weightTensors } from '../kernels/pack-weight/pack-weight.ts'
import { chosenBefore } from '../kernels/shared/row-token.ts'
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

  // Dispatches beyond those of the likeliest token: choice and rank; processed logits and their entropy; bounds and filter;
  // and what marks the tokens that a penalty is for.
  const marked = 1
  const chosen = 2
  const processed = chosen + 1 + ofEntropy
  const filtered = processed + 2
  it.each<[string, Omit<Sampling, 'seed'>, number]>([
    ['settings that change nothing', { temperature: 0, topK: 5, topP: 0.5, repetitionPenalty: 1 }, 0],
    ['temperature 1', { temperature: 1 }, chosen],
    ['filters that keep everything', { temperature: 1, topK: 0, topP: 1, minP: 0 }, chosen],
    ['another temperature', { temperature: 0.7 }, processed],
    ['a penalty', { temperature: 0, repetitionPenalty: 1.2 }, processed + marked],
    ['a penalty and a temperature', { temperature: 0.7, repetitionPenalty: 1.2 }, processed + marked],
    ['top-k', { temperature: 1, topK: 5 }, filtered],
    ['top-p', { temperature: 1, topP: 0.5 }, filtered],
    ['min-p', { temperature: 1, minP: 0.1 }, filtered],
    [
      'everything',
      { temperature: 2, topK: 5, topP: 0.5, minP: 0.1, repetitionPenalty: 1.2 },
      filtered + marked,
    ],
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

describe('the answers of a rank that is alone', () => {
  const promptIds = [3, 141, 59]
  const base = { maxNewTokens: 6, topLogprobs: 5, tokenText: null }

  /** Answers one prompt with so many steps in flight; counts them after every submit and read, and the rows of all steps. */
  async function watched(model: LanguageModel, stepsInFlight: number, options: GenerateOptions) {
    const inFlight: number[] = []
    const count = (change: number) => inFlight.push((inFlight.at(-1) ?? 0) + change)
    let rows = 0
    const { config, limits, maxRows, maxSequenceRows } = model
    const stepped: SteppedModel = {
      ...{ config, limits, maxRows, maxSequenceRows, stepsInFlight },
      logitsOf: wanted => model.logitsOf(wanted),
      tokenRanksOf: chosen => model.tokenRanksOf(chosen),
      scoreKnown: known => model.scoreKnown(known),
      async submitStep(...step) {
        rows += step[0].length
        const { read } = await model.submitStep(...step)
        count(1)
        return {
          async read() {
            const scores = await read()
            count(-1)
            return scores
          },
        }
      },
    }
    const before = { ...model.context.device.counters }
    const { value } = await generate(stepped, [{ key: 7, promptIds }], options).next()
    const { tokens }: Generation = value!.generation
    const ids = tokens.map(({ id }) => id)
    return {
      tokens,
      ids,
      inFlight,
      rows,
      counters: countersSince(before, model.context.device.counters),
    }
  }

  it.each<[string, Sampling]>([
    ['the likeliest token', { temperature: 0, seed: 0 }],
    ['a drawn token', { temperature: 1, seed: 5 }],
    ['a penalty', { temperature: 0.8, seed: 6, topK: 40, repetitionPenalty: 1.3 }],
  ])('have two steps in flight, and at most one row for nothing: %s', async (_, sampling) => {
    const { model } = await loaded(models[1]!, 'cpu')
    expect(model.stepsInFlight).toBe(2)
    const endless = { ...base, sampling, stopIds: new Set<number>() }
    const one = await watched(model, 1, endless)
    const two = await watched(model, 2, endless)
    expect(one.inFlight).toEqual([1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0])
    expect(two.inFlight).toEqual([1, 2, 1, 2, 1, 2, 1, 2, 1, 2, 1, 0])
    expect(two.tokens, 'to the bit').toEqual(one.tokens)
    for (const { rows, counters } of [one, two]) {
      expect(rows, 'none where the limit ends it').toBe(promptIds.length + 5)
      expect(counters).toMatchObject({ submits: 6, synchronisations: 6 })
    }
    const stopped = await watched(model, 2, { ...endless, stopIds: new Set([one.ids[2]!]) })
    const length = one.ids.indexOf(one.ids[2]!) + 1
    expect(stopped.tokens).toEqual(one.tokens.slice(0, length))
    expect(stopped.rows, 'one where a token ends it').toBe(promptIds.length + length)
    // Unless its plan is of that step's tokens, a step takes none of them.
    const next = [{ tokenId: chosenBefore(0), position: 8, slot: 0 }]
    const scored = [{ row: 0, sequence: 7, step: 6 }]
    const other: Sampling = { temperature: 1 - Math.sign(sampling.temperature), seed: 0 }
    await expect(model.step(next, scored, other)).rejects.toThrow(/that the step before did not choose/)
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
