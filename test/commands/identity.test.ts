import { appendFileSync, cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { tokenizerFileNames } from '../../core/tokenizer/tokenizer-files.ts'
import { runEntrace } from '../support/run-entrace.ts'
import { forgetDigests, journalLines, readRunFile, untimedResults } from '../support/run-files.ts'

const folder = mkdtempSync(join(tmpdir(), 'entrace-test-'))
afterAll(() => rmSync(folder, { recursive: true }))
let folders = 0
const newFolder = () => join(folder, `${folders++}`)

const model = 'models/arith-qwen2'
const whole = join(folder, 'whole')

function evalArguments(out: string, { from = model, limit = 3 } = {}, ...flags: string[]): string[] {
  const run = [
    '--model',
    from,
    '--dataset',
    'datasets/arith-104.jsonl',
    '--limit',
    String(limit),
    '--out',
    out,
  ]
  return ['eval', ...run, '--max-new-tokens', '8', '--adapter', 'cpu', ...flags]
}

/** A copy of the model under the same name, with one of its files changed. */
function modelWith(name: string, change: (text: string) => string): string {
  const copy = join(newFolder(), 'arith-qwen2')
  cpSync(model, copy, { recursive: true })
  writeFileSync(join(copy, name), change(readFileSync(join(copy, name), 'utf8')))
  return copy
}

type Run = Record<string, unknown> & { model: { files: Record<string, string> } }
const runOf = (path: string) => readRunFile(path, 'run.json') as Run

/** The first two samples of the same run as 0.1.0 made them, but for the machine, which is this one. */
function runOfFirstVersion(change: (journal: string) => string = text => text): string {
  const path = newFolder()
  cpSync('test/golden/run-0.1.0', path, { recursive: true })
  const old = runOf(path)
  const { bits: _, ...versions } = runOf(whole)['versions'] as Record<string, unknown>
  const { adapters } = runOf(whole)
  writeFileSync(
    join(path, 'run.json'),
    JSON.stringify({ ...old, adapters, versions: { ...versions, entrace: '0.1.0' } }),
  )
  const journal = join(path, 'samples.jsonl')
  writeFileSync(journal, change(readFileSync(journal, 'utf8')))
  return path
}

beforeAll(async () => {
  const { exitCode, stderr } = await runEntrace(evalArguments(whole))
  expect(exitCode, stderr).toBe(0)
})

describe("a run's model", () => {
  it('is config.json and every file of the tokenizer too', async () => {
    const files = Object.keys(runOf(whole).model.files)
    expect(files).toEqual(['config.json', 'tokenizer.json', 'tokenizer_config.json'])
    expect(['config.json', ...tokenizerFileNames]).toEqual(expect.arrayContaining(files))
    const others = {
      'config.json': modelWith('config.json', text =>
        JSON.stringify({ ...JSON.parse(text), rms_norm_eps: 1e-5 }),
      ),
      'tokenizer.json': modelWith('tokenizer.json', text => `${text}\n`),
      'tokenizer_config.json': modelWith('tokenizer_config.json', text => `${text}\n`),
    }
    for (const [name, from] of Object.entries(others)) {
      const before = readFileSync(join(whole, 'samples.jsonl'))
      const { exitCode, stderr } = await runEntrace(evalArguments(whole, { from, limit: 4 }))
      expect(exitCode).toBe(2)
      expect(stderr).toMatch(
        new RegExp(
          `holds another run, which this one would not resume: model\\.files\\.${name} was "[0-9a-f]{64}", is "[0-9a-f]{64}"\\. `,
        ),
      )
      expect(readFileSync(join(whole, 'samples.jsonl')).equals(before)).toBe(true)
    }
  })

  it('does not change with the version of the package', async () => {
    const path = newFolder()
    mkdirSync(path)
    cpSync(join(whole, 'samples.jsonl'), join(path, 'samples.jsonl'))
    const run = runOf(whole)
    const versions = run['versions'] as Record<string, unknown>
    const write = (changes: object) => {
      writeFileSync(join(path, 'run.json'), JSON.stringify({ ...run, versions: { ...versions, ...changes } }))
      forgetDigests(path)
    }
    write({ entrace: '0.0.7' })
    const resumed = await runEntrace(evalArguments(path))
    expect([resumed.exitCode, resumed.stderr]).toEqual([
      0,
      expect.stringContaining('3 of 3 samples are finished'),
    ])
    forgetDigests(path)
    write({ bits: 0 })
    const refused = await runEntrace(evalArguments(path))
    expect([refused.exitCode, refused.stderr]).toEqual([
      2,
      expect.stringContaining('versions.bits was 0, is 1'),
    ])
  })
})

describe('a run of 0.1.0', () => {
  it('goes on where what it recorded agrees, and says what could not be checked', async () => {
    const path = runOfFirstVersion()
    const { exitCode, stderr } = await runEntrace(evalArguments(path))
    expect(exitCode, stderr).toBe(0)
    expect(stderr).toMatch(
      /^run\.json is of 0\.1\.0, which did not record config\.json, tokenizer\.json, tokenizer_config\.json: .* 2 finished samples .* could not be checked/m,
    )
    expect(stderr).toContain('2 of 3 samples are finished already')
    expect(journalLines(path)).toBe(3)
    const unchecked = ['config.json', 'tokenizer.json', 'tokenizer_config.json']
    expect(runOf(path)).toMatchObject({ model: runOf(whole).model, unchecked })
    expect(readFileSync(join(path, 'report.html'), 'utf8')).toContain(unchecked.join(', '))
    const resultsOf = (text: string) => text.slice(text.indexOf('"results":'))
    expect(resultsOf(untimedResults(path))).toBe(resultsOf(untimedResults(whole)))
    // From now on it is held to the files that it went on with.
    const from = modelWith('config.json', text => `${text}\n`)
    const other = await runEntrace(evalArguments(path, { from, limit: 4 }))
    expect([other.exitCode, other.stderr]).toEqual([
      2,
      expect.stringContaining('model.files.config.json was'),
    ])
    expect(runOf(path)).toMatchObject({ unchecked })
  })

  it('does not go on where its journal shows another prompt', async () => {
    for (const [change, message] of [
      [(text: string) => text.replaceAll('"prompt":"', '"prompt":"Now: '), /has another prompt than/],
      [
        (text: string) => text.replace(/"promptTokens":\d+/, '"promptTokens":7'),
        /the finished answer 0 to problem 0 has 7 tokens of prompt, which this version encodes as \d+/,
      ],
    ] as const) {
      const path = runOfFirstVersion(change)
      const { exitCode, stderr } = await runEntrace(evalArguments(path))
      expect([exitCode, stderr]).toEqual([2, expect.stringMatching(message)])
      expect(journalLines(path)).toBe(2)
    }
  })

  it('is analysed, compared and exported, before it goes on and in parts', async () => {
    const path = runOfFirstVersion()
    for (const args of [
      ['analyse', path],
      ['analyse', path, '--from-columns'],
      ['compare', path, whole],
      ['export', path, '--format', 'inspect'],
    ]) {
      const { exitCode, stderr } = await runEntrace(args)
      expect(exitCode, stderr).toBe(0)
    }
  })
})

describe('a shard, and a run that is under way', () => {
  it('says so wherever it is read, from the ids that eval recorded', async () => {
    const data = join(newFolder(), 'named.jsonl')
    mkdirSync(join(data, '..'))
    for (let place = 0; place < 5; place++)
      appendFileSync(
        data,
        `${JSON.stringify({ id: `sum-${place}`, problem: `${place} + 1`, answer: `${place + 1}` })}\n`,
      )
    const made = newFolder()
    const flags = ['--model', model, '--dataset', data, '--max-new-tokens', '4', '--adapter', 'cpu']
    const whole = await runEntrace(['eval', ...flags, '--shard', '2/3', '--out', made])
    expect(whole.exitCode, whole.stderr).toBe(0)
    const part =
      'This is a part of the run: 2 of 5 samples, all of shard 2/3. Missing: sum-0, sum-2, sum-3. Short answers finish first, but'
    expect(whole.stdout).toContain(part)
    expect(readRunFile(made, 'analysis.json')).toMatchObject({
      coverage: { samples: 2, of: 5, shard: { name: '2/3', of: 2 } },
    })

    // As an interruption leaves it.
    const shard = newFolder()
    mkdirSync(shard)
    cpSync(join(made, 'run.json'), join(shard, 'run.json'))
    const journal = readFileSync(join(made, 'samples.jsonl'), 'utf8')
    writeFileSync(join(shard, 'samples.jsonl'), journal.slice(0, journal.indexOf('\n') + 1))
    const unfinished =
      'This is a part of the run: 1 of 5 samples, of shard 2/3, which has 2 when it is finished. Missing: sum-0, sum-2, sum-3, sum-4. Short answers finish first, so'
    const analysed = await runEntrace(['analyse', shard])
    expect(analysed.stdout).toContain(unfinished)
    expect(analysed.stderr).toContain(`warning: ${unfinished}`)
    for (const name of ['analysis.json', 'report.md', 'report.html'])
      expect(readFileSync(join(shard, name), 'utf8'), name).toContain(unfinished)
    for (const name of ['report.md', 'report.html', 'entropy_analysis.svg'])
      expect(readFileSync(join(shard, name), 'utf8'), name).toContain('(a part: 1 of 5 samples)')
    // Lines of a drawing break where they are full.
    const drawn = readFileSync(join(shard, 'entropy_analysis.svg'), 'utf8').replaceAll(
      /<\/text><text[^>]*>/g,
      ' ',
    )
    expect(drawn).toContain(unfinished)
    expect(readRunFile(shard, 'all_results.json')).toMatchObject({ coverage: { samples: 1, of: 5 } })
    const columns = await runEntrace(['analyse', shard, '--from-columns'])
    expect(columns.stdout).toContain(unfinished)
    const compared = await runEntrace(['compare', shard, shard])
    expect(compared.stdout).toContain(`${shard}: ${unfinished}`)
    for (const format of ['openai', 'lm-eval', 'inspect']) {
      const out = format === 'inspect' ? ['--out', join(shard, 'log.json')] : []
      const { stdout, stderr } = await runEntrace(['export', shard, '--format', format, ...out])
      expect(stdout).toMatch(/^1 of 5 samples in /)
      expect(stderr).toContain(unfinished)
      expect(readFileSync(stdout.trim().split(' in ')[1]!, 'utf8')).toContain(unfinished)
    }
  })
})
