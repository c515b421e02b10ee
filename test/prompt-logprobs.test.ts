import { afterAll, beforeAll, expect, it } from 'vitest'
import { beamCandidates } from '../core/generate/beam-search.ts'
import type { GenerateOptions, SequenceRequest } from '../core/generate/generate.ts'
import type { PromptToken } from '../core/record/prompt-token.ts'
import type { Device } from '../kernels/gpu/device.ts'
import { answersOf, beamAnswersOf, loadMesh, openDevices } from './support/decoding-mesh.ts'
import { expectClose } from './support/expect-close.ts'

const folder = 'test/models/random-two-files'
const options: GenerateOptions = {
  maxNewTokens: 6,
  stopIds: new Set(),
  sampling: { temperature: 1.5, seed: 3 },
  topLogprobs: 3,
  tokenText: null,
}
const greedy = { ...options, maxNewTokens: 1, sampling: { temperature: 0, seed: 0 } }
const asked: SequenceRequest[] = [3, 1, 70, 5, 2].map((length, key) => ({
  key,
  promptIds: Array.from({ length }, (_, i) => (key * 31 + i * 7) % 257),
}))

const opened: Device[] = []
/** Each prompt with the answer behind it, and of each of that answer's tokens what was recorded when it was drawn. */
const prompts: SequenceRequest[] = []
const drawn: Pick<PromptToken, 'id' | 'logprob' | 'entropyNats' | 'rank'>[][] = []
const room = { sequences: 2, capacity: 100, topK: 3 }
const modelsOf = (ranks: number, changed: object) =>
  loadMesh(opened.slice(0, ranks), folder, { ...room, ...changed })
const known = (tokens: readonly PromptToken[]) => tokens.filter(({ logprob }) => logprob !== null)

async function promptsOf(models: Awaited<ReturnType<typeof modelsOf>>, requests = prompts) {
  const answers = await answersOf(models, requests, greedy)
  return requests.map(({ key }) => answers.get(key)!.prompt!)
}

beforeAll(async () => {
  opened.push(...(await openDevices(3)))
  const answers = await answersOf(await modelsOf(1, {}), asked, options)
  for (const { key, promptIds } of asked) {
    const { tokens } = answers.get(key)!
    drawn.push(tokens.map(({ id, logprob, entropyNats, rank }) => ({ id, logprob, entropyNats, rank })))
    prompts.push({ key, promptIds: [...promptIds, ...tokens.map(({ id }) => id)], scoresPrompt: true })
  }
})
afterAll(() => {
  for (const device of opened) device.destroy()
})

it('says of a token in a prompt, to the bit, what was said of it when it was drawn', async () => {
  const found = await promptsOf(await modelsOf(1, {}))
  for (const [index, { promptIds }] of prompts.entries()) {
    expect(found[index]!.map(({ id }) => id)).toEqual(promptIds)
    expect(found[index]![0]).toEqual({
      id: promptIds[0],
      text: null,
      logprob: null,
      entropyNats: null,
      rank: null,
    })
    const own = found[index]!.slice(-options.maxNewTokens).map(({ text: _, ...token }) => token)
    expect(own).toEqual(drawn[index])
  }
  expect(
    drawn.flat().filter(({ rank }) => rank! > 3).length,
    'tokens that are not among the largest',
  ).toBeGreaterThan(5)
})

it('says the same to the bit in any company and in pieces of any size', async () => {
  const expected = await promptsOf(await modelsOf(1, {}))
  for (const limits of [{ sequences: 1 }, { sequences: 5, promptRows: 3 }, { sequences: 3, promptRows: 64 }])
    expect(await promptsOf(await modelsOf(1, limits))).toEqual(expected)
  const wanted = prompts.map((request, index) =>
    index % 2 === 0 ? request : { ...request, scoresPrompt: false },
  )
  const found = await promptsOf(await modelsOf(1, { sequences: 5 }), wanted)
  expect(found).toEqual(expected.map((tokens, index) => (index % 2 === 0 ? tokens : undefined)))
})

it('says the same over ranks that share the vocabulary, and before a search with beams', async () => {
  const expected = await promptsOf(await modelsOf(1, {}))
  const apart = await promptsOf(await modelsOf(3, { promptRows: 7 }))
  for (const name of ['logprob', 'entropyNats'] as const)
    for (const [index, tokens] of apart.entries())
      expectClose(
        name,
        known(tokens).map(token => token[name]!),
        known(expected[index]!).map(token => token[name]!),
        { absolute: 5e-5, relative: 0 },
      )
  const ranksOf = (all: PromptToken[][]) => all.flat().map(({ rank }) => rank)
  const moved = ranksOf(apart).filter((rank, at) => Math.abs((rank ?? 0) - (ranksOf(expected)[at] ?? 0)) > 1)
  expect(moved, 'ranks beyond a near tie').toEqual([])
  const beams = { count: 2, lengthPenalty: 1 }
  const models = await modelsOf(1, { sequences: 4, topK: beamCandidates(2, 0) })
  const searched = await beamAnswersOf(models, prompts, greedy, beams)
  expect(prompts.map(({ key }) => searched.get(key)!.prompt)).toEqual(expected)
})
