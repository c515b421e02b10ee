import { execFileSync } from 'node:child_process'
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  type AnswerOptions,
  analyse,
  generate,
  gradeAnswer,
  InputError,
  loadModel,
  type Model,
  openAdapter,
  openRun,
  type Prompt,
  type TokenRecord,
} from '../index.ts'
import { openDevice } from '../kernels/gpu/device.ts'
import { runEntrace } from './support/run-entrace.ts'
import { readResults, readRunFile } from './support/run-files.ts'

const folder = mkdtempSync(join(tmpdir(), 'entrace-test-'))
afterAll(() => rmSync(folder, { recursive: true }))
const problems = readFileSync('datasets/arith-104.jsonl', 'utf8')
  .split('\n')
  .slice(0, 4)
  .map(line => JSON.parse(line) as { id: number; problem: string; answer: string; level: number })
const idsOf = (tokens: readonly TokenRecord[]) => tokens.map(({ id }) => id)

describe('the front door', () => {
  it('loads neither Dawn nor a tokenizer when it is imported, and grades and opens runs without an adapter', () => {
    const script = `
      import { registerHooks } from 'node:module'
      const loaded = []
      registerHooks({ resolve(name, context, next) { loaded.push(name); return next(name, context) } })
      const { gradeAnswer, openRun } = await import('./index.ts')
      const { equal } = gradeAnswer('The answer is 7.', '7')
      const run = await openRun('test/golden/run-0.1.0')
      const { tokens } = await run.readSample(0)
      await run.close()
      const packages = loaded.filter(name => !/^(\\.|node:|file:)/.test(name))
      console.log(JSON.stringify({ equal, samples: run.count, tokens: tokens.tokenId.length, packages }))`
    const args = ['--import', './node-runner/wgsl-loader.mjs', '--input-type=module', '--eval', script]
    const env = { ...process.env, VK_DRIVER_FILES: '/nowhere', VK_ICD_FILENAMES: '/nowhere' }
    const found = JSON.parse(execFileSync(process.execPath, args, { encoding: 'utf8', env }))
    expect(found).toMatchObject({ equal: true, samples: 2 })
    expect(found.tokens).toBe(8)
    expect(found.packages).toContain('zod')
    expect(found.packages.filter((name: string) => /^(webgpu|@huggingface\/)/.test(name))).toEqual([])
  })

  describe('with a model', () => {
    let model: Model
    const run = join(folder, 'run')
    beforeAll(async () => {
      const dataSet = join(folder, 'problems.jsonl')
      writeFileSync(dataSet, problems.map(problem => `${JSON.stringify(problem)}\n`).join(''))
      const inputs = ['--model', 'models/arith-qwen2', '--dataset', dataSet, '--adapter', 'cpu']
      const { exitCode, stderr } = await runEntrace(['eval', ...inputs, '--out', run, '--quiet'])
      expect(exitCode, stderr).toBe(0)
      model = await loadModel('models/arith-qwen2', { adapter: 'cpu' })
    })
    afterAll(() => model.close())

    it('answers as eval does, to the bit, and says of the answers what its analysis says', async () => {
      const results = readResults(run)
      const answers = await generate(
        model,
        problems.map(({ problem }) => problem),
      )
      expect(answers.map(({ text }) => text)).toEqual(results.map(({ generatedText }) => generatedText))
      expect(answers.map(({ tokens }) => tokens.map(({ entropyNats }) => entropyNats))).toEqual(
        results.map(({ tokenEntropiesNats }) => tokenEntropiesNats),
      )
      const graded = answers.map((answer, index) => {
        const { id, answer: expected, level } = problems[index]!
        const verdict = gradeAnswer(answer.text ?? '', expected)
        return { problemId: String(id), answer, verdict, level: String(level) }
      })
      const { total, correct, auroc, scores, entropyNats } = analyse(graded)
      expect({ total, correct, auroc, scores, entropyNats }).toEqual(
        Object.fromEntries(
          ['total', 'correct', 'auroc', 'scores', 'entropyNats'].map(name => [
            name,
            readRunFile(run, 'analysis.json')[name],
          ]),
        ),
      )
      expect(model.weightDigest).toBe((readRunFile(run, 'run.json')['model'] as Model).weightDigest)
    })

    it('opens the run: its columns, a score, a sample with its tokens, and its analysis', async () => {
      const opened = await openRun(run)
      try {
        expect(opened.count).toBe(4)
        const { tokens, generatedText } = await opened.readSample(2)
        const result = readResults(run)[2]!
        expect(generatedText).toBe(result.generatedText)
        expect(Array.from(tokens.tokenId)).toEqual(result.tokenIds)
        expect((await opened.readScore('Perplexity'))[0]).toBeGreaterThan(0)
        expect(opened.analysis).toEqual(readRunFile(run, 'analysis.json'))
        expect(analyse(await opened.readColumns()).scores).toEqual(opened.analysis.scores)
      } finally {
        await opened.close()
      }
      await expect(openRun(join(folder, 'none'))).rejects.toThrow(/expected the files of a run/)
    })

    it('takes a text, a conversation and ids, streams tokens, samples by a seed, and ends at what it is told', async () => {
      const { problem } = problems[0]!
      const streamed: number[] = []
      const asText = await generate(model, problem, { onToken: ({ id }) => streamed.push(id) })
      expect(streamed).toEqual(idsOf(asText.tokens))
      const conversation = await generate(model, [{ role: 'user', content: problem }])
      expect(idsOf(conversation.tokens)).toEqual(streamed)
      const ids = model.tokenizer!.encodeChat([{ role: 'user', content: problem }])
      expect(idsOf((await generate(model, { ids }, { maxNewTokens: 3 })).tokens)).toEqual(
        streamed.slice(0, 3),
      )
      const sampled = { temperature: 1.5, topK: 20, maxNewTokens: 20 }
      const draw = async (seed: number) =>
        idsOf((await generate(model, problem, { ...sampled, seed })).tokens)
      const [first, same, other] = [await draw(1), await draw(1), await draw(2)]
      expect(same).toEqual(first)
      expect(other).not.toEqual(first)
      const stopped = await generate(model, problem, { stopTexts: ['.'] })
      expect(asText.text!.startsWith(`${stopped.text}.`)).toBe(true)
      expect(stopped.text).not.toContain('.')
    })

    it('takes a text as the whole prompt', async () => {
      const raw = await generate(model, 'Ann has', { raw: true, maxNewTokens: 4 })
      const ids = model.tokenizer!.encodeRaw('Ann has')
      expect(raw.promptTokens).toBe(ids.length)
      expect(raw.tokens).toEqual((await generate(model, { ids }, { maxNewTokens: 4 })).tokens)
      const conversation = generate(model, [{ role: 'user', content: 'a' }], { raw: true })
      await expect(conversation).rejects.toThrow(/expected a text with raw true/)
    })

    it('refuses what cannot be, fails one prompt of several alone, and can be ended', async () => {
      const tooLong = { ids: Array<number>(5000).fill(1) }
      await expect(generate(model, tooLong)).rejects.toThrow(InputError)
      const [failed, fine] = await generate(model, [tooLong, { ids: [1, 2, 3] }], { maxNewTokens: 2 })
      expect(failed).toMatchObject({ finishReason: 'error', error: expect.stringMatching(/5000 tokens/) })
      expect(fine!.tokens).toHaveLength(2)
      await expect(generate(model, 'a', { topK: 5 })).rejects.toThrow(/no effect at temperature 0/)
      await expect(generate(model, 'a', { numBeams: 4 })).rejects.toThrow(
        /loadModel \{ numBeams: 4, topLogprobs: 12 \}/,
      )
      await expect(generate(model, 'a', { topLogprobs: 9 })).rejects.toThrow(/loadModel \{ topLogprobs: 9 \}/)
      const ending = new AbortController()
      const ended = generate(model, problems[0]!.problem, {
        signal: ending.signal,
        onToken: () => ending.abort(new Error('enough')),
      })
      await expect(ended).rejects.toThrow('enough')
    })

    it.each<[unknown, RegExp]>([
      [{ maxNewTokens: 0 }, /maxNewTokens 0, expected a whole number from 1 on/],
      [{ maxNewTokens: 2.5 }, /maxNewTokens 2\.5/],
      [{ seed: -1 }, /seed -1, expected a whole number from 0 to 4294967295/],
      [{ seed: 10n }, /seed 10/],
      [{ temperature: Number.NaN }, /temperature NaN, expected a number/],
      [{ temperature: 1, topP: 2 }, /topP 2, expected a number above 0 and up to 1/],
      [{ temperature: 1, topK: 1.5 }, /topK 1\.5/],
      [{ repetitionPenalty: 0 }, /repetitionPenalty 0/],
      [{ numBeams: '2' }, /numBeams 2/],
      [{ stopIds: [-1] }, /a stop id -1/],
      [{ stopTexts: 'abc' }, /stopTexts are no list/],
      [{ stopTexts: [''] }, /not empty/],
      [{ onToken: 5 }, /onToken is no function/],
      [{ raw: 'yes' }, /raw yes, expected true or false/],
      ['x', /the options are x/],
    ])('refuses the options %o by name, and answers the next call', async (options, message) => {
      const asked = generate(model, 'a', options as AnswerOptions)
      await expect(asked).rejects.toThrow(InputError)
      await expect(asked).rejects.toThrow(message)
    })

    it('answers the next call after one that failed in the middle, or was refused', async () => {
      const short = { maxNewTokens: 2 }
      const expected = idsOf((await generate(model, { ids: [1, 2, 3] }, short)).tokens)
      const onToken = () => {
        throw new Error('mine')
      }
      await expect(generate(model, { ids: [1, 2, 3] }, { ...short, onToken })).rejects.toThrow('mine')
      for (const wrong of [null, 5, {}, { ids: 5 }, [null]] as unknown as Prompt[])
        await expect(generate(model, wrong)).rejects.toThrow(/a prompt is none/)
      const wrong = { ids: 5 } as unknown as Prompt
      const [failed, fine] = await generate(model, [wrong, { ids: [1, 2, 3] }], short)
      expect(failed).toMatchObject({
        finishReason: 'error',
        error: expect.stringMatching(/a prompt is none/),
      })
      expect(idsOf(fine!.tokens)).toEqual(expected)
    })

    it('hears the signal of a call that waits for its turn', async () => {
      const before = generate(model, problems[0]!.problem)
      const ending = new AbortController()
      const waiting = generate(model, 'a', { signal: ending.signal })
      ending.abort(new Error('not wanted'))
      const first = await Promise.race([before.then(() => 'before'), waiting.catch(error => error.message)])
      expect(first).toBe('not wanted')
      await before
    })
  })

  it('splits a model over ranks, searches beams, and gives all memory back', async () => {
    const { problem } = problems[1]!
    const options = { adapter: 'cpu', numBeams: 3, sequences: 1 } as const
    const answers = []
    for (const ranks of [1, 3]) {
      const model = await loadModel('models/arith-qwen2', { ...options, ranks })
      try {
        expect(model.adapterNames).toHaveLength(ranks)
        const [greedy, searched] = [
          await generate(model, problem),
          await generate(model, problem, { numBeams: 3 }),
        ]
        answers.push([idsOf(greedy.tokens), idsOf(searched.tokens)])
        // All ranks stop before the same step, whoever hears of it first.
        const ending = new AbortController()
        const { signal } = ending
        const ended = generate(model, problem, { signal, onToken: () => ending.abort(new Error('enough')) })
        await expect(ended).rejects.toThrow('enough')
      } finally {
        await model.close()
      }
      await model.close()
      await expect(generate(model, problem)).rejects.toThrow(/was closed/)
    }
    expect(answers[1]).toEqual(answers[0])
  })

  it('reads a run that is not finished, its one file opened for each read and closed again', async () => {
    const unfinished = join(folder, 'unfinished')
    cpSync('test/golden/run-0.1.0', unfinished, { recursive: true })
    for (const name of ['summary.parquet', 'traces.parquet', 'analysis.json.gz'])
      rmSync(join(unfinished, name))
    const run = await openRun(unfinished)
    const openFiles = () => readdirSync('/proc/self/fd').length
    const before = process.platform === 'linux' ? openFiles() : 0
    for (let read = 0; read < 50; read++)
      expect((await run.readSample(read % 2)).tokens.tokenId.length).toBeGreaterThan(0)
    if (process.platform === 'linux') expect(openFiles()).toBeLessThan(before + 25)
    for (const name of run.scoreNames) expect(await run.readScore(name)).toHaveLength(2)
    await expect(run.readScore('Unknown')).rejects.toThrow(InputError)
    await run.close()
  })

  it('loads a file in GGUF, and asks it without a chat template', async () => {
    const path = 'test/models/gguf/tiny-qwen2-q8_0.gguf'
    const model = await loadModel(path, { adapter: 'cpu', sequences: 1, contextTokens: 64 })
    try {
      expect(model.name).toBe('tiny-qwen2-q8_0')
      const answer = await generate(model, 'hello', { raw: true, maxNewTokens: 3, stopIds: [] })
      expect(answer.tokens).toHaveLength(3)
      await expect(generate(model, 'hello')).rejects.toThrow(/expected a chat template/)
    } finally {
      await model.close()
    }
    await expect(loadModel('test/gguf-cases/dims-wrong.gguf')).rejects.toThrow(
      /blk\.0\.attn_q\.weight is 8 × 6/,
    )
  })

  it('says what is wrong with a model before an adapter is opened', async () => {
    await expect(loadModel(join(folder, 'none'))).rejects.toThrow(/no such folder/)
    await expect(loadModel('models/arith-qwen2', { ranks: 0.5 })).rejects.toThrow(InputError)
    await expect(loadModel('models/arith-qwen2', { sequences: 0 })).rejects.toThrow(/sequences 0, expected/)
    await expect(loadModel('models/arith-qwen2', { adapter: 'no such' })).rejects.toThrow(
      /no usable WebGPU adapter/,
    )
  })

  it('opens a device for kernels', async () => {
    const device = await openDevice(await openAdapter('cpu'))
    expect(device.kind).toBe('cpu')
    device.destroy()
  })
})
