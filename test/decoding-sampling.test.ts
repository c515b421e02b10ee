import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { SequenceRequest } from '../core/generate/generate.ts'
import type { LanguageModel, Row } from '../core/model/language-model.ts'
import type { Sampling } from '../core/model/sampling.ts'
import type { TokenScores } from '../core/model/scores.ts'
import { filterReference } from '../kernels/filter-threshold/filter-threshold.cases.ts'
import type { Device } from '../kernels/gpu/device.ts'
import { processLogitsReference } from '../kernels/process-logits/process-logits.cases.ts'
import { gumbelReference } from '../kernels/sample/sample.cases.ts'
import { answersOf, loadMesh, openDevices } from './support/decoding-mesh.ts'

const folder = 'test/models/random-two-files'
const vocabulary = 257
/** Where a decision is as near as this, rounding may make it otherwise. */
const nearTie = 1e-4

const settings: [string, Sampling][] = [
  ['temperature', { temperature: 0.6, seed: 3 }],
  ['temperature 1', { temperature: 1, seed: 3 }],
  ['top-k', { temperature: 1.2, seed: 4, topK: 7 }],
  ['top-p', { temperature: 1, seed: 5, topP: 0.4 }],
  ['min-p', { temperature: 0.8, seed: 6, minP: 0.2 }],
  ['a penalty alone', { temperature: 0, seed: 0, repetitionPenalty: 1.3 }],
  ['everything', { temperature: 0.9, seed: 7, topK: 60, topP: 0.8, minP: 0.1, repetitionPenalty: 1.2 }],
]
const requests: SequenceRequest[] = [3, 1, 9, 4, 6].map((length, key) => ({
  key,
  promptIds: Array.from({ length }, (_, i) => (key * 31 + i * 7) % vocabulary),
}))
const newTokens = 6

const opened: Device[] = []
let modelsOf: (ranks: number, sequences: number, topK?: number) => Promise<LanguageModel[]>
beforeAll(async () => {
  opened.push(...(await openDevices(3)))
  modelsOf = (ranks, sequences, topK = 3) =>
    loadMesh(opened.slice(0, ranks), folder, { sequences, capacity: 40, topK })
})
afterAll(() => {
  for (const device of opened) device.destroy()
})

/** A distribution in float64: the processed logits of tokens that may be chosen, and how near any decision was. */
function processedReference(raw: Float64Array, seen: ReadonlySet<number>, sampling: Sampling) {
  const { temperature, topK = 0, topP = 1, minP = 0, repetitionPenalty = 1 } = sampling
  const scores = processLogitsReference(raw, 0, id => seen.has(id), repetitionPenalty, temperature || 1)
  const { ids, margin } = filterReference(scores, topK, topP)
  const maximum = scores[ids[0]!]!
  const kept = ids.filter(id => minP === 0 || scores[id]! - maximum >= Math.log(minP))
  const nearMinP = Math.min(
    ...ids.map(id => (minP === 0 ? 1 : Math.abs(scores[id]! - maximum - Math.log(minP)))),
  )
  const weights = kept.map(id => Math.exp(scores[id]! - maximum))
  const whole = weights.reduce((sum, weight) => sum + weight, 0)
  const logprob = (id: number) => scores[id]! - maximum - Math.log(whole)
  const entropyNats = -kept.reduce((sum, id) => sum + Math.exp(logprob(id)) * logprob(id), 0)
  return { kept, scores, logprob, entropyNats, margin: Math.min(margin, nearMinP) }
}

/** All raw logits by id, from scores whose top list is the whole vocabulary. */
function allLogits({ top }: TokenScores): Float64Array {
  const logits = new Float64Array(vocabulary)
  for (const { id, logit } of top) logits[id] = logit
  return logits
}

