import { afterAll, describe, expect, it } from 'vitest'
import { type Device, type GpuProvider, openDevice } from '../../kernels/gpu/device.ts'
import { Random } from '../../kernels/gpu/random.ts'
import { openAdapter, openNullAdapter } from '../../node-runner/adapter/dawn.ts'
import { tinyConfig } from '../../test/support/tiny-config.ts'
import type { LanguageModel, Row, StepScore } from './language-model.ts'
import { loadModel } from './load-model.ts'
import type { Sampling } from './sampling.ts'

/** What a device was asked to make, by label; what of it was destroyed is no longer counted. */
function listen(device: Device) {
  const made = { groups: 0, pipelines: 0, params: 0 }
  const { handle } = device
  const { createBindGroup, createComputePipeline, createBuffer } = handle
  handle.createBindGroup = descriptor => {
    made.groups++
    return createBindGroup.call(handle, descriptor)
  }
  handle.createComputePipeline = descriptor => {
    made.pipelines++
    return createComputePipeline.call(handle, descriptor)
  }
  handle.createBuffer = descriptor => {
    const buffer = createBuffer.call(handle, descriptor)
    if (!descriptor.label?.endsWith(' params')) return buffer
    made.params++
    const { destroy } = buffer
    buffer.destroy = () => {
      made.params--
      return destroy.call(buffer)
    }
    return buffer
  }
  return made
}

const sequences = 12
const greedy: Sampling = { temperature: 0, seed: 0 }
const drawn: Sampling = { temperature: 0.8, seed: 5, topK: 4, repetitionPenalty: 1.1 }

describe.each(['cpu', 'gpu'] as const)('planned steps with the %s kernels', kernels => {
  const devices: Device[] = []
  afterAll(() => {
    for (const device of devices) device.destroy()
  })
  const open = async (adapter: Promise<GpuProvider>) => {
    const device = await openDevice(await adapter, kernels)
    devices.push(device)
    return device
  }
  /** A model that has made no step yet. */
  const freshModel = async (device: Device) => {
    const limits = { sequences, capacity: 160, topK: 3 }
    const { ranks } = await loadModel([device], { config: tinyConfig, weights: { seed: 3 }, limits })
    return ranks[0]!
  }
  /** One where only what it asks for matters. */
  const counted = async () => {
    const device = await open(openNullAdapter())
    return { made: listen(device), model: await freshModel(device) }
  }
  /** A step of some slots at positions, of which the last rows are scored. */
  const step = (
    model: LanguageModel,
    at: [slot: number, position: number][],
    scored: number,
    by: Sampling,
  ) => {
    const rows: Row[] = at.map(([slot, position]) => ({ tokenId: (slot + position) % 7, position, slot }))
    const scores: StepScore[] = rows
      .map((_, row) => ({ row, sequence: rows[row]!.slot, step: rows[row]!.position }))
      .slice(rows.length - scored)
    return model.step(rows, scores, by)
  }

  it('that were planned before make nothing, wherever they lie and whatever was between', async () => {
    const { made, model } = await counted()
    const once = async (position: number) => {
      for (const count of [1, 5, 2])
        for (const sampling of [greedy, drawn, { ...greedy, seed: 9 }]) {
          const at = Array.from({ length: count }, (_, slot): [number, number] => [
            slot + (position % 3),
            position,
          ])
          await step(model, at, count, sampling)
          await step(model, at, Math.min(1, count - 1), sampling)
        }
    }
    await once(3)
    const before = { ...made }
    expect(before.groups).toBeGreaterThan(100)
    for (const position of [4, 90, 127]) await once(position)
    expect(made).toEqual(before)
    // Where attention beyond 128 keys is merged the GPU's dispatches are others.
    await once(128)
    if (kernels === 'gpu') expect(made.groups).toBeGreaterThan(before.groups)
    else expect(made).toEqual(before)
  })

  it('keep so many plans as are in use, and give back the others', async () => {
    const { made, model } = await counted()
    for (let count = 1; count <= sequences; count++)
      for (let scored = 0; scored <= count; scored++)
        await step(
          model,
          Array.from({ length: count }, (_, slot): [number, number] => [slot, 0]),
          scored,
          greedy,
        )
    expect(made.params).toBe(64)
  })

  it('score to the bit what a model scores that plans each of them anew', async () => {
    const device = await open(openAdapter('cpu'))
    const model = await freshModel(device)
    const random = new Random(kernels.length)
    for (let round = 0; round < 2; round++) {
      const other = await freshModel(device)
      // Rows of one sequence, of which the last few are scored, beside others; the kept plans are of all rounds.
      const long = 2 + random.integer(9)
      const company = random.integer(sequences - 2)
      const at: [number, number][] = [
        ...Array.from({ length: company }, (_, slot): [number, number] => [slot + 1, 0]),
        ...Array.from({ length: long }, (_, position): [number, number] => [0, position]),
      ]
      const scored = 1 + random.integer(Math.min(sequences, at.length) - 1)
      for (const sampling of [drawn, greedy]) {
        const expected = await step(other, at, scored, sampling)
        expect(await step(model, at, scored, sampling)).toEqual(expected)
        expect(await step(model, at, scored, sampling), 'again').toEqual(expected)
      }
    }
  })

  it('refuse a position beyond the cache, also of a plan that is kept', async () => {
    const { model } = await counted()
    await step(model, [[0, 159]], 1, greedy)
    await expect(step(model, [[0, 160]], 1, greedy)).rejects.toThrow(
      "step: position 160, expected one below the cache's capacity of 160",
    )
  })
})
