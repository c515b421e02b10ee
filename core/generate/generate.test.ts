import { describe, expect, it } from 'vitest'
import { addingConfig, addingModel as addingModelOf, poison } from '../../test/support/adding-model.ts'
import {
  type GenerateOptions,
  type Generation,
  generate,
  rejectionReason,
  type SequenceRequest,
  type SteppedModel,
} from './generate.ts'

/** What an adding model answers, computed without it. */
function expectedIds(promptIds: readonly number[], maxNewTokens: number, stopId: number): number[] {
  const all = [...promptIds]
  const answer: number[] = []
  while (answer.length < maxNewTokens && answer.at(-1) !== stopId) {
    const id = all.reduce((a, b) => a + b, 0) % 60
    answer.push(id)
    all.push(id)
  }
  return answer
}

const stopId = 8
const options: GenerateOptions = {
  maxNewTokens: 7,
  stopIds: new Set([stopId]),
  sampling: { temperature: 0, seed: 0 },
  topLogprobs: 2,
  tokenText: null,
}

/** Prompts of many lengths, some of which run into the stop token. */
const requests: SequenceRequest[] = Array.from({ length: 23 }, (_, key) => ({
  key,
  promptIds: Array.from({ length: 1 + ((key * 7) % 20) }, (_, i) => (key * 13 + i * 5) % 60),
}))

async function answersOf(
  model: SteppedModel,
  asked: Iterable<SequenceRequest>,
  changed: Partial<GenerateOptions> = {},
) {
  const answers = new Map<number, { ids: number[]; finishReason: string; error: string | null }>()
  for await (const { request, generation } of generate(model, asked, { ...options, ...changed })) {
    expect(answers.has(request.key), 'answered once').toBe(false)
    const { tokens, finishReason, error } = generation
    answers.set(request.key, { ids: tokens.map(token => token.id), finishReason, error })
  }
  return answers
}

