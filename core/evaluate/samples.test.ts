import fc from 'fast-check'
import { expect, test } from 'vitest'
import { traceToken } from '../../test/support/trace-sample.ts'
import type { Generation } from '../generate/generate.ts'
import { defaultGradingRules } from '../grade/grading-rules.ts'
import type { ChatMessage, Tokenizer } from '../tokenizer/tokenizer.ts'
import type { Problem } from './problem.ts'
import { planSamples, recordSample } from './samples.ts'

/** A tokenizer of characters, with a plain template. */
const characters: Tokenizer = {
  encode: text => Array.from(text, character => character.codePointAt(0)!),
  decode: ids => String.fromCodePoint(...ids),
  tokenText: id => String.fromCodePoint(id),
  renderChat: (messages: readonly ChatMessage[]) =>
    messages.map(({ role, content }) => `${role}: ${content}\n`).join(''),
  encodeChat: messages => characters.encode(characters.renderChat(messages)),
  encodeRaw: text => [2, ...characters.encode(text)],
  takesSystemMessage: () => true,
  unreadArguments: () => [],
  vocabularySize: 0x110000,
}
const problemsOf = (count: number): Problem[] =>
  Array.from({ length: count }, (_, index) => ({
    id: `p${index}`,
    problem: `${index} + 1?`,
    expectedAnswer: String(index + 1),
    solution: null,
    metadata: {},
  }))

test('the shards of a run are the whole run, task for task, and of like size', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 40 }),
      fc.integer({ min: 1, max: 12 }),
      fc.integer({ min: 1, max: 3 }),
      (size, count, samples) => {
        const problems = problemsOf(size)
        const parts = Array.from({ length: count }, (_, part) =>
          planSamples(problems, characters, { samples, shard: { index: part + 1, count } }),
        )
        const joined = parts.flat().sort((a, b) => a.key - b.key)
        expect(joined).toEqual(planSamples(problems, characters, { samples }))
        const sizes = parts.map(part => part.length)
        expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(samples)
      },
    ),
  )
})

test('the prompt is the rendered conversation, with its ids', () => {
  const prompt = { systemPrompt: 'Add.', examples: [{ problem: '2 + 2?', solution: '4', answer: '4' }] }
  const [task] = planSamples(problemsOf(1), characters, { prompt })
  expect(task!.prompt).toBe('system: Add.\nuser: 2 + 2?\nassistant: 4\nuser: 0 + 1?\n')
  expect(characters.decode(task!.promptIds)).toBe(task!.prompt)
})

test('a raw prompt is the problem as it stands behind its examples, with what begins a sequence', () => {
  const examples = [{ problem: '2 + 2?', solution: '4', answer: '4' }]
  const [alone] = planSamples(problemsOf(1), characters, { prompt: { raw: true } })
  expect(alone).toMatchObject({ prompt: '0 + 1?', promptIds: [2, ...characters.encode('0 + 1?')] })
  const [behind] = planSamples(problemsOf(1), characters, { prompt: { raw: true, examples } })
  expect(behind!.prompt).toBe('2 + 2?\n4\n\n0 + 1?')
})

test('a sample keeps the worked solution beside the further columns of the data set', () => {
  const problem = { ...problemsOf(1)[0]!, solution: '0 + 1 = 1.', metadata: { level: 2 } }
  const [task, plain] = [problem, problemsOf(1)[0]!].flatMap(of => planSamples([of], characters))
  const record = (of: typeof task) =>
    recordSample(
      of!,
      { finishReason: 'stop', error: null, durationMs: 1, tokens: [] },
      characters,
      defaultGradingRules,
    )
  expect(record(task).metadata).toEqual({ level: 2, solution: '0 + 1 = 1.' })
  expect(record(plain).metadata).toEqual({})
})

test('a sample has the text of every token that was likely or chosen', async () => {
  const [task] = planSamples(problemsOf(1), characters)
  const tokens = [traceToken(65, 'A'), traceToken(66, 'B')]
  const generation: Generation = { finishReason: 'stop', error: null, durationMs: 1, tokens }
  const { topTexts } = await recordSample(task!, generation, characters, defaultGradingRules)
  expect(topTexts).toEqual({ 67: 'C', 68: 'D' })
})
