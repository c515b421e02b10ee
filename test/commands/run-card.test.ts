import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { homedir, hostname, tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import type { SampleRecord } from '../../core/record/sample.ts'
import { analyseCommand } from '../../node-runner/commands/analyse.ts'
import { mergeCommand } from '../../node-runner/commands/merge.ts'
import { commandOf, isOwnCard, runCard, shellText, yamlText } from '../../node-runner/run/run-card.ts'
import { writeResults } from '../../node-runner/run/write-results.ts'
import { simulateSamples } from '../golden/statistics-samples.ts'
import { manifestOf } from '../support/damage-run.ts'
import { runCommand } from '../support/run-command.ts'
import { runEntrace } from '../support/run-entrace.ts'
import { readRunFile } from '../support/run-files.ts'
import { writeRun } from '../support/write-run.ts'

const folder = mkdtempSync(join(tmpdir(), 'entrace-test-'))
afterAll(() => rmSync(folder, { recursive: true }))

type Changes = Parameters<typeof writeRun>[2]

/** A run with its results: its folder. */
function analysed(samples: SampleRecord[] = simulateSamples(20, 15), changes: Changes = {}): string {
  const out = mkdtempSync(join(folder, 'run-'))
  writeResults(out, writeRun(out, samples, changes), samples)
  return out
}

const cardOf = (out: string) => readFileSync(join(out, 'README.md'), 'utf8')
const named = (name: string, revision: string | null = null): Changes => ({
  model: { name, revision, weightDigest: 'a'.repeat(64), dtypes: ['bf16'] },
  dataSet: {
    name,
    revision,
    config: null,
    split: null,
    digest: 'b'.repeat(64),
    problems: 1000,
  },
})

describe('the card of a run', () => {
  it('names both tables and says what was run and found, and how sure that is', () => {
    const card = cardOf(analysed())
    const [, head, body] = card.split(/^---$/m)
    expect(head!.split('\n').slice(2)).toEqual([
      'pretty_name: "a-model on a-set.jsonl"',
      'tags:',
      '- entrace',
      '- uncertainty',
      '- token-entropy',
      '- llm-evaluation',
      'task_categories:',
      '- text-generation',
      'size_categories:',
      '- n<1K',
      'configs:',
      '- config_name: summary',
      '  data_files: summary.parquet',
      '  default: true',
      '- config_name: traces',
      '  data_files: traces.parquet',
      '',
    ])
    expect(body).toContain('35 answers of a-model to 35 problems of a-set.jsonl')
    expect(body).toMatch(/\| accuracy, Wilson's 95 % interval \| 57\.1 % \(\d\d\.\d % to \d\d\.\d %\) \|/)
    expect(body).toMatch(
      /\| AUROC of MeanTokenEntropy for a wrong answer, DeLong \| 0\.\d+ \(0\.\d+ to [01]\.\d+\)/,
    )
    expect(body).toContain('- Only 20 correct answers')
    expect(body).toContain('](entropy_analysis.png)')
    expect(body).toMatch(/\| versions \| entrace 0\.1\.0, node v24\.0\.0/)
    expect(body).toContain('entrace eval --model a-model \\\n  --dataset a-set.jsonl \\\n  --limit 35')
    expect(body).not.toMatch(/\bNaN\b|\bnull\b|undefined \|/)
  })

  it('says how much of the run it is', () => {
    const samples = simulateSamples(20, 15)
    const part = cardOf(analysed(samples, { limit: 40 }))
    expect(part).toContain('pretty_name: "a-model on a-set.jsonl (a part: 35 of 40 samples)"')
    expect(part).toContain('This is a part of the run: 35 of 40 samples. Missing: ')
    expect(cardOf(analysed(samples))).not.toContain('a part')
  })

  it('is without the numbers that an odd run does not have', () => {
    for (const samples of [[], simulateSamples(1, 0), simulateSamples(0, 30)]) {
      const card = cardOf(analysed(samples, { limit: Math.max(1, samples.length) }))
      expect(isOwnCard(card)).toBe(true)
      expect(card).not.toMatch(/\bNaN\b|\bInfinity\b|\bnull\b/)
    }
  })

  it.each([
    ['a: b\n- c', '"a: b\\u000a- c"'],
    ['"} # \\', '"\\u0022} # \\u005c"'],
    ['½ é 𝄞 | & * ! %', '"½ é 𝄞 | & * ! %"'],
    ['\u0000\u0085\u2028\ufeff\ud800', '"\\u0000\\u0085\\u2028\\ufeff\ufffd"'],
    ['\u{e0001}', '"\\U000e0001"'],
    ['', '""'],
  ])('writes %j as one scalar of YAML', (text, expected) => {
    expect(yamlText(text)).toBe(expected)
  })

  it.each([
    ['Qwen/Qwen2.5-7B@main', 'Qwen/Qwen2.5-7B@main'],
    ["it's $HOME `x`", "'it'\\''s $HOME `x`'"],
    ['', "''"],
    ["a'b\\\n\u001b[31m", "$'a\\'b\\\\\\x0a\\x1b[31m'"],
  ])('writes %j as one word of a shell', (text, expected) => {
    expect(shellText(text)).toBe(expected)
  })

  it('holds names as texts, whatever they are, and stays as it was when nothing changed', async () => {
    const hostile = 'x"\n---\nlicense: mit\n```\n<script>alert(1)<script> ![x](x.png) # \ud800'
    const out = analysed(undefined, named(hostile))
    await runCommand(analyseCommand(), [out, '--quiet'])
    const card = cardOf(out)
    expect(card.match(/^---$/gm)).toHaveLength(2)
    expect(card).not.toMatch(/^license|<script/m)
    const [, , body] = card.split(/^---$/m)
    expect(body!.replaceAll(/^(`{3,}).*?^\1$/gms, '')).not.toContain('![x](x')
    expect(card.match(/^```+\w*$/gm)).toEqual(['````sh', '````', '```python', '```'])
    await runCommand(analyseCommand(), [out, '--quiet'])
    expect(cardOf(out)).toBe(card)
  })

  // Tests of names draw no figure for each.
  const out = mkdtempSync(join(folder, 'run-'))
  const samples = simulateSamples(3, 3)
  const { analysis } = writeResults(out, writeRun(out, samples), samples)
  const cardNaming = (name: string, revision: string | null = null) =>
    runCard(writeRun(out, samples, named(name, revision)), analysis)

  it.each([
    ['/home/alice/models/qwen', 'qwen'],
    ['C:\\Users\\alice\\qwen', 'qwen'],
    [homedir(), null],
    [userInfo().username, null],
    [hostname(), null],
    ['/', null],
    ['..', null],
  ])('calls what lay at %s by its own name alone', (path, name) => {
    const card = cardNaming(path)
    expect(card).toContain(`pretty_name: "${name ?? 'model'} on ${name ?? 'dataset'}"`)
    for (const text of [card, cardNaming(path, 'main')]) expect(text).not.toMatch(/alice|Users|\/home\b/)
  })

  it('names a model and a data set of the Hub with their commits', () => {
    const card = cardNaming('someone/something', 'c0ffee')
    expect(card).toContain('--model someone/something@c0ffee \\\n  --dataset someone/something@c0ffee')
    expect(card).not.toContain('is the name of a')
  })

  it('is left as it is where somebody edited it, or wrote another, which is said', async () => {
    const out = analysed()
    const analyse = () => runCommand(analyseCommand(), [out])
    await analyse()
    const own = cardOf(out)
    expect(manifestOf(out).files).not.toHaveProperty('README.md')
    for (const [edited, flags] of [
      [own.replace('## Files', '## My files'), []],
      [`${own}\n`, ['--from-columns']],
      ['# My notes\n', ['--from-columns']],
    ] as const) {
      writeFileSync(join(out, 'README.md'), edited)
      const { stderr } = await runCommand(analyseCommand(), [out, ...flags])
      expect(stderr).toContain(
        `${join(out, 'README.md')}: was changed since entrace wrote it, and is left as it is; delete it`,
      )
      expect(cardOf(out)).toBe(edited)
    }
    rmSync(join(out, 'README.md'))
    expect((await analyse()).stderr).not.toContain('was changed since')
    expect(cardOf(out)).toBe(own)
    // A card that nobody changed follows the numbers.
    rmSync(join(out, 'README.md'))
    writeFileSync(join(out, 'README.md'), cardOf(analysed(simulateSamples(5, 5))))
    expect((await analyse()).stderr).not.toContain('was changed since')
    expect(cardOf(out)).toBe(own)
  })

  it('comes with a merge, of the whole', async () => {
    const samples = simulateSamples(20, 15)
    const parts = [0, 1].map(place => {
      const out = mkdtempSync(join(folder, 'part-'))
      const own = samples.filter((_, index) => index % 2 === place)
      writeResults(out, writeRun(out, own, { limit: samples.length, shard: `${place + 1}/2` }), own)
      expect(cardOf(out)).toContain(`of shard ${place + 1}/2`)
      expect(cardOf(out)).toContain(`--shard ${place + 1}/2`)
      return out
    })
    await runCommand(mergeCommand(), [...parts, '--out', join(folder, 'merged'), '--quiet'])
    const merged = cardOf(join(folder, 'merged'))
    expect(merged).not.toContain('--shard 1/2')
    expect(merged).toContain('35 answers of a-model')
  })
})

describe('the command of a card', () => {
  it('asks for every setting that is not the default', () => {
    const out = mkdtempSync(join(folder, 'run-'))
    const run = writeRun(out, simulateSamples(1, 1), {
      prompt: {
        style: 'plain',
        systemPrompt: null,
        fewShot: 2,
        digest: '',
        chatTemplateDigest: '',
      },
      decoding: {
        ...{
          maxNewTokens: 9,
          stopIds: [7, 8],
          stopTexts: ['\n\n', 'Q:'],
          temperature: 0.7,
          topK: 20,
          topP: 0.9,
        },
        ...{ minP: 0.1, repetitionPenalty: 1.1, numBeams: 1, lengthPenalty: null, seed: 3, samples: 4 },
        ...{ topLogprobs: 5, pTrue: true },
      },
      mesh: { tp: 2, dp: 3 },
      unsafeFast: true,
      adapters: [{ name: 'a card', kind: 'gpu' }],
      grading: { tolerance: 0.01, severalBoxes: 'last' },
    })
    expect(commandOf(run).replaceAll(' \\\n  ', ' ')).toBe(
      'entrace eval --model a-model --dataset a-set.jsonl --limit 2 --prompt-style plain --few-shot 2 --max-new-tokens 9 ' +
        "--ignore-eos --stop-token 7 --stop-token 8 --stop $'\\x0a\\x0a' --stop Q: --temperature 0.7 --top-k 20 --top-p 0.9 --min-p 0.1 " +
        '--repetition-penalty 1.1 --seed 3 --samples 4 --p-true --tp 2 --dp 3 --unsafe-fast --tolerance 0.01 --several-boxes last --out run',
    )
  })

  it('makes the same run, and nothing in the card says where and whose it was', {
    timeout: 300_000,
  }, async () => {
    const home = join(folder, 'home', 'alice-of-accounts')
    mkdirSync(home, { recursive: true })
    cpSync('models/arith-qwen2', join(home, 'arith-qwen2'), { recursive: true })
    cpSync('datasets/arith-104.jsonl', join(home, 'arith.jsonl'))
    const env = { HOME: home, USERPROFILE: home, USER: 'alice-of-accounts', HF_TOKEN: 'hf_notToBeTold' }
    const first = join(home, 'first')
    const places = { '--model': join(home, 'arith-qwen2'), '--dataset': join(home, 'arith.jsonl') }
    const flags = [
      '--limit',
      '2',
      '--max-new-tokens',
      '12',
      '--temperature',
      '0.5',
      '--seed',
      '4',
      '--adapter',
      'cpu',
    ]
    const asked = [
      ...Object.entries(places).flat(),
      ...flags,
      '--system-prompt',
      'Count:\nonce.',
      '--stop',
      '. ',
    ]
    const made = await runEntrace(['eval', ...asked, '--out', first], env)
    expect(made.exitCode, made.stderr).toBe(0)
    const card = cardOf(first)
    expect(made.stdout).toContain(join(first, 'README.md'))
    expect(card).not.toMatch(/alice|hf_not|\/home|entrace-test/)
    for (const secret of [folder, tmpdir(), hostname(), process.cwd()]) expect(card).not.toContain(secret)

    // As bash reads the command, with the paths in place of the names.
    const [, command] = /```sh\nentrace (.*?)\n```/s.exec(card)!
    const { spawnSync } = await import('node:child_process')
    const { stdout, status } = spawnSync('bash', ['-c', `printf '%s\\0' ${command}`], { encoding: 'utf8' })
    expect(status).toBe(0)
    const words = stdout.split('\0').slice(0, -1)
    for (const [name, place] of Object.entries(places)) words[words.indexOf(name) + 1] = place
    const second = join(home, 'second')
    words[words.indexOf('--out') + 1] = second
    const again = await runEntrace(words, env)
    expect(again.exitCode, again.stderr).toBe(0)
    expect(readRunFile(second, 'run.json').hash).toBe(readRunFile(first, 'run.json').hash)
    expect(existsSync(join(second, 'README.md'))).toBe(true)
    expect(cardOf(second)).toBe(card)
  })
})
