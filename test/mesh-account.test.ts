import { statSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { ByteSource } from '../core/files/byte-source.ts'
import type { TensorEntry } from '../core/files/safetensors.ts'
import type { ModelConfig } from '../core/model/config.ts'
import type { LanguageModel, Row } from '../core/model/language-model.ts'
import { layout, rankWeightBytes } from '../core/model/layout.ts'
import { loadModel, WeightDigest } from '../core/model/load-model.ts'
import type { Sampling } from '../core/model/sampling.ts'
import { loadWeights } from '../core/model/weights.ts'
import { localCommunicators } from '../core/parallel/communicator.ts'
import { planShards } from '../core/parallel/plan-shards.ts'
import { countersSince, type Device, type DeviceCounters, openDevice } from '../kernels/gpu/device.ts'
import { openAdapter } from '../node-runner/adapter/dawn.ts'
import { hashRow } from '../node-runner/engine/load-rank.ts'
import { openModelFolder } from '../node-runner/models/open-model.ts'
import { tinyConfig } from './support/tiny-config.ts'

const opened: Device[] = []
afterAll(() => {
  for (const device of opened) device.destroy()
})

async function openDevices(count: number): Promise<Device[]> {
  const devices: Device[] = []
  for (let rank = 0; rank < count; rank++) devices.push(await openDevice(await openAdapter('cpu')))
  opened.push(...devices)
  return devices
}

/** What one step of one decoded token costs each rank, once scored and once not. */
async function costsOf(
  models: LanguageModel[],
  isScored: boolean,
  sampling: Sampling = { temperature: 0, seed: 0 },
): Promise<DeviceCounters[]> {
  const rows: Row[] = [{ tokenId: 1, position: 100, slot: 0 }]
  const scored = isScored ? [{ row: 0, sequence: 0, step: 0 }] : []
  const before = models.map(model => ({ ...model.context.device.counters }))
  await Promise.all(models.map(model => model.step(rows, scored, sampling)))
  return models.map((model, rank) => countersSince(before[rank]!, model.context.device.counters))
}

describe.each([
  ['test/models/random-tied', 2],
  ['test/models/random-two-files', 3],
])('a decoded token of %s on %i ranks', (folder, ranks) => {
  let models: LanguageModel[]
  let config: ModelConfig
  beforeAll(async () => {
    const files = await openModelFolder(folder)
    config = files.config
    const limits = { sequences: 1, capacity: 200, topK: 5 }
    const weights = { where: folder, entries: files.weights }
    models = (await loadModel(await openDevices(ranks), { config, weights, limits })).ranks
    await files.close()
  })

  it('takes 2 all-reduces a layer, one for the embedding and one exchange of scores, each one submit and one map', async () => {
    const meetings = 2 * config.layers + 2
    for (const cost of await costsOf(models, true))
      expect(cost).toMatchObject({ submits: meetings, synchronisations: meetings })
  })

  it('takes one meeting and one submit with a map less where nothing is scored', async () => {
    const allReduces = 2 * config.layers + 1
    for (const cost of await costsOf(models, false))
      expect(cost).toMatchObject({ submits: allReduces + 1, synchronisations: allReduces })
  })

  it.each<[string, Omit<Sampling, 'seed'>, number, number]>([
    // What is chosen is among the largest logits, of which 5 come back: its rank needs no exchange.
    ['a slight penalty', { temperature: 0, repetitionPenalty: 1.0001 }, 0, 0],
    ['a low temperature', { temperature: 0.001 }, 0, 0],
    ['a rank beyond these', { temperature: 100 }, 1, 1],
    ['the choice after min-p', { temperature: 1, minP: 0.999 }, 1, 1],
    // The 5 largest logits suffice: what they and the processed statistics tell, and the choice.
    ['top-k', { temperature: 1, topK: 4 }, 1, 1],
    ['top-p within top-k', { temperature: 1, topK: 4, topP: 0.5 }, 1, 1],
    ['top-p of a low temperature', { temperature: 0.001, topP: 0.9 }, 1, 1],
    ['top-k of penalised logits', { temperature: 1, topK: 2, repetitionPenalty: 1.1 }, 1, 1],
    // They do not: one byte or two of each bound as well, and perhaps the rank of what is chosen.
    ['top-k beyond these', { temperature: 1, topK: 30 }, 2, 4],
    ['top-p beyond these', { temperature: 1, topP: 0.9 }, 2, 4],
    ['both', { temperature: 1, topK: 30, topP: 0.9 }, 3, 6],
    ['top-k of logits whose penalty is a reward', { temperature: 1, topK: 2, repetitionPenalty: 0.9 }, 2, 4],
  ])('takes further meetings for %s, alike on all ranks', async (_, settings, least, most) => {
    const costs = await costsOf(models, true, { ...settings, seed: 1 })
    const more = costs[0]!.submits - (2 * config.layers + 2)
    expect(more).toBeGreaterThanOrEqual(least)
    expect(more).toBeLessThanOrEqual(most)
    const { submits } = costs[0]!
    for (const cost of costs) expect(cost).toMatchObject({ submits, synchronisations: submits })
  })

  it.each<[string, Omit<Sampling, 'seed'>]>([
    ['that the largest logits tell', { temperature: 1, topK: 4 }],
    ['that histograms tell', { temperature: 1, topK: 30, topP: 0.9 }],
  ])('takes five dispatches for filters %s, and one for each meeting but the first', async (_, settings) => {
    const [greedy, cost] = [
      await costsOf(models, true),
      await costsOf(models, true, { ...settings, seed: 1 }),
    ]
    // Processed logits and their entropy, before a meeting; then the filter, the entropy of what it leaves, and the choice.
    const meetings = cost[0]!.submits - greedy[0]!.submits
    expect(cost[0]!.dispatches - greedy[0]!.dispatches).toBe(2 + (meetings - 1) + 3)
  })

  it("hands over a partial sum an all-reduce and its scores, and gets every rank's sum", async () => {
    const sumBytes = config.hiddenSize * 4
    const allReduces = 2 * config.layers + 1
    // The first of such steps is planned.
    await costsOf(models, false)
    const scored = await costsOf(models, true)
    const forward = await costsOf(models, false)
    // Id, position, slot and turn of the row, each from a multiple of 256 bytes on.
    const inputBytes = 4 * 256
    for (const [rank, cost] of forward.entries()) {
      expect(cost.downloadedBytes).toBe(allReduces * sumBytes)
      expect(cost.uploadedBytes).toBe(allReduces * ranks * sumBytes + inputBytes)
      expect(scored[rank]!.downloadedBytes - cost.downloadedBytes).toBeLessThanOrEqual(4 * 256)
    }
  })

  it('allocates nothing', async () => {
    const [before, after] = [await costsOf(models, true), await costsOf(models, true)]
    expect(after.map(cost => cost.allocatedBytes)).toEqual(before.map(cost => cost.allocatedBytes))
  })
})

/** Bytes that a rank reads at once, at most, and of a slot of the communicators of these tests. */
const pieceBytes = 8 * 2 ** 20

/** Entries whose sources count what is read of them. */
function counted(entries: Map<string, TensorEntry>) {
  const reads: number[] = []
  const wrapped = new Map<ByteSource, ByteSource>()
  const wrap = (source: ByteSource): ByteSource => ({
    name: source.name,
    byteLength: source.byteLength,
    slice(start, end = source.byteLength) {
      reads.push(end - start)
      return source.slice(start, end)
    },
  })
  const counting = [...entries].map(([name, entry]): [string, TensorEntry] => {
    if (!wrapped.has(entry.source)) wrapped.set(entry.source, wrap(entry.source))
    return [name, { ...entry, source: wrapped.get(entry.source)! }]
  })
  return { entries: new Map(counting), reads }
}

describe('loading the model that ships', () => {
  const folder = 'models/arith-qwen2'
  const fileBytes = statSync(`${folder}/model.safetensors`).size
  const digests: string[] = []

  it.each([1, 3, 8])('over %i ranks reads the file once, into buffers as planned', async ranks => {
    const files = await openModelFolder(folder)
    const { entries, reads } = counted(files.weights)
    const plan = planShards(files.config, ranks)
    const communicators = localCommunicators(ranks, pieceBytes)
    const devices = await openDevices(ranks)
    const digest = new WeightDigest(hashRow)
    let reportedBytes = 0
    const onRows = (name: string, firstRow: number, rowBytes: number, bytes: Uint8Array) => {
      reportedBytes += bytes.byteLength
      digest.add(name, firstRow, rowBytes, bytes)
    }
    await Promise.all(
      devices.map((device, rank) =>
        loadWeights(device, files.config, plan, entries, folder, communicators[rank]!, onRows),
      ),
    )
    await files.close()
    const tensorBytes = [...files.weights.values()].reduce((sum, entry) => sum + entry.byteLength, 0)
    const readBytes = reads.reduce((sum, bytes) => sum + bytes, 0)
    expect(readBytes).toBeGreaterThanOrEqual(tensorBytes)
    expect(readBytes).toBeLessThanOrEqual(1.1 * fileBytes)
    expect(reportedBytes, 'every byte is accounted for once').toBe(tensorBytes)
    const deviceBytes = devices.map(device => device.counters.allocatedBytes)
    expect(deviceBytes).toEqual(
      plan.ranks.map(({ rank }) => rankWeightBytes(files.config, plan, rank, 'bf16')),
    )
    expect(deviceBytes.reduce((sum, bytes) => sum + bytes, 0)).toBeLessThanOrEqual(1.05 * fileBytes)
    digests.push(digest.hex)
  })

  it('gives the weights one digest, however many ranks read them', () => {
    expect(digests).toHaveLength(3)
    expect(new Set(digests).size).toBe(1)
  })
})

describe('loading tensors larger than a piece', () => {
  // 18 MB each: embedding, gate and up are cut by rows, down by columns. Nothing but the reads is of interest.
  const config: ModelConfig = {
    ...tinyConfig,
    layers: 1,
    vocabSize: 36_000,
    hiddenSize: 256,
    intermediateSize: 36_000,
    heads: 4,
    headDim: 64,
    tieWordEmbeddings: true,
  }

  it('reads them in pieces, also where one rank reads all', async () => {
    const all = layout(config)
    const totalBytes = all.reduce((sum, { shape }) => sum + shape.reduce((product, n) => product * n, 2), 0)
    const zeros: ByteSource = {
      name: 'zeros',
      byteLength: totalBytes,
      slice: async (from, to = totalBytes) => new ArrayBuffer(to - from),
    }
    let start = 0
    const tensors = all.map(({ name, shape }): [string, TensorEntry] => {
      const byteLength = shape.reduce((product, n) => product * n, 2)
      const entry: TensorEntry = { name, dtype: 'bf16', shape, source: zeros, start, byteLength }
      start += byteLength
      return [name, entry]
    })
    for (const ranks of [1, 2]) {
      const { entries, reads } = counted(new Map(tensors))
      const communicators = localCommunicators(ranks, pieceBytes)
      const devices = await openDevices(ranks)
      const plan = planShards(config, ranks)
      await Promise.all(
        devices.map((device, rank) =>
          loadWeights(device, config, plan, entries, 'zeros', communicators[rank]!),
        ),
      )
      expect(reads.reduce((sum, bytes) => sum + bytes, 0)).toBeLessThanOrEqual(1.001 * totalBytes)
      expect(Math.max(...reads)).toBeLessThanOrEqual(pieceBytes)
      expect(Math.max(...reads), 'in long stretches').toBeGreaterThan(0.9 * pieceBytes)
      // A device holds its part, and one piece that waits to be packed.
      for (const [rank, { counters }] of devices.entries()) {
        const own = rankWeightBytes(config, plan, rank, 'bf16')
        expect(counters.peakAllocatedBytes - own).toBeLessThanOrEqual(ranks * pieceBytes)
      }
    }
  })
})
