import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { changedModel, overwriteTensor } from '../support/change-model.ts'
import { type CommandResult, runEntrace } from '../support/run-entrace.ts'
import { readResults, readRunFile } from '../support/run-files.ts'

const folder = mkdtempSync(join(tmpdir(), 'entrace-test-'))
afterAll(() => rmSync(folder, { recursive: true }))

const notANumber = 0x7fc0
const infinity = 0x7f80

/** A copy of the model that ships with one kind of its weights overwritten, in bf16. */
function arithWith(tensor: string, first: number, count: number, bits: number): string {
  return changedModel(folder, 'models/arith-qwen2', file =>
    overwriteTensor(file('model.safetensors'), tensor, first, new Uint16Array(count).fill(bits)),
  )
}

/** Only a text with U+00A7 meets the row of its second byte's token. */
const sectionSignToken = 100
const hiddenSize = 224
const oneBadToken = arithWith(
  'model.embed_tokens.weight',
  sectionSignToken * hiddenSize,
  hiddenSize,
  notANumber,
)
const allBad = arithWith('model.norm.weight', 0, 1, infinity)

describe('eval over problems of which some cannot be answered', () => {
  const out = join(folder, 'some')
  let run: CommandResult
  beforeAll(async () => {
    const problem =
      'Sara has 19 apples. Then Sara drops 10. What is the number of apples that Sara has at the end?'
    const rows = [problem, `${problem} §`, problem.repeat(20), problem]
    const dataset = join(folder, 'mixed.jsonl')
    writeFileSync(dataset, rows.map(text => JSON.stringify({ problem: text, answer: '9' })).join('\n'))
    const flags = ['--adapter', 'cpu', '--max-concurrent', '1']
    run = await runEntrace(['eval', '--model', oneBadToken, '--dataset', dataset, '--out', out, ...flags])
  })

  it('goes on, ends with 0 and warns', () => {
    expect(run.exitCode, run.stderr).toBe(0)
    expect(run.stderr).toMatch(/^warning: .*2 .*failed/m)
    expect(readRunFile(out, 'analysis.json')).toMatchObject({ total: 4, errors: 2, correct: 2, incorrect: 2 })
  })

  it('gives a failed sample nulls and says why', () => {
    const [, notFinite, tooLong] = readResults(out)
    const failed = {
      finishReason: 'error',
      extractedAnswer: null,
      correct: false,
      generatedText: '',
      generatedTokens: 0,
      meanEntropyNats: null,
      maxEntropyNats: null,
      sumLogprob: null,
      tokenIds: [],
      tokenTexts: [],
      tokenEntropiesNats: [],
      tokenLogprobs: [],
    }
    expect(notFinite).toMatchObject({
      ...failed,
      error: expect.stringMatching(/512 of 512 logits are not finite/),
    })
    expect(tooLong).toMatchObject({
      ...failed,
      error: expect.stringMatching(/has \d+ tokens, expected fewer than .* 512/),
    })
    expect(tooLong!.promptTokens).toBeGreaterThan(512)
  })

  it('does not let a failed sample touch what runs after it in the same place', () => {
    const [first, , , last] = readResults(out)
    expect(first).toMatchObject({ finishReason: 'stop', correct: true })
    expect(last!.tokenEntropiesNats).toEqual(first!.tokenEntropiesNats)
  })
})

describe('weights of which every answer fails', () => {
  it('end eval with 1 and the first reason', async () => {
    const args = ['--model', allBad, '--dataset', 'datasets/arith-104.jsonl', '--out', join(folder, 'all')]
    const { exitCode, stdout, stderr } = await runEntrace(['eval', ...args, '--limit', '2', '--json'])
    expect(exitCode, stderr).toBe(1)
    expect(stderr).toMatch(/^entrace: every sample failed; the first: .* logits are not finite/m)
    expect(JSON.parse(stdout)).toMatchObject({ total: 2, errors: 2, auroc: { value: null } })
    expect(stdout).not.toContain('NaN')
  })

  it('end generate with 1', async () => {
    const prompt = ['--prompt-ids', '1,2,3', '--adapter', 'cpu']
    const { exitCode, stdout, stderr } = await runEntrace(['generate', '--model', allBad, ...prompt])
    expect([exitCode, stdout]).toEqual([1, ''])
    expect(stderr.trim().split('\n').at(-1)).toMatch(
      /^entrace: generate: \d+ of 512 logits are not finite .*check the checkpoint$/,
    )
  })
})
