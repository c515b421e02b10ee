import fc from 'fast-check'
import { afterAll, describe, expect, it } from 'vitest'
import { type Device, openDevice } from '../../kernels/gpu/device.ts'
import { openAdapter } from '../../node-runner/adapter/dawn.ts'
import { hashRow } from '../../node-runner/engine/load-rank.ts'
import { openModelFolder } from '../../node-runner/models/open-model.ts'
import { generateOnMesh } from '../generate/generate-on-mesh.ts'
import { type LoadedModel, type LoadRequest, loadModel, WeightDigest } from './load-model.ts'

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

const bytesOf = (devices: Device[]) => devices.map(({ counters }) => counters.allocatedBytes)
const folder = 'test/models/random-14-heads'
const limits = { sequences: 2, capacity: 40, topK: 5 }

/** Answers of a model that make it make all of its buffers, those that wait for the first penalty too. */
async function tokensOf({ ranks }: LoadedModel): Promise<number[][]> {
  const requests = [[1, 2, 3], [7]].map((promptIds, key) => ({ promptIds, key }))
  const answers = await generateOnMesh(ranks, requests, {
    maxNewTokens: 4,
    stopIds: new Set(),
    sampling: { temperature: 0.7, topP: 0.9, repetitionPenalty: 1.2, seed: 3 },
    topLogprobs: 5,
    tokenText: null,
  })
  return answers
    .sort((a, b) => a.request.key - b.request.key)
    .map(({ generation }) => generation.tokens.map(({ id }) => id))
}

describe('loadModel', () => {
  it.each([1, 3])('gives back all of the memory of %i devices when it is closed', async ranks => {
    const devices = await openDevices(ranks)
    const kept = await devices[0]!.createBuffer("another's", 100, GPUBufferUsage.STORAGE)
    const before = bytesOf(devices)
    const files = await openModelFolder(folder)
    const request: LoadRequest = {
      config: files.config,
      weights: { where: folder, entries: files.weights },
      limits,
      hashRow,
    }
    const model = await loadModel(devices, request)
    expect(model).toMatchObject({
      config: files.config,
      limits,
      adapterNames: devices.map(({ adapterName }) => adapterName),
      weightDigest: expect.stringMatching(/^[0-9a-f]{64}$/),
    })
    const tokens = await tokensOf(model)
    for (const [rank, bytes] of bytesOf(devices).entries()) expect(bytes).toBeGreaterThan(before[rank]!)
    await model.close()
    expect(bytesOf(devices)).toEqual(before)
    // The devices serve another one, which is the same.
    const again = await loadModel(devices, request)
    expect(again.weightDigest).toBe(model.weightDigest)
    expect(await tokensOf(again)).toEqual(tokens)
    await again[Symbol.asyncDispose]()
    expect(bytesOf(devices)).toEqual(before)
    expect(devices[0]!.buffers).toEqual(new Set([kept]))
    await files.close()
    for (const device of devices) await device.idle()
  })

  it('gives back what random weights took, and calls them by their seed', async () => {
    const devices = await openDevices(2)
    const { config, close } = await openModelFolder(folder)
    await close()
    const load = (seed: number, used: Device[]) => loadModel(used, { config, weights: { seed }, limits })
    const digests: string[] = []
    for (const [seed, used] of [
      [1, devices],
      [1, devices.slice(1)],
      [2, devices],
    ] as const) {
      const model = await load(seed, [...used])
      digests.push(model.weightDigest)
      await model.close()
    }
    expect(bytesOf(devices)).toEqual([0, 0])
    expect(digests[0]).toBe(digests[1])
    expect(digests[0]).not.toBe(digests[2])
  })

  it('keeps nothing where loading fails', async () => {
    const devices = await openDevices(2)
    const files = await openModelFolder(folder)
    const entries = new Map(files.weights)
    const { config } = files
    entries.set('lm_head.weight', { ...entries.get('lm_head.weight')!, start: 2 ** 40 })
    await expect(
      loadModel(devices, { config, weights: { where: folder, entries }, limits }),
    ).rejects.toThrow()
    const huge = { ...limits, sequences: 2 ** 14, capacity: 2 ** 14 }
    const weights = { where: folder, entries: files.weights }
    await expect(loadModel(devices, { config, weights, limits: huge })).rejects.toThrow(/buffer layer 0 keys/)
    expect(bytesOf(devices)).toEqual([0, 0])
    await files.close()
  })
})