describe.each([1, 3])('a step on %i ranks', ranks => {
  let models: LanguageModel[]
  beforeAll(async () => {
    models = await modelsOf(ranks, requests.length, vocabulary)
  })

  it.each(settings)('chooses as float64 does: %s', async (_, sampling) => {
    const rows: Row[] = requests.flatMap(({ promptIds }, slot) =>
      promptIds.map((tokenId, position) => ({ tokenId, position, slot })),
    )
    const lastRows = requests.map((_, slot) => rows.findLastIndex(row => row.slot === slot))
    const scored = lastRows.map((row, slot) => ({ row, sequence: 900 + slot, step: 2 * slot }))
    const [found] = await Promise.all(models.map(model => model.step(rows, scored, sampling)))
    let compared = 0
    for (const [slot, scores] of found!.entries()) {
      const raw = allLogits(scores)
      const expected = processedReference(raw, new Set(requests[slot]!.promptIds), sampling)
      if (expected.margin < nearTie) continue
      const noise = (id: number) =>
        sampling.temperature > 0 ? gumbelReference(sampling.seed, 900 + slot, 2 * slot, id) : 0
      const drawn = expected.kept.map(id => ({ id, score: expected.scores[id]! + noise(id) }))
      drawn.sort((a, b) => b.score - a.score)
      if (drawn[1] && drawn[0]!.score - drawn[1].score < nearTie) continue
      compared++
      const { id } = drawn[0]!
      const order = Array.from(raw.keys()).sort((a, b) => raw[b]! - raw[a]! || a - b)
      expect(scores.chosen).toEqual({ id, logit: raw[id], rank: order.indexOf(id) })
      if (sampling.temperature === 1 && !sampling.topP) {
        expect(scores.processed).toBeNull()
        continue
      }
      const { statistics, logit } = scores.processed!
      expect(statistics.entropyNats).toBeCloseTo(expected.entropyNats, 4)
      expect(logit - statistics.maximum - Math.log(statistics.s)).toBeCloseTo(expected.logprob(id), 4)
    }
    expect(compared).toBeGreaterThan(3)
  })
})

describe.each([1, 2])('answers on %i ranks', ranks => {
  let alone: LanguageModel[]
  let together: LanguageModel[]
  beforeAll(async () => {
    alone = await modelsOf(ranks, 1)
    together = await modelsOf(ranks, 5)
  })

  it.each(settings)('are the same, to the bit, one at a time and all at once: %s', async (_, sampling) => {
    const options = {
      maxNewTokens: newTokens,
      stopIds: new Set<number>(),
      sampling,
      topLogprobs: 3,
      tokenText: null,
    }
    const one = await answersOf(alone, requests, options)
    const all = await answersOf(together, requests, options)
    const tokens = (answers: typeof one) => [...answers.values()].map(answer => answer.tokens)
    expect(tokens(all)).toEqual(tokens(one))
    expect(tokens(one).flat()).toHaveLength(requests.length * newTokens)
    const other = await answersOf(together, requests, { ...options, sampling: { ...sampling, seed: 99 } })
    const differs = JSON.stringify(tokens(other)) !== JSON.stringify(tokens(all))
    expect(differs, 'another seed, another text').toBe(sampling.temperature > 0)
  })
})

it.each(settings)('one rank and three choose alike: %s', async (_, sampling) => {
  const options = {
    maxNewTokens: newTokens,
    stopIds: new Set<number>(),
    sampling,
    topLogprobs: 3,
    tokenText: null,
  }
  const idsOn = async (ranks: number) => {
    const answers = await answersOf(await modelsOf(ranks, 5), requests, options)
    return [...answers.values()].map(answer => answer.tokens.map(token => token.id))
  }
  expect(await idsOn(3)).toEqual(await idsOn(1))
})

describe('ranks whose largest logits suffice', () => {
  let few: LanguageModel[]
  let many: LanguageModel[]
  beforeAll(async () => {
    few = await modelsOf(3, 5, 3)
    many = await modelsOf(3, 5, 200)
  })

  it.each<[string, Sampling]>([
    ['top-k', { temperature: 1.2, seed: 4, topK: 30 }],
    ['top-p', { temperature: 1, seed: 5, topP: 0.6 }],
    ['both', { temperature: 0.5, seed: 6, topK: 40, topP: 0.7, minP: 0.01 }],
    ['both with a penalty', { temperature: 0.5, seed: 7, topK: 40, topP: 0.7, repetitionPenalty: 1.2 }],
  ])('answer to the bit as those that search, and meet less often: %s', async (_, sampling) => {
    const stopIds = new Set<number>()
    const options = { maxNewTokens: newTokens, stopIds, sampling, topLogprobs: 3, tokenText: null }
    const answersAndSubmits = async (models: LanguageModel[]) => {
      const { counters } = models[0]!.context.device
      const before = counters.submits
      const answers = await answersOf(models, requests, options)
      const tokens = [...answers.values()].map(answer => answer.tokens)
      return { tokens, submits: counters.submits - before }
    }
    const searched = await answersAndSubmits(few)
    const told = await answersAndSubmits(many)
    expect(told.tokens).toEqual(searched.tokens)
    expect(told.submits).toBeLessThan(searched.submits)
  })
})
