import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import type { TokenRecord } from '../../core/record/token.ts'
import { changedModel } from '../support/change-model.ts'
import { runEntrace } from '../support/run-entrace.ts'

const folder = mkdtempSync(join(tmpdir(), 'entrace-test-'))
afterAll(() => rmSync(folder, { recursive: true }))

interface Answer {
  formatVersion: string
  promptTokens: number
  finishReason: string
  text: string | null
  tokens: TokenRecord[]
  decoding: object
}

/** Runs `generate --json` to success. */
async function answer(model: string, ...flags: string[]): Promise<Answer> {
  const { exitCode, stdout, stderr } = await generateWith(model, ...flags, '--json')
  expect(exitCode, stderr).toBe(0)
  return JSON.parse(stdout)
}

const generateWith = (model: string, ...flags: string[]) =>
  runEntrace(['generate', '--model', model, '--adapter', 'cpu', ...flags])

const arith = 'models/arith-qwen2'
const tied = 'test/models/random-tied'
const problem =
  'Sara has 19 apples. Then Sara drops 10. What is the number of apples that Sara has at the end?'

describe('generate --json', () => {
  it('prints the tokens that the reference chooses, with every field of a token', async () => {
    const golden = JSON.parse(readFileSync('test/golden/arith-qwen2.json', 'utf8'))
    const [{ prompt_ids, steps }] = golden.sequences
    const found = await answer(arith, '--prompt-ids', prompt_ids.join(','), '--top-logprobs', '3')
    expect(Object.keys(found)).toEqual([
      ...['formatVersion', 'promptTokens', 'finishReason', 'text', 'tokens', 'decoding'],
    ])
    expect(found).toMatchObject({
      formatVersion: '1.0',
      promptTokens: prompt_ids.length,
      finishReason: 'stop',
    })
    expect(found.tokens.map(token => token.id)).toEqual(steps.map((step: { token: number }) => step.token))
    for (const token of found.tokens) {
      expect(Object.keys(token)).toEqual(
        expect.arrayContaining([
          ...['id', 'text', 'entropyNats', 'varentropy', 'logprob', 'margin', 'rank'],
          ...['topIds', 'topLogprobs', 'tailMass'],
        ]),
      )
      expect([token.topIds.length, token.topLogprobs.length, token.rank]).toEqual([3, 3, 0])
    }
    expect(found.text).toBe(
      found.tokens
        .slice(0, -1)
        .map(token => token.text)
        .join(''),
    )
    expect(found.tokens.at(-1)!.text).toBe('<|im_end|>')
  })

  it('answers token ids without a tokenizer, up to the limit where no token ends an answer', async () => {
    const found = await answer(
      tied,
      '--prompt-ids',
      '5, 6,7',
      '--max-new-tokens',
      '4',
      '--top-logprobs',
      '100',
    )
    expect(found).toMatchObject({ promptTokens: 3, finishReason: 'length', text: null })
    expect(found.tokens).toHaveLength(4)
    for (const { text, topIds, topLogprobs, tailMass } of found.tokens) {
      expect(text).toBeNull()
      expect(new Set(topIds).size).toBe(100)
      const mass = topLogprobs.reduce((sum, logprob) => sum + Math.exp(logprob), 0)
      expect(tailMass).toBeCloseTo(1 - mass, 12)
    }
  })

  it('samples by the seed, and reports the raw softmax', async () => {
    const flags = [
      '--prompt-ids',
      '5,6,7',
      '--max-new-tokens',
      '12',
      '--top-logprobs',
      '100',
      '--temperature',
      '2',
    ]
    const [one, again, other] = (await Promise.all(
      ['1', '1', '2'].map(seed => answer(tied, ...flags, '--seed', seed)),
    )) as [Answer, Answer, Answer]
    expect(again).toEqual(one)
    expect(other.tokens.map(token => token.id)).not.toEqual(one.tokens.map(token => token.id))
    const sampled = [...one.tokens, ...other.tokens]
    expect(sampled.filter(token => token.rank > 0).length).toBeGreaterThan(5)
    const listed = sampled.filter(token => token.rank < 100)
    expect(listed.length).toBeGreaterThan(5)
    for (const { id, rank, logprob, topIds, topLogprobs } of listed) {
      expect(topIds[rank]).toBe(id)
      expect(topLogprobs[rank]).toBe(logprob)
    }
    for (const { id, rank, topIds } of sampled) if (rank >= 100) expect(topIds).not.toContain(id)
  })

  it('filters and penalises as it is told, and says how it decoded', async () => {
    const flags = [
      ...['--prompt-ids', '5,6,7', '--max-new-tokens', '20', '--temperature', '50', '--seed', '4'],
      ...['--top-k', '4294967301', '--top-p', '0.9', '--min-p', '0.9', '--repetition-penalty', '1.5'],
    ]
    const [wide, narrow] = await Promise.all([
      answer(tied, ...flags),
      answer(tied, ...flags, '--top-k', '6', '--top-p', '0.6'),
    ])
    // At temperature 50 all tokens are nearly alike: of 6, 4 have a share of 0.6. What is penalised moves within these.
    expect(new Set(narrow!.tokens.map(({ rank }) => rank)).size).toBeGreaterThan(2)
    for (const { rank, processedEntropyNats } of narrow!.tokens) {
      expect(rank).toBeLessThan(30)
      expect(processedEntropyNats).toBeCloseTo(Math.log(4), 2)
    }
    // A bound beyond the vocabulary is none.
    expect(Math.max(...wide!.tokens.map(({ rank }) => rank))).toBeGreaterThan(100)
    expect(narrow!.decoding).toEqual({
      ...{ temperature: 50, topK: 6, topP: 0.6, minP: 0.9, repetitionPenalty: 1.5 },
      ...{ numBeams: 1, lengthPenalty: null, maxNewTokens: 20, seed: 4 },
    })
  })

  it('has no filter with --top-k 0 or -1, with and without one in the file', async () => {
    const flags = ['--prompt-ids', '5,6,7', '--max-new-tokens', '1']
    const plain = await answer(tied, ...flags, '--temperature', '2')
    const asking = changedModel(folder, tied, file =>
      writeFileSync(file('generation_config.json'), '{"do_sample": true, "temperature": 2}'),
    )
    const filtered = await answer(asking, ...flags, '--generation-config')
    expect(filtered.decoding).toMatchObject({ temperature: 2, topK: 50, topP: null })
    for (const none of ['0', '-1']) {
      expect(await answer(tied, ...flags, '--temperature', '2', '--top-k', none)).toEqual(plain)
      expect((await answer(tied, ...flags, '--top-k', none)).decoding).toMatchObject({
        temperature: 0,
        topK: null,
      })
      expect(await answer(asking, ...flags, '--generation-config', '--top-k', none)).toEqual(plain)
    }
  })

  it('finds by beams what is likelier than what the likeliest tokens lead to', async () => {
    const flags = ['--prompt-ids', '5,6,7', '--max-new-tokens', '4']
    const [greedy, beams] = await Promise.all([
      answer(tied, ...flags),
      answer(tied, ...flags, '--num-beams', '4', '--length-penalty', '0'),
    ])
    const logprobOf = ({ tokens }: Answer) => tokens.reduce((sum, { logprob }) => sum + logprob, 0)
    expect(logprobOf(beams!)).toBeGreaterThan(logprobOf(greedy!) + 0.01)
    expect(beams!.decoding).toMatchObject({ temperature: 0, numBeams: 4, lengthPenalty: 0 })
  })
})