const rowBytes = 6
const rows = 20
const bytes = Uint8Array.from({ length: rows * rowBytes }, (_, i) => (i * 37) % 251)

function digestOf(...pieces: [name: string, firstRow: number, bytes: Uint8Array][]): string {
  const digest = new WeightDigest(hashRow)
  for (const [name, firstRow, piece] of pieces) digest.add(name, firstRow, rowBytes, piece)
  return digest.hex
}

const rowsOf = (first: number, end: number) => bytes.subarray(first * rowBytes, end * rowBytes)
const whole = digestOf(['a', 0, bytes], ['b', 0, rowsOf(3, 9)])

describe('WeightDigest', () => {
  it('does not depend on who reads which rows, in which order', () => {
    const cuts = fc.uniqueArray(fc.integer({ min: 1, max: rows - 1 }))
    const readers = fc.array(fc.nat(3), { minLength: rows, maxLength: rows })
    fc.assert(
      fc.property(cuts, readers, fc.infiniteStream(fc.nat()), (inner, reader, order) => {
        const edges = [0, ...inner.sort((a, b) => a - b), rows]
        const digests = Array.from({ length: 4 }, () => new WeightDigest(hashRow))
        const pieces = edges.slice(1).map((end, i) => ({ first: edges[i]!, end, turn: order.next().value! }))
        for (const { first, end } of pieces.sort((a, b) => a.turn - b.turn))
          digests[reader[first]!]!.add('a', first, rowBytes, rowsOf(first, end))
        digests[reader[0]!]!.add('b', 0, rowBytes, rowsOf(3, 9))
        const sum = new WeightDigest(hashRow)
        for (const digest of digests) sum.addHex(digest.hex)
        expect(sum.hex).toBe(whole)
      }),
    )
  })

  it.each<[string, string]>([
    ['a byte', digestOf(['a', 0, bytes.with(7, 200)], ['b', 0, rowsOf(3, 9)])],
    ['a name', digestOf(['c', 0, bytes], ['b', 0, rowsOf(3, 9)])],
    ['the place of rows', digestOf(['a', 1, bytes], ['b', 0, rowsOf(3, 9)])],
    [
      'two rows that change places',
      digestOf(
        ['a', 0, rowsOf(1, 2)],
        ['a', 1, rowsOf(0, 1)],
        ['a', 2, rowsOf(2, rows)],
        ['b', 0, rowsOf(3, 9)],
      ),
    ],
    ['a row that is missing', digestOf(['a', 0, rowsOf(0, rows - 1)], ['b', 0, rowsOf(3, 9)])],
    ['a row that is read twice', digestOf(['a', 0, bytes], ['b', 0, rowsOf(3, 9)], ['a', 4, rowsOf(4, 5)])],
  ])('tells %s', (_, other) => {
    expect(other).toMatch(/^[0-9a-f]{64}$/)
    expect(other).not.toBe(whole)
  })

  it('stays within 256 bits', () => {
    const sum = new WeightDigest(hashRow)
    sum.addHex('f'.repeat(64))
    sum.addHex('3')
    expect(sum.hex).toBe('2'.padStart(64, '0'))
    expect(new WeightDigest(hashRow).hex).toBe('0'.repeat(64))
  })

  it('waits for digests that come later, and tells of one that fails', async () => {
    const later = new WeightDigest(async (label, row) => hashRow(label, row))
    later.add('a', 0, rowBytes, bytes)
    later.add('b', 0, rowBytes, rowsOf(3, 9))
    expect(await later.finish()).toBe(whole)
    const failing = new WeightDigest(() => Promise.reject(new Error('no digest')))
    failing.add('a', 0, rowBytes, bytes)
    await expect(failing.finish()).rejects.toThrow('no digest')
    const none = new WeightDigest()
    none.add('a', 0, rowBytes, bytes)
    expect(await none.finish()).toBe('0'.repeat(64))
  })
})
