import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Command } from 'commander'
import { parquetWriteBuffer } from 'hyparquet-writer'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { InputError } from '../../core/input-error.ts'
import { evalCommand } from '../../node-runner/commands/eval.ts'
import { planCommand } from '../../node-runner/commands/plan.ts'
import { fetchModel } from '../../node-runner/models/fetch-from-hub.ts'
import { openModel } from '../../node-runner/models/open-model.ts'
import { createProgress } from '../../node-runner/terminal/progress.ts'
import { blobNameOf, commitOf, type HubServer, serveHub } from '../support/hub-server.ts'
import { runCommand } from '../support/run-command.ts'
import { runEntrace } from '../support/run-entrace.ts'
import { readResults, readRunFile } from '../support/run-files.ts'

const folder = mkdtempSync(join(tmpdir(), 'entrace-test-'))
let server: HubServer
let env: NodeJS.ProcessEnv

const filesOf = (path: string): Record<string, Uint8Array> =>
  Object.fromEntries(readdirSync(path).map(name => [name, new Uint8Array(readFileSync(join(path, name)))]))
const filesNamed = (...names: string[]): Record<string, Uint8Array> =>
  Object.fromEntries(names.map(name => [name, new TextEncoder().encode(name)]))
const arith = filesOf('models/arith-qwen2')
const weights = arith['model.safetensors']!

function arithParquet(first: number, end: number): Uint8Array {
  const lines = readFileSync('datasets/arith-104.jsonl', 'utf8').trim().split('\n').slice(first, end)
  const rows = lines.map(line => JSON.parse(line) as Record<string, unknown>)
  const names = ['id', 'problem', 'solution', 'answer', 'level', 'operations']
  const columnData = names.map(name => ({ name, data: rows.map(row => row[name]) }))
  return new Uint8Array(parquetWriteBuffer({ columnData }))
}

beforeAll(async () => {
  server = await serveHub([
    {
      id: 'models/test-org/arith',
      revisions: { main: { ...arith, 'pytorch_model.bin': new Uint8Array(5000) } },
      access: 'private',
    },
    {
      id: 'models/test-org/older',
      revisions: {
        main: filesNamed(
          ...['config.json', 'vocab.json', 'merges.txt', 'added_tokens.json', 'README.md'],
          ...['additional_chat_templates/default.jinja', 'additional_chat_templates/tool_use.jinja'],
        ),
        both: {
          ...filesNamed(
            'config.json',
            'tokenizer.json',
            'vocab.json',
            'merges.txt',
            'special_tokens_map.json',
          ),
          'tokenizer_config.json': arith['tokenizer_config.json']!,
        },
      },
    },
    { id: 'models/test-org/two-files', revisions: { 'v1.0': filesOf('test/models/random-two-files') } },
    {
      id: 'datasets/test-org/arith-104',
      revisions: {
        main: {
          'data/test-00000-of-00002.parquet': arithParquet(0, 60),
          'data/test-00001-of-00002.parquet': arithParquet(60, 100),
          'data/train-00000-of-00001.parquet': arithParquet(100, 104),
        },
      },
    },
  ])
  env = {
    HF_ENDPOINT: server.url,
    HF_TOKEN: server.token,
    HF_HOME: join(folder, 'home'),
    HF_HUB_CACHE: undefined,
    HUGGINGFACE_HUB_CACHE: undefined,
    HF_HUB_OFFLINE: undefined,
  }
})
afterAll(async () => {
  await server.close()
  rmSync(folder, { recursive: true })
})

const model = ['--model', 'test-org/arith']
const dataSet = ['--dataset', 'test-org/arith-104', '--split', 'test']
const evaluate = (out: string, ...more: string[]) => [
  'eval',
  ...model,
  ...dataSet,
  '--out',
  join(folder, out),
  '--adapter',
  'cpu',
  '--limit',
  '2',
  '--max-new-tokens',
  '6',
  ...more,
]
/** Does something with the Hub's settings in this process, whose start takes longer than most of what is tested. */
async function within<T>(work: () => Promise<T>, more: NodeJS.ProcessEnv = {}): Promise<T> {
  for (const [name, value] of Object.entries({ ...env, ...more })) vi.stubEnv(name, value)
  try {
    return await work()
  } finally {
    vi.unstubAllEnvs()
  }
}
const runHere = (command: Command, args: string[], more?: NodeJS.ProcessEnv) =>
  within(() => runCommand(command, args), more)
const askedFor = (pattern: RegExp) => server.requests.filter(({ path }) => pattern.test(path))