describe.each([1, 2])('generate with %i steps in flight', stepsInFlight => {
  const addingModel = (room: Parameters<typeof addingModelOf>[0]) => addingModelOf({ ...room, stepsInFlight })

  it.each([
    [1, 16],
    [3, 16],
    [5, 6],
    [23, 23],
    [40, 64],
  ])('answers every request alike with %i slots and %i rows a step', async (sequences, maxRows) => {
    const { model } = addingModel({ sequences, maxRows })
    const answers = await answersOf(model, requests)
    expect(answers.size).toBe(requests.length)
    for (const { key, promptIds } of requests) {
      const ids = expectedIds(promptIds, 7, stopId)
      expect(answers.get(key)).toEqual({
        ids,
        finishReason: ids.at(-1) === stopId ? 'stop' : 'length',
        error: null,
      })
    }
    const reasons = new Set([...answers.values()].map(answer => answer.finishReason))
    expect(reasons).toEqual(new Set(['stop', 'length']))
  })

  it.each([
    [1, 16, undefined],
    [4, 7, undefined],
    [23, 64, 12],
  ])(
    'says of every token of a prompt what the model said before it, with %i slots and %i rows a step',
    async (sequences, maxRows, originalContext) => {
      const { model } = addingModel({ sequences, maxRows, ...(originalContext && { originalContext }) })
      const scored = requests.map(request => ({ ...request, scoresPrompt: request.key % 3 > 0 }))
      let compared = 0
      for await (const { request, generation } of generate(model, scored, {
        ...options,
        tokenText: String,
      })) {
        const { promptIds } = request
        const expected = promptIds.map((id, at) => {
          const likeliest = promptIds.slice(0, at).reduce((sum, one) => sum + one, 0) % 60
          const place = [likeliest, likeliest + 1].indexOf(id)
          const logit = [0, 1, 0.5][place + 1]!
          const says = {
            logprob: logit - 1 - Math.log(2),
            entropyNats: likeliest / 10,
            rank: place === -1 ? 2 : place,
          }
          const nothing = { logprob: null, entropyNats: null, rank: null }
          return { id, text: String(id), ...(at === 0 ? nothing : says) }
        })
        expect(generation.prompt).toEqual(request.scoresPrompt ? expected : undefined)
        compared += generation.prompt?.length ?? 0
      }
      expect(compared).toBeGreaterThan(100)
    },
  )

  it('says nothing of a token of a prompt behind which logits are not finite, and asks for no prompt that nobody wants', async () => {
    const { model } = addingModel({ sequences: 1 })
    const asked = [{ key: 0, promptIds: [1, poison, 3], scoresPrompt: true }]
    for await (const { generation } of generate(model, asked, options))
      expect(generation.prompt!.map(({ rank }) => rank)).toEqual([null, 2, null])
    const refusing: SteppedModel = {
      ...model,
      scoreKnown: () => Promise.reject(new Error('asked for a prompt')),
    }
    expect((await answersOf(refusing, requests)).size).toBe(requests.length)
  })

  it('begins with forced tokens, recorded as the model scores them, and goes on from there', async () => {
    const { model } = addingModel({ sequences: 3 })
    const forced: SequenceRequest[] = [
      { key: 0, promptIds: [3, 4], forcedIds: [9, 20] },
      { key: 1, promptIds: [3, 4] },
      { key: 2, promptIds: [3, 4], forcedIds: [stopId] },
    ]
    const answers = new Map<number, Generation>()
    for await (const { request, generation } of generate(model, forced, options))
      answers.set(request.key, generation)
    const idsOf = (key: number) => answers.get(key)!.tokens.map(token => token.id)
    expect(idsOf(0)).toEqual([9, 20, ...expectedIds([3, 4, 9, 20], 5, stopId)])
    expect(idsOf(1)).toEqual(expectedIds([3, 4], 7, stopId))
    expect([idsOf(2), answers.get(2)!.finishReason]).toEqual([[stopId], 'stop'])
    // After 3 and 4 the model would have said 7, and next 8; 9 is neither.
    const [first, second] = answers.get(0)!.tokens
    expect(first).toMatchObject({ rank: 2, entropyNats: 0.7, topIds: [7, 8] })
    expect(first!.logprob).toBeCloseTo(0 - 1 - Math.log(2))
    expect(second).toMatchObject({ rank: 2, topIds: [16, 17] })
    expect(answers.get(2)!.tokens[0]).toMatchObject({ rank: 1 })
    const refused = await answersOf(model, [{ key: 0, promptIds: [1], forcedIds: [100] }])
    expect(refused.get(0)!.error).toContain('token id 100 is not in the vocabulary')
  })

  it('ends at a text, spread over tokens or a part of one, whatever runs beside', async () => {
    // Each token is two characters of text.
    const decode = (ids: readonly number[]) => ids.map(id => `${Math.floor(id / 10)}${id % 10}`).join('')
    const stopTexts = { texts: ['4', '1223'], decode }
    const found = []
    for (const sequences of [1, 3, 23])
      found.push(await answersOf(addingModel({ sequences }).model, requests, { stopTexts }))
    for (const answers of found)
      for (const { key, promptIds } of requests) {
        const all = expectedIds(promptIds, 7, stopId)
        const end = all.findIndex((_, i) =>
          stopTexts.texts.some(stop => decode(all.slice(0, i + 1)).includes(stop)),
        )
        const ids = end === -1 ? all : all.slice(0, end + 1)
        const isStopped = end !== -1 || all.at(-1) === stopId
        expect(answers.get(key)).toEqual({ ids, finishReason: isStopped ? 'stop' : 'length', error: null })
      }
    expect(
      [...found[0]!.values()].filter(({ ids }) => ids.length < 7 && ids.at(-1) !== stopId).length,
    ).toBeGreaterThan(3)
  })

  it('ends at a text that begins in what the prompt holds of the answer', async () => {
    const decode = (ids: readonly number[]) => String.fromCodePoint(...ids.map(id => 65 + id))
    const [first = 0, second = 0] = expectedIds([2, 3], 7, stopId)
    const stopTexts = { texts: [decode([3, first, second])], decode }
    const { model } = addingModel({ sequences: 1 })
    const ends = async (begunIds: number[]) =>
      (await answersOf(model, [{ key: 0, promptIds: [2, 3], begunIds }], { stopTexts })).get(0)!.ids.length
    expect([await ends([3]), await ends([])]).toEqual([2, 7])
  })

  it('asks about an answer without what stopped it', async () => {
    const decode = (ids: readonly number[]) => String.fromCodePoint(...ids.map(id => 65 + id))
    const [first = 0, second = 0, third = 0] = expectedIds([2, 3], 7, stopId)
    const { model, steps } = addingModel({ sequences: 1 })
    const asked = [{ key: 0, promptIds: [2, 3], followUp: { before: [50], after: [51] } }]
    await answersOf(model, asked, { stopTexts: { texts: [decode([second, third])], decode } })
    expect(steps.at(-1)!.rows.map(row => row.tokenId)).toEqual([50, first, 51])
  })

  it('answers alike in any order', async () => {
    const inOrder = await answersOf(addingModel({ sequences: 4 }).model, requests)
    const reversed = await answersOf(addingModel({ sequences: 4 }).model, requests.toReversed())
    expect(new Map([...reversed].sort(([a], [b]) => a - b))).toEqual(
      new Map([...inOrder].sort(([a], [b]) => a - b)),
    )
  })

  it('gives a slot that falls free to the next request in the first step that is submitted then', async () => {
    const { model, steps } = addingModel({ sequences: 2, maxRows: 64 })
    await answersOf(model, requests)
    const running = steps.map(({ rows }) => new Set(rows.map(row => row.slot)).size)
    const idle = running.slice(0, -7).map(count => count < 2)
    for (let first = 0; first + stepsInFlight <= idle.length; first++)
      expect(idle.slice(first, first + stepsInFlight)).toContain(false)
    const prompts = steps.flatMap(({ rows }) => rows.filter(row => row.position === 0))
    expect(prompts).toHaveLength(requests.length)
  })

  it('asks for a request only when there is a slot for it', async () => {
    let asked = 0
    function* lazily() {
      for (const request of requests) {
        asked++
        yield request
      }
    }
    const first = await generate(addingModel({ sequences: 3 }).model, lazily(), options).next()
    expect(first.done).toBe(false)
    expect(asked).toBeLessThanOrEqual(4)
  })

  it('feeds a prompt longer than a step in pieces, and decodes others meanwhile', async () => {
    const { model, steps } = addingModel({ sequences: 2, maxRows: 4 })
    const long = { key: 1, promptIds: Array.from({ length: 11 }, (_, i) => i) }
    const answers = await answersOf(model, [long, { key: 0, promptIds: [1] }])
    expect(answers.get(1)!.ids).toEqual(expectedIds(long.promptIds, 7, stopId))
    // One row decodes and three read the prompt: 3 + 3 + 3 + 2.
    expect(steps.slice(0, 4).map(({ rows }) => rows.length)).toEqual([4, 4, 4, 3])
    expect(steps.slice(0, 4).map(({ scored }) => scored.length)).toEqual([1, 1, 1, 2])
  })

  it('feeds at most so many rows of one sequence a step, and more of several', async () => {
    const { model, steps } = addingModel({ sequences: 3, maxRows: 16, maxSequenceRows: 5 })
    const long = [0, 1, 2].map(key => ({ key, promptIds: Array.from({ length: 12 }, (_, i) => key + i) }))
    const answers = await answersOf(model, long)
    for (const { key, promptIds } of long)
      expect(answers.get(key)!.ids).toEqual(expectedIds(promptIds, 7, stopId))
    expect(steps.slice(0, 3).map(({ rows }) => rows.length)).toEqual([15, 15, 6])
  })

  it.each([
    [1, 16],
    [4, 7],
    [23, 64],
  ])(
    'runs a sequence that outgrows the original context again, %i slots and %i rows a step',
    async (sequences, maxRows) => {
      // Prompts of 1 to 20 tokens, answers of up to 7: some stay below, some begin beyond, most cross.
      const { model, steps } = addingModel({ sequences, maxRows, originalContext: 12 })
      const answers = await answersOf(model, requests)
      for (const { key, promptIds } of requests)
        expect(answers.get(key)!.ids).toEqual(expectedIds(promptIds, 7, stopId))
      const rows = steps.flatMap(step => step.rows)
      const tokens = (promptIds: readonly number[]) =>
        promptIds.length + expectedIds(promptIds, 7, stopId).length - 1
      const expected = requests.reduce((sum, { promptIds }) => {
        const crosses = promptIds.length <= 12 && tokens(promptIds) > 12
        return sum + tokens(promptIds) + (crosses ? 12 : 0)
      }, 0)
      expect(new Set(rows.map(row => row.isLong))).toEqual(new Set([true, false]))
      let wasted = 0
      for (const key of requests.keys()) {
        const { ids, finishReason } = answers.get(key)!
        const numbers = steps.flatMap(({ scored }) =>
          scored.filter(row => row.sequence === key).map(row => row.step),
        )
        const most = finishReason === 'stop' ? stepsInFlight - 1 : 0
        expect(numbers).toEqual([...numbers.keys()])
        expect(numbers.length).toBeGreaterThanOrEqual(ids.length)
        expect(numbers.length).toBeLessThanOrEqual(ids.length + most)
        wasted += numbers.length - ids.length
      }
      expect(rows).toHaveLength(expected + wasted)
    },
  )

  it('numbers steps within a sequence, and passes its key', async () => {
    const { model, steps } = addingModel({ sequences: 2 })
    await answersOf(model, [
      { key: 70, promptIds: [1, 2] },
      { key: 90, promptIds: [3] },
    ])
    for (const key of [70, 90]) {
      const numbers = steps.flatMap(({ scored }) =>
        scored.filter(row => row.sequence === key).map(row => row.step),
      )
      expect(numbers).toEqual([0, 1, 2, 3, 4, 5, 6])
    }
  })

  it('ends at the context, prompt and answer together', async () => {
    const { model } = addingModel({ sequences: 1, capacity: 12 })
    const promptIds = Array.from({ length: 9 }, () => 1)
    const answer = (await answersOf(model, [{ key: 0, promptIds }])).get(0)!
    expect(answer).toMatchObject({ finishReason: 'length' })
    expect(answer.ids).toHaveLength(3)
  })

  it('reports a sequence that fails, and leaves the others as they are', async () => {
    const failing = { key: 99, promptIds: [poison - 8, 8, poison] }
    const { model } = addingModel({ sequences: 3 })
    const answers = await answersOf(model, [...requests.slice(0, 5), failing, ...requests.slice(5)])
    expect(answers.get(99)).toEqual({
      ids: [],
      finishReason: 'error',
      error: expect.stringMatching(/^3 of 100 logits are not finite after token 3 of the sequence/),
    })
    for (const { key, promptIds } of requests)
      expect(answers.get(key)!.ids).toEqual(expectedIds(promptIds, 7, stopId))
  })

  it('reports a request that cannot be run, without a step', async () => {
    const { model, steps } = addingModel({ sequences: 1 })
    const answers = await answersOf(model, [
      { key: 0, promptIds: [] },
      { key: 1, promptIds: Array(64).fill(1) },
      { key: 2, promptIds: [5, 100] },
    ])
    expect([...answers.values()].map(answer => answer.finishReason)).toEqual(['error', 'error', 'error'])
    expect(steps).toEqual([])
  })

  it('stops between two steps when its signal aborts, and drops what is unfinished', async () => {
    const controller = new AbortController()
    const { model, steps } = addingModel({ sequences: 2 })
    let tokens = 0
    const onToken = () => {
      if (++tokens === 10) controller.abort()
    }
    const answers = await answersOf(model, requests, {
      shouldStop: () => controller.signal.aborted,
      stopIds: new Set(),
      onToken,
    })
    expect(steps).toHaveLength(5 + stepsInFlight - 1)
    expect(answers.size).toBe(0)
  })

  it('leaves no step unread, whoever ends it', async () => {
    const { model, order } = addingModel({ sequences: 2 })
    const onToken = () => {
      throw new Error('mine')
    }
    await expect(answersOf(model, requests, { onToken })).rejects.toThrow('mine')
    for await (const _ of generate(model, requests, options)) break
    const count = (what: string) => order.filter(one => one.startsWith(what)).length
    expect(count('submit')).toBeGreaterThan(2)
    expect(count('read')).toBe(count('submit'))
  })

  it('runs to the limit without stop tokens, and gives each token its text', async () => {
    const { model } = addingModel({ sequences: 1 })
    const generator = generate(model, [{ key: 0, promptIds: [8] }], {
      ...options,
      stopIds: new Set(),
      tokenText: id => `<${id}>`,
    })
    const { value } = await generator.next()
    const { generation } = value as { generation: Generation }
    expect(generation).toMatchObject({ finishReason: 'length', error: null })
    expect(generation.tokens.map(token => token.text)).toEqual(
      generation.tokens.map(token => `<${token.id}>`),
    )
    expect(generation.tokens).toHaveLength(7)
  })
})

