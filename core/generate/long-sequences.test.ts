import { afterAll, describe, expect, it } from 'vitest'
import { openDevices } from '../../test/support/decoding-mesh.ts'
import { tinyConfig } from '../../test/support/tiny-config.ts'
import type { ModelConfig } from '../model/config.ts'
import { plainDecoder } from '../model/decoder-features.ts'
import { layerCapacity, sequenceRows } from '../model/key-value-cache.ts'
import type { LanguageModel } from '../model/language-model.ts'
import { loadModel } from '../model/load-model.ts'
import type { RopeConfig } from '../model/rope-config.ts'
import type { TokenRecord } from '../record/token.ts'
import { beamCandidates } from './beam-search.ts'
import type { GenerateOptions, SequenceRequest } from './generate.ts'
import { generateOnMesh } from './generate-on-mesh.ts'

const vocabulary = 97
const layers = 3
const headDim = 8
const plain: ModelConfig = {
  ...tinyConfig,
  ...plainDecoder(layers, headDim, 10000),
  ...{ layers, headDim, heads: 6, keyValueHeads: 2, hiddenSize: 48, intermediateSize: 40 },
  ...{ vocabSize: vocabulary, maxPositionEmbeddings: 256 },
}

/** A model whose layers have these windows. */
function windowed(...windows: (number | null)[]): ModelConfig {
  return { ...plain, layerAttention: windows.map(window => ({ window, rope: 0 })) }
}

const longRope: RopeConfig = {
  ...{ theta: 10000, width: headDim },
  scaling: {
    ...{ type: 'longrope', originalContext: 20, attentionFactor: 1.2 },
    ...{ shortFactors: [1, 1.1, 1.4, 2], longFactors: [1, 2, 5, 9] },
  },
}
const long: ModelConfig = { ...windowed(null, 12, 12), ropes: [longRope] }

/** Prompts that fit a window of 12, a ring of 75, neither, and one that no step of 64 rows takes whole. */
const requests: SequenceRequest[] = [1, 9, 75, 150].map((length, key) => promptOf(key, length))

function promptOf(key: number, length: number): SequenceRequest {
  return { key, promptIds: Array.from({ length }, (_, i) => (key * 31 + i * i * 7 + 3) % vocabulary) }
}

const capacity = 200
const options: GenerateOptions = {
  ...{ maxNewTokens: 14, stopIds: new Set<number>(), topLogprobs: 3, tokenText: null },
  sampling: { temperature: 0, seed: 0 },
}

const devices = await openDevices(3)
afterAll(() => devices[0]?.destroy())

/** A model of random weights on so many ranks. */
async function modelsOf(
  config: ModelConfig,
  { sequences = 4, ranks = 1, topK = 3 } = {},
): Promise<LanguageModel[]> {
  const limits = { sequences, capacity, topK }
  return (await loadModel(devices.slice(0, ranks), { config, weights: { seed: 5 }, limits })).ranks
}

/** The tokens of each answer, by the keys of the requests. */
async function answersOf(
  models: LanguageModel[],
  asked: readonly SequenceRequest[],
  changed: Partial<GenerateOptions> = {},
  beams: Parameters<typeof generateOnMesh>[3] = null,
): Promise<Map<number, TokenRecord[]>> {
  const answers = await generateOnMesh(models, asked, { ...options, ...changed }, beams)
  for (const { generation } of answers) expect(generation.error).toBeNull()
  return new Map(answers.map(({ request, generation }) => [request.key, generation.tokens]))
}

/** Every token of an answer as it is where the tokens before it are a prompt, and it is forced. */
async function answeredAnew(
  models: LanguageModel[],
  { promptIds }: SequenceRequest,
  tokens: readonly TokenRecord[],
): Promise<TokenRecord[]> {
  const anew = tokens.map(({ id }, step) => ({
    key: step,
    promptIds: [...promptIds, ...tokens.slice(0, step).map(token => token.id)],
    forcedIds: [id],
  }))
  const answers = await answersOf(models, anew, { maxNewTokens: 1 })
  return tokens.map((_, step) => answers.get(step)![0]!)
}