describe('models and data sets of the Hub', () => {
  it('plan needs the config alone', async () => {
    const { stdout } = await runHere(planCommand(), [...model, '--quiet'])
    expect(stdout).not.toBe('')
    expect(askedFor(/resolve/).map(({ path }) => path.replace(/.*\//, ''))).toEqual(['config.json'])
  })

  it('--show-prompt shows the prompt, with examples, and loads no weights', async () => {
    const args = ['eval', ...model, ...dataSet, '--show-prompt', '--few-shot', '2', '--prompt-style', 'boxed']
    const { exitCode, stdout, stderr } = await runEntrace(args, env)
    expect(exitCode, stderr).toBe(0)
    expect(stdout).toMatch(/<\|im_start\|>system\nSolve .*\\boxed\{\}\.<\|im_end\|>/)
    expect(stdout.match(/<\|im_start\|>assistant\n/g)).toHaveLength(3)
    expect(stdout).toContain('Anna has 147 marbles')
    expect(stderr).toMatch(/^\d+ tokens, problem 0, style boxed$/m)
    expect(askedFor(/safetensors/)).toEqual([])
  })

  it('of a tokenizer those files are fetched that make prompts', async () => {
    const fetched = async (revision: string) => {
      const { path } = await within(() =>
        fetchModel({ type: 'model', id: 'test-org/older', revision }, 'prompts', createProgress(true)),
      )
      return readdirSync(path, { recursive: true, withFileTypes: true }).flatMap(entry =>
        entry.isDirectory() ? [] : entry.name,
      )
    }
    const names = await fetched('main')
    expect(names.sort()).toEqual(
      'added_tokens.json config.json default.jinja merges.txt vocab.json'.split(' '),
    )
    // Where newer files say all, a cache without the older ones is whole.
    expect((await fetched('both')).sort()).toEqual(['config.json', 'tokenizer.json', 'tokenizer_config.json'])
  })

  it('a model in several files, at a revision, is read from the cache as from a folder', async () => {
    const [hub, local] = await within(() =>
      Promise.all(
        ['test-org/two-files@v1.0', 'test/models/random-two-files'].map(name => openModel(name, 'auto')),
      ),
    )
    expect([hub!.name, hub!.revision]).toEqual(['test-org/two-files', commitOf('v1.0')])
    expect([...hub!.weights.keys()]).toEqual([...local!.weights.keys()])
    for (const [name, entry] of hub!.weights) {
      const own = local!.weights.get(name)!
      expect(Buffer.from(await entry.source.slice(entry.start, entry.start + entry.byteLength))).toEqual(
        Buffer.from(await own.source.slice(own.start, own.start + own.byteLength)),
      )
    }
    await Promise.all([hub!.close(), local!.close()])
  })

  it('a model that is neither here nor there is refused, and why in both places', async () => {
    const refused = runHere(planCommand(), ['--model', 'test-org/none'])
    await expect(refused).rejects.toThrow(InputError)
    await expect(refused).rejects.toThrow(
      /^--model test-org\/none: no such folder, .*HF_TOKEN for it \(status 401\): check the name/,
    )
  })

  it('eval goes on with a cut download, checks it, and does without the Hub the next time', async () => {
    const blob = new RegExp(blobNameOf(weights))
    server.faults.push({ path: blob, kind: 'cut', afterBytes: 1_000_000 })
    const online = await runEntrace(evaluate('online'), env)
    expect(online.exitCode, online.stderr).toBe(0)
    expect(online.stderr).toMatch(/downloading test-org\/arith .* of /)
    // What had arrived when the connection was cut is not asked for again; how much of it had is the network's.
    const asked = askedFor(blob)
    expect(asked.map(({ authorization }) => authorization)).toEqual([undefined, undefined])
    const [first, second] = asked.map(({ range }) => Number(/^bytes=(\d+)-$/.exec(range ?? '')?.[1]))
    expect(first).toBe(0)
    expect(second).toBeGreaterThan(0)
    expect(second).toBeLessThanOrEqual(1_000_000)
    expect(asked[1]!.sentBytes).toBe(weights.length - second!)
    expect(askedFor(/pytorch|README/)).toEqual([])
    const commit = commitOf('main')
    expect(readRunFile(join(folder, 'online'), 'run.json')).toMatchObject({
      model: { name: 'test-org/arith', revision: commit },
      dataSet: {
        name: 'test-org/arith-104',
        revision: commit,
        config: 'default',
        split: 'test',
        problems: 100,
      },
      prompt: { style: 'plain', systemPrompt: null, fewShot: 0 },
      shard: null,
    })

    await server.close()
    const offline = await runEntrace(evaluate('offline', '--shard', '2/2'), env)
    expect(offline.exitCode, offline.stderr).toBe(0)
    expect(offline.stderr).toMatch(/test-org\/arith: .* cannot be reached; using commit/)
    const [whole, part] = [readResults(join(folder, 'online')), readResults(join(folder, 'offline'))]
    expect(part.map(({ problemId }) => problemId)).toEqual(['1'])
    expect(part[0]!.tokenIds).toEqual(whole[1]!.tokenIds)
    expect(part[0]!.tokenEntropiesNats).toEqual(whole[1]!.tokenEntropiesNats)
    const run = (name: string) => readRunFile(join(folder, name), 'run.json')
    expect([run('offline')['shard'], run('offline')['hash']]).toEqual(['2/2', run('online')['hash']])

    const [, ...otherShard] = evaluate('offline', '--shard', '1/2', '--quiet')
    const refused = runHere(evalCommand(), otherShard, { HF_HUB_OFFLINE: '1' })
    await expect(refused).rejects.toThrow(/holds shard 2\/2, expected shard 1\/2/)
  })
})