describe('generate', () => {
  it('writes the text to standard output and a summary to standard error', async () => {
    const { exitCode, stdout, stderr } = await generateWith(arith, '--prompt', problem)
    expect([exitCode, stdout]).toEqual([0, '19 - 10 = 9. The answer is \\boxed{9}.\n'])
    expect(stderr).toMatch(
      /^\d+ tokens after \d+ of prompt, stop; entropy mean \d\.\d{4}, max \d\.\d{4} nats; .* tokens\/s\ndecoding: greedy, at most 96 new tokens$/m,
    )
  })

  it('writes the same text with --quiet, and nothing else', async () => {
    const { stdout, stderr } = await generateWith(arith, '--prompt', problem, '--quiet')
    expect([stdout, stderr]).toEqual(['19 - 10 = 9. The answer is \\boxed{9}.\n', ''])
  })

  it('writes as it goes what it returns as text, characters that are split over tokens included', async () => {
    // Hot enough to choose tokens that hold single bytes of characters.
    const flags = ['--prompt', problem, '--temperature', '90', '--max-new-tokens', '60', '--seed', '3']
    const { text, tokens } = await answer(arith, ...flags)
    expect(tokens.filter(token => token.text === '\uFFFD').length).toBeGreaterThan(3)
    const { stdout } = await generateWith(arith, ...flags)
    expect(stdout).toBe(`${text}\n`)
  })

  it('writes ids where there is no tokenizer', async () => {
    const { stdout } = await generateWith(tied, '--prompt-ids', '5,6,7', '--max-new-tokens', '3')
    expect(stdout).toMatch(/^\d+ \d+ \d+ \n$/)
  })
})
