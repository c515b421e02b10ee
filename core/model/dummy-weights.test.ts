import { readFileSync } from 'node:fs'
import { afterAll, describe, expect, it } from 'vitest'
import type { Device } from '../../kernels/gpu/device.ts'
import { openDevices } from '../../test/support/decoding-mesh.ts'
import { generateOnMesh } from '../generate/generate-on-mesh.ts'
import { planShards } from '../parallel/plan-shards.ts'
import type { TokenRecord } from '../record/token.ts'
import { type ModelConfig, parseConfig } from './config.ts'
import { createDummyWeights, dummyName } from './dummy-weights.ts'
import { rankWeightBytes } from './layout.ts'
import { loadModel } from './load-model.ts'

const configFile = new URL('../../test/models/random-14-heads/config.json', import.meta.url)
const heads14 = parseConfig(JSON.parse(readFileSync(configFile, 'utf8')), 'random-14-heads')
const tied = parseConfig(
  {
    model_type: 'qwen2',
    vocab_size: 203,
    hidden_size: 40,
    intermediate_size: 52,
    num_hidden_layers: 3,
    num_attention_heads: 5,
    num_key_value_heads: 1,
    tie_word_embeddings: true,
  },
  'tied',
)
function tiny(name: string): ModelConfig {
  const file = new URL(`../../test/models/tiny-${name}/config.json`, import.meta.url)
  return parseConfig(JSON.parse(readFileSync(file, 'utf8')), name)
}
const cases: [string, ModelConfig][] = [
  ['14 heads, f16', { ...heads14, dtype: 'f16' }],
  ['tied, bf16 by default', tied],
  ['norms of heads, windows, four norms a layer', tiny('gemma3')],
  ['fused tensors, norms of half the rope', tiny('phi3')],
  ['norms over all heads', tiny('olmo2')],
  ['experts', tiny('qwen3-moe')],
]

const limits = { sequences: 2, capacity: 64, topK: 5 }
const [device] = (await openDevices(1)) as [Device]
afterAll(() => device.destroy())

/** Greedy answers to two prompts of the random model of this seed over ranks, one after another. */
async function tokensOf(config: ModelConfig, ranks: number, seed: number): Promise<TokenRecord[]> {
  const own = new Array<Device>(ranks).fill(device)
  const { ranks: models } = await loadModel(own, { config, weights: { seed }, limits })
  const requests = [[1, 2, 3], [7]].map((promptIds, key) => ({ promptIds, key }))
  const answers = await generateOnMesh(models, requests, {
    maxNewTokens: 6,
    stopIds: new Set(),
    sampling: { temperature: 0, seed: 0 },
    topLogprobs: 5,
    tokenText: null,
  })
  for (const { generation } of answers)
    expect(generation).toMatchObject({ error: null, finishReason: 'length' })
  return answers.sort((a, b) => a.request.key - b.request.key).flatMap(({ generation }) => generation.tokens)
}

describe('createDummyWeights', () => {
  it.each(cases)(
    'makes the same model over 1 and 3 ranks, another of another seed: %s',
    async (_, config) => {
      const alone = await tokensOf(config, 1, 5)
      const shared = await tokensOf(config, 3, 5)
      const other = await tokensOf(config, 1, 6)
      const ids = (tokens: TokenRecord[]) => tokens.map(({ id }) => id)
      expect(alone).toHaveLength(12)
      expect(ids(shared)).toEqual(ids(alone))
      expect(ids(other)).not.toEqual(ids(alone))
      for (const [i, { entropyNats }] of shared.entries())
        expect(Math.abs(entropyNats - alone[i]!.entropyNats)).toBeLessThan(1e-4)
      for (const { entropyNats, logprob, topLogprobs } of [...alone, ...other]) {
        expect(entropyNats).toBeGreaterThan(0.01)
        expect(entropyNats).toBeLessThan(Math.log(config.vocabSize) - 0.01)
        for (const number of [logprob, ...topLogprobs]) expect(number).toBeGreaterThan(-100)
      }
      // What a token's distribution is depends on the tokens before it.
      expect(new Set(alone.map(({ entropyNats }) => entropyNats.toFixed(4))).size).toBeGreaterThan(4)
    },
  )

  it.each(cases)(
    'allocates and tells of exactly the planned bytes on each of 7 ranks: %s',
    async (_, config) => {
      const plan = planShards(config, 7)
      for (const { rank } of plan.ranks) {
        const before = device.counters.allocatedBytes
        let told = 0
        await createDummyWeights(device, config, plan, rank, 1, sizeBytes => (told += sizeBytes))
        const planned = rankWeightBytes(config, plan, rank, config.dtype ?? 'bf16')
        expect(device.counters.allocatedBytes - before).toBe(planned)
        expect(told).toBe(planned)
      }
    },
  )
})

describe('dummyName', () => {
  it('names a plain Qwen2 by its sizes, as before there were others, and others by their features too', () => {
    expect(dummyName(tied, 3)).toBe(
      '["dummy",3,{"vocabSize":203,"hiddenSize":40,"intermediateSize":52,"layers":3,"heads":5,"keyValueHeads":1,' +
        '"headDim":8,"ropeTheta":10000,"rmsNormEps":0.000001,"maxPositionEmbeddings":32768,"tieWordEmbeddings":true,' +
        '"eosTokenIds":null,"bosTokenId":null,"dtype":null}]',
    )
    const scaled = { ...tied, embeddingScale: 2 }
    expect(JSON.parse(dummyName(scaled, 3))[3]).toEqual({ embeddingScale: 2 })
    expect(dummyName({ ...tied, warnings: ['ignored'] }, 3)).toBe(dummyName(tied, 3))
  })
})
