import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { beamCandidates } from '../core/generate/beam-search.ts'
import type { GenerateOptions, Generation, SequenceRequest } from '../core/generate/generate.ts'
import type { LanguageModel } from '../core/model/language-model.ts'
import { countersSince, type Device } from '../kernels/gpu/device.ts'
import { answersOf, beamAnswersOf, loadMesh, openDevices } from './support/decoding-mesh.ts'

const folder = 'test/models/random-two-files'
const vocabulary = 257
const newTokens = 6
const requests: SequenceRequest[] = [3, 7, 2, 5].map((length, key) => ({
  key,
  promptIds: Array.from({ length }, (_, i) => (key * 31 + i * 7) % vocabulary),
}))

const opened: Device[] = []
/** Of a rank that holds the whole model, with all logits in its scores. */
let judge: LanguageModel
beforeAll(async () => {
  opened.push(...(await openDevices(3)))
  const room = { sequences: 1, capacity: 40, topK: vocabulary }
  judge = (await loadMesh(opened.slice(0, 1), folder, room))[0]!
})
afterAll(() => {
  for (const device of opened) device.destroy()
})

function optionsOf(stopIds: number[] = [], repetitionPenalty?: number): GenerateOptions {
  const sampling = { temperature: 0, seed: 0, ...(repetitionPenalty !== undefined && { repetitionPenalty }) }
  return { maxNewTokens: newTokens, stopIds: new Set(stopIds), sampling, topLogprobs: 3, tokenText: null }
}

function modelsOf(ranks: number, sequences: number, count: number, stopIds = 0): Promise<LanguageModel[]> {
  const room = { sequences, capacity: 40, topK: beamCandidates(count, stopIds) }
  return loadMesh(opened.slice(0, ranks), folder, room)
}

/** A text of ids: a letter of its own for each. */
const decode = (ids: readonly number[]) => ids.map(id => String.fromCodePoint(0x4e00 + id)).join('')

/** Log-probabilities of every token after a sequence, run through the model from its beginning. */
async function logprobsAfter(ids: readonly number[]): Promise<number[]> {
  const rows = ids.map((tokenId, position) => ({ tokenId, position, slot: 0 }))
  const scored = [{ row: rows.length - 1, sequence: 0, step: 0 }]
  const [scores] = await judge.step(rows, scored, { temperature: 0, seed: 0 })
  const logits = Array<number>(vocabulary)
  for (const { id, logit } of scores!.top) logits[id] = logit
  const maximum = Math.max(...logits)
  const logDenominator = Math.log(logits.reduce((sum, logit) => sum + Math.exp(logit - maximum), 0))
  return logits.map(logit => logit - maximum - logDenominator)
}

/** The best answer by the definition of the search, every hypothesis run from its beginning; null after a near tie. */
async function searchPlainly(
  prompt: readonly number[],
  count: number,
  lengthPenalty: number,
  stopIds: readonly number[],
  penalty: number,
  stopTexts: readonly string[] = [],
): Promise<number[] | null> {
  let running: { ids: number[]; score: number }[] = [{ ids: [], score: 0 }]
  let finished: { ids: number[]; score: number }[] = []
  for (let length = 1; length <= newTokens; length++) {
    const all: { ids: number[]; score: number }[] = []
    for (const beam of running) {
      const sequence = [...prompt, ...beam.ids]
      const logprobs = await logprobsAfter(sequence)
      for (const [id, logprob] of logprobs.entries()) {
        const score = sequence.includes(id) ? logprob * penalty : logprob
        all.push({ ids: [...beam.ids, id], score: beam.score + score })
      }
    }
    all.sort((a, b) => b.score - a.score)
    const kept = all.slice(0, Math.max(2, 1 + stopIds.length) * count)
    if (kept.some((one, i) => i > 0 && kept[i - 1]!.score - one.score < 1e-5)) return null
    const hasEnded = ({ ids }: { ids: number[] }) =>
      length === newTokens ||
      stopIds.includes(ids.at(-1)!) ||
      stopTexts.some(text => decode(ids).includes(text))
    for (const one of kept.slice(0, count))
      if (hasEnded(one)) finished.push({ ids: one.ids, score: one.score / length ** lengthPenalty })
    finished = finished.sort((a, b) => b.score - a.score).slice(0, count)
    running = kept.filter(one => !hasEnded(one)).slice(0, count)
    const isFull = finished.length === count
    if (running.length === 0) break
    if (isFull && running[0]!.score / length ** lengthPenalty <= finished.at(-1)!.score) break
  }
  return finished[0]!.ids
}

const idsOf = (answer: Generation | undefined) => answer?.tokens.map(({ id }) => id)

