import { afterAll, describe, expect, it } from 'vitest'
import { answersOf, openDevices } from '../../test/support/decoding-mesh.ts'
import { expectClose } from '../../test/support/expect-close.ts'
import { tinyConfig } from '../../test/support/tiny-config.ts'
import type { GenerateOptions, SequenceRequest } from '../generate/generate.ts'
import type { ModelConfig } from './config.ts'
import { plainDecoder } from './decoder-features.ts'
import { loadModel } from './load-model.ts'

const layers = 3
const headDim = 8
/** Two key-value heads, of which each is held by two of four ranks. */
const plain: ModelConfig = {
  ...tinyConfig,
  ...plainDecoder(layers, headDim, 10000),
  ...{ layers, headDim, heads: 6, keyValueHeads: 2, hiddenSize: 48, intermediateSize: 40 },
  ...{ vocabSize: 97, maxPositionEmbeddings: 256 },
}
const rope = (width: number, theta: number) => ({ width, theta, scaling: null })

/** Features in company that no checkpoint of the tests has. */
const models: Record<string, ModelConfig> = {
  'a norm of all heads at once, norms after, scaled': {
    ...plain,
    ...{ queryKeyNorm: 'full', norms: 'after', residualScale: 0.7, embeddingScale: 3 },
  },
  'a norm of each head, parts of them turned by two ropes or none, norms before and after, every bias': {
    ...plain,
    ...{ queryKeyNorm: 'head', norms: 'both', normOffset: 1, gate: 'gelu-tanh' },
    biases: { query: true, key: true, value: true, output: true, mlp: true },
    ropes: [rope(4, 10000), rope(8, 500000)],
    layerAttention: [0, 1, null].map(one => ({ window: null, rope: one })),
    ...{ attentionCap: 4, logitsCap: 6, logitsScale: 0.8, attentionScale: 0.3 },
  },
  'experts after a norm of all heads at once': {
    ...plain,
    ...{ queryKeyNorm: 'full', tieWordEmbeddings: true },
    experts: {
      ...{ count: 5, perToken: 2, width: 24, normalised: false, denseLayers: [1] },
      shared: { width: 16, gated: true },
    },
  },
}

const requests: SequenceRequest[] = [1, 9, 40].map((length, key) => ({
  key,
  promptIds: Array.from({ length }, (_, i) => (key * 31 + i * i * 7 + 3) % 97),
  // The same tokens on every mesh, so that every step can be compared.
  forcedIds: Array.from({ length: 6 }, (_, i) => (key * 17 + i * 29) % 97),
}))
const options: GenerateOptions = {
  ...{ maxNewTokens: 6, stopIds: new Set<number>(), topLogprobs: 3, tokenText: null },
  sampling: { temperature: 0, seed: 0 },
}

describe('forward', async () => {
  const devices = await openDevices(4)
  afterAll(() => {
    for (const device of devices) device.destroy()
  })

  it.each(Object.entries(models))('computes on four ranks what it computes alone: %s', async (_, config) => {
    const limits = { sequences: 3, capacity: 64, topK: 3 }
    const answersOn = async (ranks: number) => {
      const mesh = await loadModel(devices.slice(0, ranks), { config, weights: { seed: 5 }, limits })
      return answersOf(mesh.ranks, requests, options)
    }
    const [alone, together] = [await answersOn(1), await answersOn(4)]
    for (const { key } of requests) {
      const [expected, found] = [alone, together].map(answers => answers.get(key)!.tokens)
      expect(found!.map(({ id }) => id)).toEqual(requests[Number(key)]!.forcedIds)
      for (const number of ['entropyNats', 'logprob'] as const) {
        const column = (tokens: typeof expected) => tokens!.map(token => token[number])
        const tolerance = { absolute: 2e-5, relative: 2e-5 }
        expectClose(`${key}: ${number}`, column(found), column(expected), tolerance)
      }
    }
  })
})
