import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, afterEach, expect, it, vi } from 'vitest'
import { createProgress } from '../terminal/progress.ts'
import { findModel } from './find-model.ts'

const shipped = resolve('models/arith-qwen2')
const folder = mkdtempSync(join(tmpdir(), 'entrace-model-'))
const quiet = createProgress(true)
afterEach(() => vi.unstubAllEnvs())
afterAll(() => rmSync(folder, { recursive: true }))

/** The folder of a run of a model of this name. */
function runOf(name: string, revision: string | null = null): string {
  const out = mkdtempSync(join(folder, 'run-'))
  const run = JSON.parse(readFileSync('web/public/demo/run.json', 'utf8'))
  writeFileSync(join(out, 'run.json'), JSON.stringify({ ...run, model: { ...run.model, name, revision } }))
  return out
}

it('finds the model that ships by the name that a run has', async () => {
  expect(await findModel(undefined, runOf('arith-qwen2'), quiet)).toEqual({
    path: shipped,
    name: 'arith-qwen2',
  })
})

it('takes the one that is asked for, and refuses what is none', async () => {
  const other = await findModel('test/models/random-tied', runOf('arith-qwen2'), quiet)
  expect(other).toEqual({ path: resolve('test/models/random-tied'), name: 'random-tied' })
  await expect(findModel(folder, runOf('arith-qwen2'), quiet)).rejects.toThrow(/--model .*config\.json/)
})

it('finds none where there is none, and asks no Hub', async () => {
  vi.stubEnv('HF_ENDPOINT', 'http://127.0.0.1:9')
  vi.stubEnv('HF_HUB_CACHE', join(folder, 'cache'))
  expect(await findModel(undefined, runOf('no-such-model'), quiet)).toBeNull()
  expect(await findModel(undefined, runOf('some/model', '0'.repeat(40)), quiet)).toBeNull()
  expect(await findModel(undefined, folder, quiet)).toBeNull()
})

it("finds a run's model of the Hub in its cache", async () => {
  const commit = '1'.repeat(40)
  vi.stubEnv('HF_ENDPOINT', 'http://127.0.0.1:9')
  vi.stubEnv('HF_HUB_CACHE', join(folder, 'cache'))
  const snapshot = join(folder, 'cache/models--some--model/snapshots', commit)
  mkdirSync(snapshot, { recursive: true })
  cpSync(shipped, snapshot, { recursive: true })
  expect(await findModel(undefined, runOf('some/model', commit), quiet)).toEqual({
    path: snapshot,
    name: 'model',
  })
})
