import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { openModel, readModelConfig } from '../../node-runner/models/open-model.ts'
import { createProgress } from '../../node-runner/terminal/progress.ts'
import { findModel } from '../../node-runner/view/find-model.ts'
import { decodeGguf, encodeGguf } from '../support/encode-gguf.ts'
import { commitOf, type HubServer, serveHub } from '../support/hub-server.ts'
import { runEntrace } from '../support/run-entrace.ts'
import { readRunFile } from '../support/run-files.ts'

const folder = mkdtempSync(join(tmpdir(), 'entrace-test-'))
let server: HubServer
let env: NodeJS.ProcessEnv

const file = (type: string) => new Uint8Array(readFileSync(`test/models/gguf/tiny-qwen2-${type}.gguf`))
const f16 = file('f16')
const shard = (number: number) =>
  encodeGguf({ 'split.no': number, 'split.count': 2, 'split.tensors.count': 0 }, [])
/** A file whose tensors are far longer than its header. */
const long = new Uint8Array(3_000_000)
long.set(f16)
const { metadata, tensors } = await decodeGguf(f16)
const template = '{% for message in messages %}{{ message.content }}{% endfor %}'
const chatting = encodeGguf({ ...metadata, 'tokenizer.chat_template': template }, tensors)

beforeAll(async () => {
  server = await serveHub([
    {
      id: 'models/test-org/tiny-GGUF',
      revisions: {
        main: {
          'README.md': new Uint8Array(10),
          'config.json': new TextEncoder().encode('{"model_type": "qwen2"}'),
          'tiny-Q4_K_M.gguf': file('mixed-q4_k_m'),
          'tiny-UD-Q4_K_M.gguf': file('q5_k'),
          'tiny.f16.gguf': f16,
          'mmproj-tiny-q8_0.gguf': new Uint8Array(2000),
          'imatrix.gguf': new Uint8Array(2000),
          'Q2_K/tiny-Q2_K-00001-of-00002.gguf': shard(0),
          'Q2_K/tiny-Q2_K-00002-of-00002.gguf': shard(1),
        },
        single: { 'whatever.gguf': long },
        several: { 'a-Q8_0.gguf': file('q8_0'), 'b-F16.gguf': f16 },
        chatting: { 'tiny-F16.gguf': chatting },
        both: { 'a-Q8_0.gguf': file('q8_0'), 'b-Q8_0.gguf': file('q8_0') },
      },
    },
  ])
  env = { HF_ENDPOINT: server.url, HF_TOKEN: undefined, HF_HUB_CACHE: undefined, HF_HUB_OFFLINE: undefined }
})
afterAll(async () => {
  vi.unstubAllEnvs()
  await server.close()
  rmSync(folder, { recursive: true })
})
beforeEach(() => {
  env['HF_HOME'] = mkdtempSync(join(folder, 'home-'))
  for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value)
  server.requests.length = 0
})
const quiet = createProgress(true)
const fetched = () => server.requests.flatMap(({ path }) => /resolve\/\w+\/(.*)/.exec(path)?.[1] ?? [])

describe('a model in GGUF of the Hub', () => {
  it.each([
    ['test-org/tiny-GGUF', 'tiny-Q4_K_M.gguf', 'main', 'q4_k'],
    ['test-org/tiny-GGUF:q4_k_m', 'tiny-Q4_K_M.gguf', 'main', 'q4_k'],
    ['hf.co/test-org/tiny-GGUF:UD-Q4_K_M', 'tiny-UD-Q4_K_M.gguf', 'main', 'q5_k'],
    ['https://huggingface.co/test-org/tiny-GGUF:F16', 'tiny.f16.gguf', 'main', 'f16'],
    ['test-org/tiny-GGUF:tiny.f16.gguf', 'tiny.f16.gguf', 'main', 'f16'],
    ['test-org/tiny-GGUF@several:Q8_0', 'a-Q8_0.gguf', 'several', 'q8_0'],
    ['test-org/tiny-GGUF@single', 'whatever.gguf', 'single', 'f16'],
  ])('%s is %s', async (model, path, revision, type) => {
    const opened = await openModel(model, 'auto', quiet)
    await opened.close()
    expect(opened).toMatchObject({ name: 'test-org/tiny-GGUF', file: path, revision: commitOf(revision) })
    expect(new Set([...opened.weights.values()].map(({ dtype }) => dtype))).toContain(type)
    expect(fetched()).toEqual([path])
  })

  it.each([
    [
      'test-org/tiny-GGUF:Q3_K_M',
      /tiny-GGUF: has no file of type Q3_K_M, expected one; choose among .*tiny-Q4_K_M\.gguf/,
    ],
    [
      'test-org/tiny-GGUF@several',
      /holds 2 models in GGUF, of which Q4_K_M is none.*a-Q8_0\.gguf, b-F16\.gguf/,
    ],
    [
      'test-org/tiny-GGUF@both:Q8_0',
      /has several files of type Q8_0, expected one; choose among a-Q8_0\.gguf/,
    ],
    ['here/none.gguf', /none\.gguf: no such/],
  ])('%s is refused', async (model, message) => {
    await expect(openModel(model, 'auto', quiet)).rejects.toThrow(message)
    expect(fetched()).toEqual([])
  })

  it('in shards comes with all of them', async () => {
    const opening = openModel('test-org/tiny-GGUF:Q2_K', 'auto', quiet)
    await expect(opening).rejects.toThrow(/00001-of-00002\.gguf: general\.architecture is missing/)
    expect(fetched()).toEqual([1, 2].map(number => `Q2_K/tiny-Q2_K-0000${number}-of-00002.gguf`))
  })

  it('is not downloaded to know its config', async () => {
    expect(await readModelConfig('test-org/tiny-GGUF@single', quiet)).toMatchObject({
      family: 'qwen2',
      layers: 2,
    })
    const sent = server.requests.reduce((sum, { sentBytes }) => sum + sentBytes, 0)
    expect(sent).toBeLessThan(long.length / 4)
    expect(readdirSync(env['HF_HOME']!, { recursive: true }).join()).not.toContain('blobs')
    // Once it is there, it is read from there.
    await (await openModel('test-org/tiny-GGUF@single', 'auto', quiet)).close()
    server.requests.length = 0
    await readModelConfig('test-org/tiny-GGUF@single', quiet)
    expect(fetched()).toEqual([])
  })

  it('answers, is named by the run, and found again by it', async () => {
    const out = join(folder, 'run')
    const asked = [
      'eval',
      '--model',
      'test-org/tiny-GGUF@chatting',
      '--dataset',
      'datasets/arith-104.jsonl',
      '--limit',
      '1',
    ]
    const settings = ['--max-new-tokens', '3', '--adapter', 'cpu', '--out', out]
    const { exitCode, stderr } = await runEntrace([...asked, ...settings], env)
    expect(exitCode, stderr).toBe(0)
    const { model } = readRunFile(out, 'run.json') as { model: Record<string, unknown> }
    expect(model).toMatchObject({
      name: 'test-org/tiny-GGUF',
      revision: commitOf('chatting'),
      file: 'tiny-F16.gguf',
      dtypes: ['f16', 'f32'],
      files: { 'tiny-F16.gguf': expect.stringMatching(/^[0-9a-f]{64}$/) },
    })
    const found = await findModel(undefined, out, quiet)
    expect(found?.name).toBe('tiny-GGUF')
    expect(existsSync(found!.path)).toBe(true)
    expect(found!.path).toMatch(/tiny-F16\.gguf$/)
  })
})
