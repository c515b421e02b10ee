import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { changedModel } from '../support/change-model.ts'
import { type CommandResult, runEntrace } from '../support/run-entrace.ts'
import { readResults, readRunFile, untimedResults } from '../support/run-files.ts'

// A run loads a model and compiles its kernels, which takes long where other tests run beside.

const folder = mkdtempSync(join(tmpdir(), 'entrace-test-'))
afterAll(() => rmSync(folder, { recursive: true }))

const arith = 'models/arith-qwen2'

/** The shipped model with other words on where its answers end. */
function modelThatSays(config: object, generation?: object): string {
  return changedModel(folder, arith, file => {
    const path = file('config.json')
    writeFileSync(path, JSON.stringify({ ...JSON.parse(readFileSync(path, 'utf8')), ...config }))
    if (!generation) rmSync(file('generation_config.json'))
    else writeFileSync(file('generation_config.json'), JSON.stringify(generation))
  })
}

const out = (name: string) => join(folder, name)
function evaluate(model: string, name: string, ...flags: string[]): Promise<CommandResult> {
  const data = ['--dataset', 'datasets/arith-104.jsonl', '--limit', '3', '--max-new-tokens', '48']
  return runEntrace(['eval', '--model', model, '--adapter', 'cpu', ...data, '--out', out(name), ...flags])
}
async function evaluated(...given: Parameters<typeof evaluate>): Promise<CommandResult> {
  const result = await evaluate(...given)
  expect(result.exitCode, result.stderr).toBe(0)
  return result
}

const answersOf = (name: string) =>
  readResults(out(name)).map(({ tokenIds, generatedText, correct, finishReason }) => ({
    tokenIds,
    generatedText,
    correct,
    finishReason,
  }))
const decodingOf = (name: string) =>
  readRunFile(out(name), 'run.json')['decoding'] as { stopIds: number[]; stopTexts?: string[] }

beforeAll(async () => {
  await evaluated(arith, 'original')
})

describe('a model that was made from a base model, and has its end of text in the configs', () => {
  it('gives the answers of the original, which its tokenizer and template end, and says what ends them', async () => {
    const model = modelThatSays({ eos_token_id: 500 }, { eos_token_id: 500 })
    const { stderr } = await evaluated(model, 'base')
    expect(answersOf('base')).toEqual(answersOf('original'))
    expect(decodingOf('base').stopIds).toEqual([500, 502])
    expect(stderr).toMatch(
      /^answers end at <\|endoftext\|> 500 \(generation_config\.json, config\.json\), <\|im_end\|> 502 \(tokenizer, chat template\)$/m,
    )
  })
})

describe('a run to the limit', () => {
  it.each<[string, string, string[]]>([
    ['is what a config of null asks for', 'null', []],
    ['is what --ignore-eos asks for', 'ignored', ['--ignore-eos']],
  ])('%s', async (_, name, flags) => {
    const model = name === 'null' ? modelThatSays({ eos_token_id: null }) : arith
    const { stderr } = await evaluated(model, name, ...flags)
    expect(stderr).toMatch(/^nothing ends an answer but the limit$/m)
    expect(decodingOf(name).stopIds).toEqual([])
    const original = answersOf('original')
    for (const [index, { finishReason, tokenIds }] of answersOf(name).entries()) {
      expect([finishReason, tokenIds.length]).toEqual(['length', 48])
      expect(tokenIds.slice(0, original[index]!.tokenIds.length)).toEqual(original[index]!.tokenIds)
    }
  })

  it('is warned about by what it ran over, and resumed by the tokens that ended the other', async () => {
    const { warnings } = readRunFile(out('ignored'), 'analysis.json') as { warnings: string[] }
    expect(warnings.filter(text => text.includes('token limit'))).toEqual([
      expect.stringMatching(
        /^100\.0 % .* cut off at the token limit .*But 2 of these 3 hold <\|im_end\|>, .*with --stop-token '<\|im_end\|>', raise/,
      ),
    ])
    const refused = await evaluate(arith, 'original', '--ignore-eos')
    expect(refused.exitCode).toBe(2)
    expect(refused.stderr).toContain('decoding.stopIds was [500,502], is []')
    expect(refused.stderr).toContain(
      '(--ignore-eos --stop-token 502 --stop-token 500 ends answers where that run did)',
    )
    const flags = ['--ignore-eos', '--stop-token', '500', '--stop-token', '<|im_end|>']
    const { stderr } = await evaluated(arith, 'original', ...flags)
    expect(stderr).toContain('3 of 3 samples are finished already')
  })
})