describe('two steps in flight', () => {
  const endless = { stopIds: new Set<number>() }
  const inFlight = (order: string[]) => {
    let count = 0
    return order.map(what => (count += what.startsWith('submit') ? 1 : -1))
  }
  const pairs = (steps: number) => [1, ...Array.from({ length: steps - 1 }, () => [2, 1]).flat(), 0]

  it('are in flight from the first to the last, and none is wasted where the limit or the context ends the answer', async () => {
    const limited = addingModelOf({ sequences: 1, stepsInFlight: 2 })
    await answersOf(limited.model, [{ key: 0, promptIds: [8] }], endless)
    expect(inFlight(limited.order)).toEqual(pairs(7))
    const full = addingModelOf({ sequences: 1, stepsInFlight: 2, capacity: 12 })
    await answersOf(full.model, [{ key: 0, promptIds: Array(9).fill(1) }], endless)
    expect(inFlight(full.order)).toEqual(pairs(3))
  })

  it('waste one row of a sequence that a token ends, and keep the others two in flight', async () => {
    const promptIds = [1]
    const { ids } = (await answersOf(addingModelOf({ sequences: 1 }).model, [{ key: 0, promptIds }])).get(0)!
    expect(ids).toEqual([1, 2, 4, stopId])
    const { model, steps, order } = addingModelOf({ sequences: 2, stepsInFlight: 2 })
    const answers = await answersOf(model, [
      { key: 0, promptIds },
      { key: 1, promptIds: [3, 4] },
    ])
    expect(answers.get(0)!.ids).toEqual(ids)
    expect(steps.map(({ rows }) => rows.length)).toEqual([3, 2, 2, 2, 2, 1, 1])
    expect(inFlight(order)).toEqual(pairs(7))
  })

  it('are one where the host has to see it first, and two again behind it', async () => {
    const { model, order } = addingModelOf({ sequences: 1, stepsInFlight: 2 })
    await answersOf(model, [{ key: 0, promptIds: [3, 4], forcedIds: [9, 20] }], endless)
    // Two tokens that are forced; then five that are chosen.
    expect(inFlight(order)).toEqual([1, 0, 1, 0, ...pairs(5)])
    const asking = addingModelOf({ sequences: 1, stepsInFlight: 2 })
    const followUp = { before: [50], after: [51] }
    await answersOf(asking.model, [{ key: 0, promptIds: [3, 4], followUp }], { ...endless, watchIds: [5] })
    expect(inFlight(asking.order)).toEqual([...pairs(7), 1, 0])
    const scoring = addingModelOf({ sequences: 1, stepsInFlight: 2, maxRows: 4 })
    // The last piece of the prompt holds its last token only, of which the step before has said all.
    await answersOf(scoring.model, [{ key: 0, promptIds: Array(9).fill(1), scoresPrompt: true }], endless)
    expect(inFlight(scoring.order)).toEqual([1, 0, 1, 0, ...pairs(7)])
  })

  it('are one while a sequence crosses into the long factors', async () => {
    const { model, order } = addingModelOf({ sequences: 1, stepsInFlight: 2, originalContext: 4 })
    await answersOf(model, [{ key: 0, promptIds: [8, 1] }], endless)
    // Three tokens by the short factors, of which the last makes it long; four by the long ones.
    expect(inFlight(order)).toEqual([...pairs(3), ...pairs(4)])
  })
})

describe('rejectionReason', () => {
  it.each([
    [[], /the prompt is empty/],
    [Array(64).fill(1), /the prompt has 64 tokens, expected fewer than the context's 64/],
    [[1, 100], /token id 100 is not in the vocabulary, expected 0 to 99/],
    [[-1], /token id -1 /],
    [[1.5], /token id 1\.5 /],
  ])('says what is wrong with %j', (promptIds, message) => {
    expect(rejectionReason({ key: 0, promptIds }, addingConfig)).toMatch(message)
  })

  it('finds nothing wrong with the longest prompt and the highest id', () => {
    expect(rejectionReason({ key: 0, promptIds: Array(63).fill(99) }, addingConfig)).toBeNull()
  })
})
