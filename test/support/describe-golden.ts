import { readFileSync } from 'node:fs'
import { afterAll, describe, expect, it } from 'vitest'
import type { GenerateOptions } from '../../core/generate/generate.ts'
import { generateOnMesh } from '../../core/generate/generate-on-mesh.ts'
import { loadModel } from '../../core/model/load-model.ts'
import type { TokenRecord } from '../../core/record/token.ts'
import { type Device, openDevice } from '../../kernels/gpu/device.ts'
import { openAdapter } from '../../node-runner/adapter/dawn.ts'
import { openModel } from '../../node-runner/models/open-model.ts'
import { openDevices } from './decoding-mesh.ts'
import { expectClose } from './expect-close.ts'

/** Float64 outputs of an independent implementation: golden/*.json, made by golden.py of the reference (see golden/README.md). */
interface Golden {
  sequences: {
    name: string
    prompt_ids: number[]
    prompt: { entropy: number; top_ids: number[] }[]
    steps: GoldenStep[]
  }[]
}
interface GoldenStep {
  token: number
  entropy: number
  varentropy: number
  logprob: number
  margin: number
  top_ids: number[]
  top_logprobs: number[]
}

const readGolden = (name: string) =>
  JSON.parse(readFileSync(new URL(`../golden/${name}.json`, import.meta.url), 'utf8')) as Golden

const entropyTolerance = { absolute: 2e-5, relative: 2e-5 }
const greedy = { temperature: 0, seed: 0 }

/** A model and how it is run. */
export interface GoldenCase {
  model: string
  folder: string
  ranks: number
  kernels: 'cpu' | 'gpu'
  /** Tokens of the longest prompt that is tried. */
  longest: number
  /** Whether each prompt is answered alone too, with the same bits as beside the others. */
  isTriedAlone?: boolean
}

/** Opens the one device of so many ranks of a test file, which is closed when its tests have ended. */
export async function openGoldenDevices(ranks: number, kernels: 'cpu' | 'gpu'): Promise<Device[]> {
  const devices = await openDevices(ranks, kernels)
  afterAll(() => devices[0]?.destroy())
  return devices
}

/** Opens a device for each of so many ranks. */
async function openOwnDevices(ranks: number, kernels: 'cpu' | 'gpu'): Promise<Device[]> {
  const devices: Device[] = []
  for (let rank = 0; rank < ranks; rank++) devices.push(await openDevice(await openAdapter('cpu'), kernels))
  afterAll(() => {
    for (const device of devices) device.destroy()
  })
  return devices
}