describe('layers with windows', () => {
  const config = windowed(null, 12, 70)

  it('answer a batch as each alone, to the bit', async () => {
    expect(sequenceRows(config, capacity)).toBe(64)
    const together = await answersOf(await modelsOf(config), requests)
    const alone = await modelsOf(config, { sequences: 1 })
    for (const request of requests) {
      const answer = together.get(request.key)!
      expect(answer).toHaveLength(14)
      expect((await answersOf(alone, [request])).get(request.key)).toEqual(answer)
    }
  })

  it('answer as they do when the answer so far is a prompt, to the bit', async () => {
    const models = await modelsOf(config)
    for (const [key, tokens] of await answersOf(models, requests))
      expect(await answeredAnew(models, requests[key]!, tokens)).toEqual(tokens)
  })

  it('see their window and no more', async () => {
    // A token of the third layer comes of 3 · 11 tokens before it and itself.
    const models = await modelsOf(windowed(12, 12, 12))
    const { promptIds } = promptOf(0, 80)
    const changedAt = (at: number) => promptIds.map((id, i) => (i === at ? (id + 1) % vocabulary : id))
    const asked = [promptIds, changedAt(80 - 35), changedAt(80 - 34)].map((ids, key) => ({
      key,
      promptIds: ids,
    }))
    const answers = await answersOf(models, asked, { maxNewTokens: 1 })
    expect(answers.get(1)).toEqual(answers.get(0))
    expect(answers.get(2)).not.toEqual(answers.get(0))
  })

  it('see in full pieces of a prompt what they see token by token, to the bit', async () => {
    const [model] = await modelsOf(config)
    const { promptIds } = promptOf(0, 128)
    /** Scores after the prompt, run in a slot in pieces of so many rows. */
    const inPieces = async (slot: number, size: number) => {
      for (let first = 0; ; first += size) {
        const rows = promptIds
          .slice(first, first + size)
          .map((tokenId, i) => ({ tokenId, position: first + i, slot }))
        const isLast = first + size >= promptIds.length
        const scored = isLast ? [{ row: rows.length - 1, sequence: 0, step: 0 }] : []
        const scores = await model!.step(rows, scored, options.sampling)
        if (isLast) return scores
      }
    }
    expect(await inPieces(1, 64)).toEqual(await inPieces(0, 1))
  })

  it('keep as many positions as a window and a step need', async () => {
    const [model] = await modelsOf(config)
    expect([0, 1, 2].map(layer => layerCapacity(config, layer, capacity))).toEqual([200, 12 + 63, 70 + 63])
    const rows = Array.from({ length: 65 }, (_, position) => ({ tokenId: 1, position, slot: 2 }))
    await expect(model!.step(rows, [], options.sampling)).rejects.toThrow(
      /65 rows of slot 2, expected at most 64/,
    )
  })

  it('search beams as they do when a beam is a prompt, to the bit', async () => {
    const models = await modelsOf(config, { sequences: 6, topK: beamCandidates(3, 0) })
    const answers = await answersOf(models, requests, {}, { count: 3, lengthPenalty: 1 })
    for (const [key, tokens] of answers) {
      const anew = await answeredAnew(models, requests[key]!, tokens)
      expect(tokens).toEqual(anew)
    }
  })
})

describe('sequences that outgrow the original context', () => {
  /** Of 20 tokens: below it throughout, across it early and late, at its edge, and beyond it from the start. */
  const crossing = [2, 8, 19, 20, 21, 90].map((length, key) => promptOf(key, length))

  it.each([
    ['greedily', { temperature: 0, seed: 0 }, 1],
    ['by sampling', { temperature: 1.5, seed: 7, topP: 0.9, repetitionPenalty: 1.3 }, 1],
    ['over 3 ranks', { temperature: 0, seed: 0 }, 3],
  ])('are answered %s as where the answer so far is a prompt', async (_, sampling, ranks) => {
    const models = await modelsOf(long, { ranks })
    const answers = await answersOf(models, crossing, { sampling })
    const single = await modelsOf(long, { ranks, sequences: 1 })
    for (const request of crossing) {
      const answer = answers.get(request.key)!
      expect((await answersOf(single, [request], { sampling })).get(request.key)).toEqual(answer)
      const raw = answer.map(({ processedEntropyNats: _, processedLogprob: __, ...token }) => token)
      expect(await answeredAnew(models, request, answer)).toEqual(raw)
    }
  })

  it('are searched by beams as where a beam is a prompt', async () => {
    const models = await modelsOf(long, { sequences: 6, topK: beamCandidates(3, 0) })
    const answers = await answersOf(models, crossing, {}, { count: 3, lengthPenalty: 1 })
    const single = await modelsOf(long, { sequences: 3, topK: beamCandidates(3, 0) })
    for (const request of crossing) {
      const answer = answers.get(request.key)!
      expect(
        (await answersOf(single, [request], {}, { count: 3, lengthPenalty: 1 })).get(request.key),
      ).toEqual(answer)
      expect(await answeredAnew(models, request, answer)).toEqual(answer)
    }
  })

  it('turn otherwise than by the short factors', async () => {
    const scaling = { ...longRope.scaling!, longFactors: [1, 1.1, 1.4, 2] } as RopeConfig['scaling']
    const short = await answersOf(await modelsOf({ ...long, ropes: [{ ...longRope, scaling }] }), crossing)
    const answers = await answersOf(await modelsOf(long), crossing)
    expect(answers.get(0)).toEqual(short.get(0))
    expect(answers.get(1)!.slice(0, 13)).toEqual(short.get(1)!.slice(0, 13))
    expect(answers.get(1)![13]).not.toEqual(short.get(1)![13])
  })
})
