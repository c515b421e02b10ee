import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type CommandResult, runEntrace } from '../support/run-entrace.ts'
import { readResults, readRunFile, untimedResults } from '../support/run-files.ts'

const problems = 6
const folder = mkdtempSync(join(tmpdir(), 'entrace-test-'))
afterAll(() => rmSync(folder, { recursive: true }))

/** Evaluates the first problems into a folder of that name. */
function evaluateInto(name: string, ...flags: string[]): Promise<CommandResult> {
  const dataset = ['--dataset', 'datasets/arith-104.jsonl', '--limit', String(problems)]
  const model = ['--model', 'models/arith-qwen2', '--adapter', 'cpu']
  return runEntrace(['eval', ...model, ...dataset, '--out', join(folder, name), ...flags])
}

let together: CommandResult
let alone: CommandResult
beforeAll(async () => {
  together = await evaluateInto('together', '--json', '--max-concurrent', '5')
  alone = await evaluateInto('alone', '--quiet', '--max-concurrent', '1')
})

describe('eval --json', () => {
  it('prints the analysis as one JSON document, and the rest on standard error', () => {
    expect(together.exitCode, together.stderr).toBe(0)
    expect(JSON.parse(together.stdout)).toEqual(readRunFile(join(folder, 'together'), 'analysis.json'))
    expect(together.stderr).toMatch(/^loading weights .* of 4\.8 MB/m)
    expect(together.stderr).toMatch(/^CPU adapter: /m)
    expect(together.stderr).toMatch(
      /^answering 6 of 6 · .* problems\/s · .* tokens\/s · host .*B · device .*MB$/m,
    )
    expect(together.stderr).toMatch(/^warning: /m)
    expect(together.stderr).not.toContain('\u001b')
  })

  it('leaves every file of a run and no other', () => {
    for (const name of ['run.json', 'all_results.json', 'analysis.json'])
      expect(readRunFile(join(folder, 'together'), name)).toMatchObject({ formatVersion: '1.0' })
    const png = readFileSync(join(folder, 'together', 'entropy_analysis.png'))
    expect(png.subarray(1, 4).toString()).toBe('PNG')
    expect(readFileSync(join(folder, 'together', 'entropy_analysis.svg'), 'utf8')).toContain('</svg>')
    expect(existsSync(join(folder, 'together', 'all_results.json.partial'))).toBe(false)
    const lines = readFileSync(join(folder, 'together', 'samples.jsonl'), 'utf8')
      .trimEnd()
      .split('\n')
    expect(lines.map(line => JSON.parse(line).formatVersion)).toEqual(Array(problems).fill('1.0'))
  })

  it('describes the run, with a hash that does not depend on how it was scheduled', () => {
    const [one, other] = ['together', 'alone'].map(name => readRunFile(join(folder, name), 'run.json'))
    expect(one).toMatchObject({
      model: { name: 'arith-qwen2', dtypes: ['bf16'], weightDigest: expect.stringMatching(/^[0-9a-f]{64}$/) },
      dataSet: { name: 'arith-104.jsonl', problems: 104, digest: expect.stringMatching(/^[0-9a-f]{64}$/) },
      decoding: {
        maxNewTokens: 96,
        stopIds: [502, 500],
        temperature: 0,
        seed: 0,
        samples: 1,
        topLogprobs: 5,
      },
      mesh: { tp: 1, dp: 1 },
      hash: expect.stringMatching(/^[0-9a-f]{64}$/),
      limit: problems,
    })
    expect(one).toEqual(other)
  })
})

describe('all_results.json', () => {
  const results = () => readResults(join(folder, 'together'))

  it('holds a result for each problem, in the order of the data set', () => {
    expect(results().map(result => result.problemId)).toEqual(['0', '1', '2', '3', '4', '5'])
  })

  it('gives a result the fields that readers rely on', () => {
    const string = expect.any(String)
    const number = expect.any(Number)
    for (const result of results())
      expect(result).toMatchObject({
        sampleIndex: 0,
        problem: string,
        generatedText: string,
        extractedAnswer: string,
        expectedAnswer: string,
        correct: expect.any(Boolean),
        finishReason: 'stop',
        promptTokens: number,
        generatedTokens: result.tokenIds.length,
        meanEntropyNats: number,
        maxEntropyNats: number,
        sumLogprob: number,
        durationMs: number,
      })
  })

  it('takes means over all generated tokens, the stop token included', () => {
    for (const result of results()) {
      const { tokenIds, tokenTexts, tokenEntropiesNats: entropies, tokenLogprobs: logprobs } = result
      expect(tokenIds.at(-1)).toBe(502)
      expect(tokenTexts.at(-1)).toBe('<|im_end|>')
      expect([tokenTexts.length, entropies.length, logprobs.length]).toEqual(Array(3).fill(tokenIds.length))
      const sum = (values: number[]) => values.reduce((a, b) => a + b, 0)
      expect(result.meanEntropyNats).toBeCloseTo(sum(entropies) / tokenIds.length, 12)
      expect(result.maxEntropyNats).toBe(Math.max(...entropies))
      expect(result.sumLogprob).toBeCloseTo(sum(logprobs), 12)
      expect(tokenTexts.slice(0, -1).join('')).toBe(result.generatedText)
    }
  })

  it('calls an answer correct when its boxed number is the expected one', () => {
    const verdicts = results().map(result => {
      const boxed = /\\boxed\{(.*?)\}/.exec(result.generatedText)?.[1]
      expect(result.extractedAnswer).toBe(boxed)
      expect(result.correct).toBe(Number(boxed) === Number(result.expectedAnswer))
      return result.correct
    })
    expect(new Set(verdicts)).toEqual(new Set([true, false]))
  })

  it('is the same to the bit when sequences run one at a time, timings aside', () => {
    expect(alone.exitCode, alone.stderr).toBe(0)
    const [one, other] = ['together', 'alone'].map(name => untimedResults(join(folder, name)))
    expect(one!.length).toBeGreaterThan(5000)
    expect(one).toBe(other)
  })
})

describe('eval --quiet', () => {
  it('prints nothing', () => {
    expect(alone).toEqual({ exitCode: 0, signal: null, stdout: '', stderr: '' })
  })
})

describe('eval in a folder that is finished', () => {
  it('runs no model, and prints where everything lies', async () => {
    const again = await evaluateInto('together')
    expect(again.exitCode).toBe(0)
    expect(again.stderr).toMatch(/^6 of 6 samples are finished already$/m)
    expect(again.stderr).not.toContain('loading')
    expect(again.stdout).toMatch(/^accuracy +\d+\.\d %/)
    expect(again.stdout).toContain(`picture  ${join(folder, 'together', 'entropy_analysis.png')}`)
    expect(untimedResults(join(folder, 'together'))).toBe(untimedResults(join(folder, 'alone')))
  })
})

describe('analyse', () => {
  it('makes the same files from the journal again', async () => {
    const run = join(folder, 'alone')
    const before = ['analysis.json', 'all_results.json', 'entropy_analysis.svg'].map(name => {
      const content = readFileSync(join(run, name), 'utf8')
      rmSync(join(run, name))
      return { name, content }
    })
    const { exitCode, stdout, stderr } = await runEntrace(['analyse', run, '--json'])
    expect(exitCode, stderr).toBe(0)
    for (const { name, content } of before) expect(readFileSync(join(run, name), 'utf8'), name).toBe(content)
    expect(JSON.parse(stdout)).toEqual(readRunFile(run, 'analysis.json'))
    expect(stderr).toMatch(/^warning: /)
  })
})
