import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { InputError } from '../../core/input-error.ts'
import { sampleRecord } from '../../test/support/sample-record.ts'
import { type RecordedValues, recordedFlags } from '../run/recorded-flags.ts'
import type { EvalFlags } from './plan-evaluation.ts'
import { runEvaluation } from './run-evaluation.ts'

const folder = mkdtempSync(join(tmpdir(), 'entrace-test-'))
afterAll(() => rmSync(folder, { recursive: true }))

const recorded = Object.fromEntries(
  Object.entries(recordedFlags).map(([name, { default: value }]) => [name, value]),
) as RecordedValues

const flags: EvalFlags = {
  model: 'models/arith-qwen2',
  dataset: 'datasets/arith-104.jsonl',
  out: '',
  loadFormat: 'auto',
  ...recorded,
  temperature: 0,
  adapter: 'cpu',
  unsafeFast: false,
  json: false,
  quiet: true,
  maxConcurrent: 1,
  fewShot: 0,
  showPrompt: false,
  stopToken: [],
  stop: [],
  templateArg: [],
  ignoreEos: false,
  generationConfig: false,
}

/** A folder with these files. */
function folderWith(files: Record<string, string>): string {
  const made = mkdtempSync(join(folder, 'run-'))
  for (const [name, text] of Object.entries(files)) writeFileSync(join(made, name), text)
  return made
}

async function expectRefused(changed: Partial<EvalFlags>, message: RegExp): Promise<void> {
  await expect(runEvaluation({ ...flags, ...changed })).rejects.toThrow(InputError)
  await expect(runEvaluation({ ...flags, ...changed })).rejects.toThrow(message)
}

describe('runEvaluation refuses', () => {
  it.each<[string, string, RegExp]>([
    [
      'of a newer version',
      '{"formatVersion":"2.0","adapters":[]}',
      /run\.json: format version "2\.0", expected 1\.x/,
    ],
    ['that is cut', '{"formatVersion":', /run\.json: is not JSON/],
    ['that is null', 'null', /run\.json: format version undefined/],
    ['without a model', '{"formatVersion":"1.0","dataSet":{},"limit":3}', /run\.json: has no model/],
  ])('a run.json %s, and leaves it as it is', async (_, text, message) => {
    const out = folderWith({ 'run.json': text })
    await expectRefused({ out }, message)
    expect(readFileSync(join(out, 'run.json'), 'utf8')).toBe(text)
    expect(existsSync(join(out, 'samples.jsonl'))).toBe(false)
  })

  it('finished samples of which no run.json says what they are', async () => {
    const sample = { formatVersion: '1.0', ...sampleRecord({}) }
    const out = folderWith({ 'samples.jsonl': `${JSON.stringify(sample)}\n` })
    await expectRefused({ out }, /holds 1 finished samples .* no run\.json/)
  })

  it('a damaged journal, with the number of the line', async () => {
    const out = folderWith({ 'samples.jsonl': '{"formatVersion":"1.0",\n' })
    await expectRefused({ out }, /samples\.jsonl: line 1: is not JSON/)
  })

  it('a folder that cannot be made', async () => {
    await expectRefused({ out: 'package.json' }, /^package\.json: cannot be made a folder \(EEXIST\)/)
    // Where Node's own recursive form of mkdir never ends.
    if (!existsSync('/proc')) return console.log('no folder in /proc was tried: there is no /proc here')
    await expectRefused({ out: '/proc/none/run' }, /^\/proc\/none: cannot be made a folder \(/)
  })

  it('a mesh of too many ranks', async () => {
    await expectRefused({ out: folder, tp: 16, dp: 5 }, /--tp 16 --dp 5: makes 80 ranks, expected at most 64/)
  })

  it('a model without a tokenizer', async () => {
    await expectRefused({ out: folder, model: 'test/models/random-tied' }, /tokenizer\.json/)
  })

  it.each<[string, string | null, RegExp]>([
    ['that is missing', null, /no such file; expected a data set/],
    ['that is empty', '', /expected problems, found none in 0 bytes/],
    ['without an answer column', '{"problem": "1 + 1?"}\n', /column of the answer.*--answer-column/],
    ['with a broken line', '{"problem": "1 + 1?", "answer": "2"}\n{"problem": \n', /line 2/],
  ])('a data set %s', async (_, text, message) => {
    const inside = folderWith(text === null ? {} : { 'data.jsonl': text })
    await expectRefused({ out: join(inside, 'out'), dataset: join(inside, 'data.jsonl') }, message)
    expect(existsSync(join(inside, 'out'))).toBe(false)
  })

  it('a data set that is a folder', async () => {
    await expectRefused({ out: join(folder, 'none'), dataset: 'datasets' }, /datasets: expected a file/)
  })
})