describe('beam search', () => {
  it.each([
    [2, 1, 0, 1],
    [3, 1, 2, 1],
    [4, 0, 1, 1],
    [3, 2.5, 2, 1],
    [3, -1, 2, 1],
    [3, 1, 1, 1.4],
    [2, 1, 1, 0.7],
  ])(
    'of %i beams finds what the definition finds: length penalty %f, %i stop tokens, penalty %f',
    async (count, lengthPenalty, stops, penalty) => {
      // Stop tokens that the model comes by soon.
      const greedy = await answersOf([judge], requests.slice(0, 2), optionsOf())
      const stopIds = [...greedy.values()].map(answer => answer.tokens[2]!.id).slice(0, stops)
      const models = await modelsOf(1, 2 * count, count, stopIds.length)
      const found = await beamAnswersOf(models, requests, optionsOf(stopIds, penalty), {
        count,
        lengthPenalty,
      })
      let compared = 0
      for (const { key, promptIds } of requests) {
        const expected = await searchPlainly(promptIds, count, lengthPenalty, stopIds, penalty)
        if (expected === null) continue
        expect(idsOf(found.get(key)), `request ${key}`).toEqual(expected)
        const reason = stopIds.includes(expected.at(-1)!) ? 'stop' : 'length'
        expect(found.get(key)!.finishReason).toBe(reason)
        compared++
      }
      expect(compared).toBeGreaterThan(1)
    },
  )

  it('ends at texts as the definition does, also at those of several tokens', async () => {
    const greedy = await answersOf([judge], requests, optionsOf())
    const texts = [...greedy.values()].map(({ tokens }) => decode(tokens.slice(1, 3).map(({ id }) => id)))
    const options = { ...optionsOf(), stopTexts: { texts, decode } }
    const beams = { count: 3, lengthPenalty: 1 }
    const found = await beamAnswersOf(await modelsOf(1, 6, 3), requests, options, beams)
    const reasons = new Set<string>()
    for (const { key, promptIds } of requests) {
      const expected = await searchPlainly(promptIds, 3, 1, [], 1, texts)
      if (expected === null) continue
      expect(idsOf(found.get(key)), `request ${key}`).toEqual(expected)
      const reason = texts.some(text => decode(expected).includes(text)) ? 'stop' : 'length'
      expect(found.get(key)!.finishReason).toBe(reason)
      reasons.add(reason)
    }
    expect(reasons).toContain('stop')
  })

  it('records raw numbers along the path, with a penalty too', async () => {
    const models = await modelsOf(1, 3, 3)
    const answers = await beamAnswersOf(models, requests, optionsOf([], 1.5), { count: 3, lengthPenalty: 1 })
    for (const { key, promptIds } of requests) {
      const { tokens } = answers.get(key)!
      const ids = tokens.map(({ id }) => id)
      for (const [step, token] of tokens.entries()) {
        const logprobs = await logprobsAfter([...promptIds, ...ids.slice(0, step)])
        expect(token.logprob).toBeCloseTo(logprobs[token.id]!, 4)
        expect(token.rank).toBe(logprobs.filter(one => one > logprobs[token.id]!).length)
        const entropy = -logprobs.reduce((sum, one) => sum + Math.exp(one) * one, 0)
        expect(token.entropyNats).toBeCloseTo(entropy, 4)
      }
    }
  })

  it.each([1, 2])('gives the same to the bit however many searches run at once, on %i ranks', async ranks => {
    for (const penalty of [undefined, 1.3]) {
      const options = optionsOf([5], penalty)
      const beams = { count: 3, lengthPenalty: 1 }
      const tokensOf = async (sequences: number) => {
        const answers = await beamAnswersOf(await modelsOf(ranks, sequences, 3, 1), requests, options, beams)
        return [...answers.values()].map(({ tokens }) => tokens)
      }
      expect(await tokensOf(11)).toEqual(await tokensOf(3))
    }
  })

  it('finds on three ranks what one finds', async () => {
    const search = async (ranks: number) => {
      const models = await modelsOf(ranks, 6, 3)
      const answers = await beamAnswersOf(models, requests, optionsOf([], 1.2), {
        count: 3,
        lengthPenalty: 1,
      })
      return [...answers.values()].map(idsOf)
    }
    expect(await search(3)).toEqual(await search(1))
  })

  it('reports what fails, and goes on', async () => {
    const models = await modelsOf(1, 3, 3)
    const asked = [{ key: 9, promptIds: [] }, ...requests]
    const answers = await beamAnswersOf(models, asked, optionsOf(), { count: 3, lengthPenalty: 1 })
    expect(answers.get(9)).toMatchObject({ finishReason: 'error', tokens: [] })
    expect(answers.size).toBe(requests.length + 1)
  })

  it('takes one submit and one synchronisation a step, and a dispatch more a layer where beams part', async () => {
    const [model] = await modelsOf(1, 3, 3)
    const rows = [0, 1, 2].map(slot => ({ tokenId: 1, position: 20, slot }))
    const scored = rows.map((_, row) => ({ row, sequence: 0, step: 1 }))
    const { counters } = model!.context.device
    const costOf = async (penalty: number, copies: { from: number; to: number; length: number }[]) => {
      const before = { ...counters }
      await model!.stepBeams(rows, scored, penalty, copies)
      return countersSince(before, counters)
    }
    const plain = await costOf(1, [])
    const copying = await costOf(1, [{ from: 0, to: 2, length: 20 }])
    expect(plain).toMatchObject({ submits: 1, synchronisations: 1 })
    expect(copying).toMatchObject({ submits: 1, synchronisations: 1 })
    expect(copying.dispatches - plain.dispatches).toBe(model!.config.layers)
    expect(await costOf(1.3, [])).toMatchObject({ submits: 3, synchronisations: 3 })
  })
})
