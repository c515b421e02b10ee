import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, afterEach, beforeAll, expect, it, vi } from 'vitest'
import { InputError } from '../../core/input-error.ts'
import { createProgress } from '../terminal/progress.ts'
import { findModel } from './find-model.ts'

const shipped = resolve('models/arith-qwen2')
const folder = realpathSync(mkdtempSync(join(tmpdir(), 'entrace-model-')))
const quiet = createProgress(true)
const commit = '1'.repeat(40)
const snapshot = join(folder, 'cache/models--some--model/snapshots', commit)
beforeAll(() => {
  mkdirSync(snapshot, { recursive: true })
  cpSync(shipped, snapshot, { recursive: true })
  mkdirSync(join(snapshot, '../../refs'))
  writeFileSync(join(snapshot, '../../refs/main'), commit)
})
afterEach(() => vi.unstubAllEnvs())
afterAll(() => rmSync(folder, { recursive: true }))

/** The folder of a run of a model of this name. */
function runOf(name: unknown, revision: unknown = null): string {
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

it.each([
  ['a path', shipped],
  ['a path from here', 'models/arith-qwen2'],
  ['a path that leads up', '../arith-qwen2'],
  ['a path that leads up and back', `x/../../models/arith-qwen2`],
  ['one dot', '.'],
  ['two dots', '..'],
  ['nothing', ''],
  ['an encoded path', '..%2farith-qwen2'],
  ['a path of Windows', 'C:\\models\\arith-qwen2'],
  ['an end of the text', 'arith-qwen2\0'],
  ['a line end', 'arith-qwen2\n'],
  ['a slash at the end', 'arith-qwen2/'],
  ['a list', ['arith-qwen2']],
  ['an object', { toString: 'arith-qwen2' }],
  ['a number', 7],
])('serves no folder for a run that calls its model %s', async (_, name) => {
  if (typeof name === 'string') expect(await findModel(undefined, runOf(name), quiet)).toBeNull()
  else await expect(async () => findModel(undefined, runOf(name), quiet)).rejects.toThrow(InputError)
})

it.each(['main', '../../x', 7, [commit], `${commit}\n`, `${commit}/../${commit}`])(
  "takes nothing from the Hub's cache for the revision %j",
  async revision => {
    vi.stubEnv('HF_HUB_CACHE', join(folder, 'cache'))
    const find = async () => findModel(undefined, runOf('some/model', revision), quiet)
    if (typeof revision === 'string') expect(await find()).toBeNull()
    else await expect(find).rejects.toThrow(InputError)
  },
)

it('serves no folder of the run, no folder here but models, and none that a link in models names', async () => {
  const run = runOf('mine')
  const elsewhere = join(folder, 'elsewhere')
  for (const path of [join(run, 'models/mine'), join(run, 'mine'), join(elsewhere, 'mine')])
    cpSync(shipped, path, { recursive: true })
  mkdirSync(join(elsewhere, 'models'))
  symlinkSync('../mine', join(elsewhere, 'models/mine'))
  const cwd = vi.spyOn(process, 'cwd')
  for (const here of [run, join(run, 'models'), elsewhere, folder]) {
    cwd.mockReturnValue(here)
    expect(await findModel(undefined, run, quiet), here).toBeNull()
  }
  rmSync(join(elsewhere, 'models/mine'))
  cpSync(shipped, join(elsewhere, 'models/mine'), { recursive: true })
  cwd.mockReturnValue(elsewhere)
  expect(await findModel(undefined, run, quiet)).toEqual({
    path: join(elsewhere, 'models/mine'),
    name: 'mine',
  })
  cwd.mockRestore()
})

it('does not read a run.json that is a link', async () => {
  const linked = mkdtempSync(join(folder, 'linked-'))
  symlinkSync(join(runOf('arith-qwen2'), 'run.json'), join(linked, 'run.json'))
  expect(await findModel(undefined, linked, quiet)).toBeNull()
})

it('finds none where there is none, and asks no Hub', async () => {
  vi.stubEnv('HF_ENDPOINT', 'http://127.0.0.1:9')
  vi.stubEnv('HF_HUB_CACHE', join(folder, 'cache'))
  expect(await findModel(undefined, runOf('no-such-model'), quiet)).toBeNull()
  expect(await findModel(undefined, runOf('some/model', '0'.repeat(40)), quiet)).toBeNull()
  expect(await findModel(undefined, folder, quiet)).toBeNull()
})

it("finds a run's model of the Hub in its cache", async () => {
  vi.stubEnv('HF_ENDPOINT', 'http://127.0.0.1:9')
  vi.stubEnv('HF_HUB_CACHE', join(folder, 'cache'))
  expect(await findModel(undefined, runOf('some/model', commit), quiet)).toEqual({
    path: snapshot,
    name: 'model',
  })
})
