import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { runEntrace } from './support/run-entrace.ts'
import { readResults, readRunFile, untimedResults } from './support/run-files.ts'

const folder = mkdtempSync(join(tmpdir(), 'entrace-test-'))
afterAll(() => rmSync(folder, { recursive: true }))

async function evaluate(name: string, ...flags: string[]): Promise<string> {
  const out = join(folder, name)
  const model = flags.includes('--model') ? [] : ['--model', 'models/arith-qwen2']
  const args = ['eval', ...model, '--dataset', 'datasets/arith-104.jsonl', '--adapter', 'cpu', '--quiet']
  const { exitCode, stderr } = await runEntrace([...args, '--limit', '6', '--out', out, ...flags])
  expect(exitCode, stderr).toBe(0)
  return out
}

const firstToken = (name: string) =>
  JSON.parse(readFileSync(join(folder, name, 'samples.jsonl'), 'utf8').split('\n')[0]!).tokens[0]
const decodingOf = (out: string) => readRunFile(out, 'run.json')['decoding']

describe('eval', () => {
  it('samples the same whatever runs beside, with every filter and over two ranks', async () => {
    const sampling = [
      '--temperature',
      '0.9',
      '--top-k',
      '30',
      '--top-p',
      '0.95',
      '--min-p',
      '0.01',
      '--seed',
      '3',
    ]
    const flags = [...sampling, '--repetition-penalty', '1.1', '--samples', '2']
    for (const ranks of ['1', '2']) {
      const mesh = [...flags, '--tp', ranks]
      const alone = await evaluate(`alone-${ranks}`, ...mesh, '--max-concurrent', '1')
      const together = await evaluate(`together-${ranks}`, ...mesh, '--max-concurrent', '5')
      expect(untimedResults(together)).toBe(untimedResults(alone))
    }
    const [one, two] = [1, 2].map(ranks => readResults(join(folder, `alone-${ranks}`)))
    expect(one!.map(({ tokenIds }) => tokenIds)).toEqual(two!.map(({ tokenIds }) => tokenIds))
    expect(new Set(one!.map(({ generatedText }) => generatedText)).size).toBeGreaterThan(6)
    expect(firstToken('alone-1').processedEntropyNats).not.toBe(firstToken('alone-1').entropyNats)
  })

  it('makes in shards, merged and completed, what one run makes', async () => {
    const flags = ['--temperature', '0.9', '--top-p', '0.95', '--seed', '3', '--samples', '2', '--p-true']
    const whole = await evaluate('whole', ...flags)
    const parts = []
    for (const part of ['3/3', '1/3', '2/3']) {
      const out = await evaluate(`part-${part[0]}`, ...flags, '--shard', part, '--max-concurrent', '3')
      expect(readResults(out).map(({ problemIndex }) => problemIndex % 3)).toEqual(
        Array(4).fill(Number(part[0]) - 1),
      )
      parts.push(out)
    }
    for (const [name, folders] of [
      ['merged', parts],
      ['completed', parts.slice(1)],
    ] as const) {
      const out = join(folder, name)
      const { exitCode, stderr } = await runEntrace(['merge', ...folders, '--out', out])
      expect(exitCode, stderr).toBe(name === 'completed' ? 1 : 0)
      if (name === 'completed') {
        expect(stderr).toContain('4 of 12 samples are in none of the folders, of shards 3/3 (all 4)')
        await evaluate(name, ...flags)
      }
      expect(untimedResults(out)).toBe(untimedResults(whole))
      expect(readRunFile(out, 'analysis.json')).toEqual(readRunFile(whole, 'analysis.json'))
    }
  })

  it('decodes as generation_config.json says, where it is asked to, and says whence each setting comes', async () => {
    const model = join(folder, 'model')
    cpSync('models/arith-qwen2', model, { recursive: true })
    const config = JSON.parse(readFileSync(join(model, 'generation_config.json'), 'utf8'))
    const asked = { do_sample: true, temperature: 0.7, top_p: 0.8, top_k: 20, repetition_penalty: 1.05 }
    writeFileSync(join(model, 'generation_config.json'), JSON.stringify({ ...config, ...asked }))
    const plain = await evaluate('plain', '--model', model)
    expect(decodingOf(plain)).toMatchObject({ temperature: 0, repetitionPenalty: 1 })
    const applied = await evaluate('applied', '--model', model, '--generation-config', '--top-k', '9')
    expect(decodingOf(applied)).toMatchObject({
      ...{ temperature: 0.7, topP: 0.8, topK: 9, repetitionPenalty: 1.05 },
      sources: { temperature: 'generation_config.json', topK: 'flag' },
    })
    expect(firstToken('applied').processedEntropyNats).toBeTypeOf('number')
    expect(firstToken('plain')).not.toHaveProperty('processedEntropyNats')
  })

  it('asks whether an answer is true, and searches by beams', async () => {
    const asked = await evaluate('asked', '--p-true')
    const results = readResults(asked) as unknown as { pTrue: number; tokenIds: number[] }[]
    for (const { pTrue } of results) {
      expect(pTrue).toBeGreaterThan(0)
      expect(pTrue).toBeLessThan(1)
    }
    expect(readRunFile(asked, 'analysis.json')['scores']).toHaveProperty('PTrue')
    const [line] = readFileSync(join(asked, 'samples.jsonl'), 'utf8').split('\n')
    expect(JSON.parse(line!).pTrue).toBe(results[JSON.parse(line!).problemIndex]!.pTrue)

    const beams = await evaluate('beams', '--num-beams', '3', '--length-penalty', '0.8')
    expect(decodingOf(beams)).toMatchObject({ numBeams: 3, lengthPenalty: 0.8 })
    const alone = await evaluate(
      'beams-alone',
      '--num-beams',
      '3',
      '--length-penalty',
      '0.8',
      '--max-concurrent',
      '1',
    )
    expect(untimedResults(alone)).toBe(untimedResults(beams))
  })
})