/** Declares the tests that hold a model on a mesh of this process to its golden file; on `devices`, or on its own. */
export function describeGolden(one: GoldenCase, devices?: readonly Device[]): void {
  const { model: name, folder, ranks, kernels, longest, isTriedAlone = false } = one
  describe(`${name} on ${ranks} ranks with the ${kernels} kernels agrees with float64`, async () => {
    const own = devices?.slice(0, ranks) ?? (await openOwnDevices(ranks, kernels))
    const files = await openModel(folder, 'auto')
    const sequences = readGolden(name).sequences.filter(({ prompt_ids }) => prompt_ids.length <= longest)
    const limits = { sequences: sequences.length, capacity: 256, topK: 5 }
    const weights = { where: folder, entries: files.weights }
    const { ranks: models } = await loadModel(own, { config: files.config, weights, limits })
    await files.close()

    const options: GenerateOptions = {
      maxNewTokens: Math.max(...sequences.map(({ steps }) => steps.length)),
      stopIds: new Set([502]),
      sampling: greedy,
      topLogprobs: 5,
      tokenText: null,
    }

    const requests = sequences.map((sequence, key) => ({ promptIds: sequence.prompt_ids, key, sequence }))

    let answers: ReturnType<typeof answer> | undefined
    const answer = () => generateOnMesh(models, requests, options)
    const answered = () => (answers ??= answer())

    it('at every greedy step of every prompt', async () => {
      let compared = 0
      for (const { request, generation } of await answered()) {
        expect(generation.error).toBeNull()
        compared += compareSteps(
          `${name}, ${request.sequence.name}`,
          generation.tokens,
          request.sequence.steps,
        )
      }
      const all = sequences.reduce((sum, { steps }) => sum + steps.length, 0)
      expect(compared, 'steps compared, of those in the file').toBeGreaterThan(0.95 * all)
    })

    const tryAlone = async () => {
      for (const { request, generation } of await answered()) {
        const [alone] = await generateOnMesh(models, [request], options)
        expect(alone!.generation.tokens, request.sequence.name).toEqual(generation.tokens)
      }
    }
    if (isTriedAlone) it('with the same bits alone as beside others', tryAlone)

    it('at every position of every prompt, of the token behind it', async () => {
      const scored = requests.map(request => ({ ...request, scoresPrompt: true }))
      const once = { ...options, maxNewTokens: 1 }
      for (const { request, generation } of await generateOnMesh(models, scored, once)) {
        const [first, ...found] = generation.prompt!
        const { prompt, prompt_ids: ids, name: of } = request.sequence
        expect([first, ...found].map(token => token!.id)).toEqual(ids)
        expect(first).toMatchObject({ logprob: null, entropyNats: null, rank: null })
        const expected = prompt.slice(0, -1)
        expectClose(
          `${name}, ${of}, entropy of what is behind`,
          found.map(token => token.entropyNats!),
          expected.map(({ entropy }) => entropy),
          entropyTolerance,
        )
        for (const [place, { top_ids }] of expected.entries()) {
          const { id, rank } = found[place]!
          const among = top_ids.indexOf(id)
          // Of what is listed, near ties may change places; the other ranks are beyond the list.
          if (among === -1) expect(rank).toBeGreaterThanOrEqual(top_ids.length - 1)
          else expect(Math.abs(rank! - among), `${of}, token ${place + 1}`).toBeLessThanOrEqual(1)
        }
      }
    })
  })
}

/** Compares until a near tie (margin below 1e-3) made the two choose different tokens; returns the steps compared. */
function compareSteps(what: string, found: TokenRecord[], expected: GoldenStep[]): number {
  const differs = expected.findIndex((step, i) => found[i]?.id !== step.token)
  const count = differs === -1 ? expected.length : differs
  if (differs !== -1)
    expect(expected[differs]!.margin, `${what}: step ${differs} chose ${found[differs]?.id}`).toBeLessThan(
      1e-3,
    )
  const same = expected.slice(0, count)
  const column = <T>(rows: T[], value: (row: T) => number) => rows.map(value)
  const ours = found.slice(0, count)
  expectClose(
    `${what}, entropy`,
    column(ours, t => t.entropyNats),
    column(same, t => t.entropy),
    entropyTolerance,
  )
  expectClose(
    `${what}, varentropy`,
    column(ours, t => t.varentropy),
    column(same, t => t.varentropy),
    {
      absolute: 1e-3,
      relative: 1e-3,
    },
  )
  expectClose(
    `${what}, logprob`,
    column(ours, t => t.logprob),
    column(same, t => t.logprob),
    { ...entropyTolerance, scale: column(same, t => t.entropy) },
  )
  expectClose(
    `${what}, margin`,
    column(ours, t => t.margin),
    column(same, t => t.margin),
    { absolute: 5e-5, relative: 0 },
  )
  for (const [step, { top_ids, top_logprobs }] of same.entries()) {
    const { topIds, topLogprobs } = ours[step]!
    expectClose(`${what}, step ${step}, top logprobs`, topLogprobs, top_logprobs, {
      absolute: 1e-4,
      relative: 1e-5,
    })
    for (const [place, id] of top_ids.entries()) {
      const gaps = [top_logprobs[place - 1], top_logprobs[place + 1]].map(other =>
        Math.abs((other ?? 1e9) - top_logprobs[place]!),
      )
      if (Math.min(...gaps) > 1e-3) expect(topIds[place], `${what}, step ${step}, top ${place}`).toBe(id)
    }
  }
  return count
}