describe('--stop', () => {
  const cut = ['--stop', '. The answer', '--stop', 'boxed{1']

  it('cuts the text that is graded, whatever runs beside, on one rank or two', async () => {
    await evaluated(arith, 'cut', ...cut, '--max-concurrent', '3')
    await evaluated(arith, 'cut-alone', ...cut, '--max-concurrent', '1')
    await evaluated(arith, 'cut-ranks', ...cut, '--tp', '2')
    expect(untimedResults(out('cut'))).toBe(untimedResults(out('cut-alone')))
    expect(answersOf('cut-ranks')).toEqual(answersOf('cut'))
    expect(decodingOf('cut').stopTexts).toEqual(['. The answer', 'boxed{1'])
    const original = answersOf('original')
    for (const [index, { generatedText, finishReason, tokenIds }] of answersOf('cut').entries()) {
      const whole = original[index]!
      expect(generatedText).toBe(whole.generatedText.slice(0, whole.generatedText.indexOf('. The answer')))
      expect(finishReason).toBe('stop')
      expect(whole.tokenIds.slice(0, tokenIds.length)).toEqual(tokenIds)
      expect(tokenIds.length).toBeLessThan(whole.tokenIds.length)
    }
  })

  it('is a part of what a run is: resumed by the same texts in any order, and by no others', async () => {
    const same = await evaluated(arith, 'cut', ...cut.slice(2), ...cut.slice(0, 2))
    expect(same.stderr).toContain('3 of 3 samples are finished already')
    const other = await evaluate(arith, 'cut')
    expect([other.exitCode, other.stderr]).toEqual([2, expect.stringContaining('decoding.stopTexts was')])
  })
})

describe('--show-prompt', () => {
  it('says what ends answers', async () => {
    const show = ['eval', '--model', arith, '--dataset', 'datasets/arith-104.jsonl', '--show-prompt']
    const { stderr } = await runEntrace([...show, '--stop', '####'])
    expect(stderr).toMatch(
      /^answers end at <\|im_end\|> 502 \(.*\), <\|endoftext\|> 500 \(.*\), the text "####"$/m,
    )
    const { stdout } = await runEntrace([...show, '--json'])
    expect(JSON.parse(stdout).stops).toEqual({
      tokens: [
        {
          id: 502,
          text: '<|im_end|>',
          from: ['generation_config.json', 'config.json', 'tokenizer', 'chat template'],
        },
        { id: 500, text: '<|endoftext|>', from: ['generation_config.json'] },
      ],
      texts: [],
    })
  })
})

describe('generate', () => {
  const problem =
    'Sara has 19 apples. Then Sara drops 10. What is the number of apples that Sara has at the end?'
  const generate = (model: string, ...flags: string[]) =>
    runEntrace(['generate', '--model', model, '--adapter', 'cpu', '--prompt', problem, ...flags])

  it('ends where the template ends a turn, and shows what it returns', async () => {
    const base = modelThatSays({ eos_token_id: 500 })
    const { stdout, stderr } = await generate(base)
    expect(stdout).toBe('19 - 10 = 9. The answer is \\boxed{9}.\n')
    expect(stderr).toMatch(/^answers end at .*<\|im_end\|> 502 \(tokenizer, chat template\)$/m)
  })

  it.each([
    ['of several tokens', ['--stop', '. The ans'], '19 - 10 = 9\n'],
    ['that may begin and does not', ['--stop', '9. They'], '19 - 10 = 9. The answer is \\boxed{9}.\n'],
  ])('shows no stop text %s', async (_, flags, expected) => {
    expect((await generate(arith, ...flags)).stdout).toBe(expected)
  })

  it('ends beams at a text too', async () => {
    const { stdout } = await generate(arith, '--stop', '. The ans', '--num-beams', '3', '--json')
    expect(JSON.parse(stdout)).toMatchObject({ text: '19 - 10 = 9', finishReason: 'stop' })
  })
})
