import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  type GenerateOptions,
  type Generation,
  generate,
  type SequenceRequest,
} from '../core/generate/generate.ts'
import type { LanguageModel } from '../core/model/language-model.ts'
import type { TokenRecord } from '../core/record/token.ts'
import { type Device, openDevice } from '../kernels/gpu/device.ts'
import { openAdapter } from '../node-runner/adapter/dawn.ts'
import { openModelFolder } from '../node-runner/models/open-model.ts'
import { changedModel, overwriteTensor } from './support/change-model.ts'
import { createWhole, loadWhole } from './support/whole-model.ts'

const temporary = mkdtempSync(join(tmpdir(), 'entrace-test-'))
afterAll(() => rmSync(temporary, { recursive: true }))

const hiddenSize = 128
const poison = 200
const notANumber = new Uint16Array(hiddenSize).fill(0x7fc0)

/** A random bf16 model that answers with non-finite logits wherever token 200 was seen. */
const folder = changedModel(temporary, 'test/models/random-two-files', file =>
  overwriteTensor(
    file('model-00001-of-00002.safetensors'),
    'model.embed_tokens.weight',
    poison * hiddenSize,
    notANumber,
  ),
)

const prompt = (length: number, first: number) => Array.from({ length }, (_, i) => (first + i * 7) % 199)
/** Lengths around the 128 keys of one stretch of attention; on the CPU also more rows together than one step takes. */
const lengths = { cpu: [1, 127, 5, 129, 270, 3], gpu: [3, 129] }
const poisonedLengths = { cpu: [140, 2, 9], gpu: [131] }
const slots = { cpu: [2, 9], gpu: [2] }

describe.each(['cpu', 'gpu'] as const)("a sequence's numbers with the %s kernels", kernels => {
  const requests: SequenceRequest[] = lengths[kernels].map((length, key) => ({
    key,
    promptIds: prompt(length, key * 31),
  }))
  const poisoned: SequenceRequest[] = poisonedLengths[kernels].map((length, index) => ({
    key: 100 + index,
    promptIds: [poison, ...prompt(length, index)],
  }))
  let device: Device
  let modelFor: (sequences: number) => Promise<LanguageModel>
  const alone = new Map<number, TokenRecord[]>()

  beforeAll(async () => {
    device = await openDevice(await openAdapter('cpu'), kernels)
    const files = await openModelFolder(folder)
    const weights = await loadWhole(device, files.config, files.weights, folder)
    await files.close()
    modelFor = sequences => createWhole(device, files.config, weights, { sequences, capacity: 280, topK: 3 })
    for (const request of requests) {
      const answers = await answersOf(await modelFor(1), [request])
      alone.set(request.key, answers.get(request.key)!.tokens)
    }
  })
  afterAll(() => device.destroy())

  it('are the same to the bit in any company, also of sequences that fail', async () => {
    expect([...alone.values()].flat()).toHaveLength(requests.length * options.maxNewTokens)
    // With two slots, what fails leaves its values that are not numbers in the cache of those that follow.
    const mixed = [
      ...poisoned.slice(0, 2),
      ...requests.slice(0, 3),
      ...poisoned.slice(2),
      ...requests.slice(3),
    ]
    for (const sequences of slots[kernels]) {
      const answers = await answersOf(await modelFor(sequences), mixed)
      for (const { key } of poisoned)
        expect(answers.get(key)).toMatchObject({ finishReason: 'error', tokens: [] })
      for (const [key, tokens] of alone) expect(answers.get(key)!.tokens, `sequence ${key}`).toEqual(tokens)
    }
  })
})

const options: GenerateOptions = {
  maxNewTokens: 3,
  stopIds: new Set(),
  sampling: { temperature: 1, seed: 9 },
  topLogprobs: 3,
  tokenText: null,
}

async function answersOf(model: LanguageModel, asked: SequenceRequest[]): Promise<Map<number, Generation>> {
  const answers = new Map<number, Generation>()
  for await (const { request, generation } of generate(model, asked, options))
    answers.set(request.key, generation)
  return answers
}
