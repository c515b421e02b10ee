import { mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { InputError } from '../../core/input-error.ts'
import {
  checkSameSettings,
  claimRunFolder,
  describeRun,
  listDifferences,
  type RunSettings,
  readRunDescription,
  uncheckedFiles,
} from './run-description.ts'

const folder = mkdtempSync(join(tmpdir(), 'entrace-test-'))
afterAll(() => rmSync(folder, { recursive: true }))

const settings: RunSettings = {
  model: {
    name: 'arith-qwen2',
    revision: null,
    weightDigest: 'ab12',
    dtypes: ['bf16'],
    files: { 'config.json': '12', 'tokenizer.json': '34' },
  },
  dataSet: {
    name: 'arith-104.jsonl',
    revision: null,
    config: null,
    split: null,
    digest: 'cd34',
    problems: 104,
  },
  prompt: { style: 'plain', systemPrompt: null, fewShot: 0, digest: '0a', chatTemplateDigest: 'ef56' },
  decoding: { maxNewTokens: 96, stopIds: [502, 500], temperature: 0, seed: 0, samples: 1, topLogprobs: 5 },
  mesh: { tp: 1, dp: 1 },
  adapters: [{ name: 'SwiftShader', kind: 'cpu' }],
  unsafeFast: false,
  versions: { entrace: '0.1.0', bits: 1, node: 'v24.0.0', webgpu: '0.6.2', platform: 'linux x64' },
}

/** The same as 0.1.0 recorded it. */
const old: RunSettings = {
  ...settings,
  model: { name: 'arith-qwen2', revision: null, weightDigest: 'ab12', dtypes: ['bf16'] },
  versions: { entrace: '0.1.0', node: 'v24.0.0', webgpu: '0.6.2', platform: 'linux x64' },
}

/** Every path to a single value within the settings that determines a number. */
function pathsOf(value: unknown, path: string[] = []): string[][] {
  if (value === null || typeof value !== 'object') return path.join('.') === 'versions.entrace' ? [] : [path]
  return Object.entries(value).flatMap(([name, inner]) => pathsOf(inner, [...path, name]))
}

/** A copy of the settings with another value at a path. */
function changedAt(path: string[]): RunSettings {
  const copy = structuredClone(settings) as unknown as Record<string, unknown>
  let inner = copy
  for (const name of path.slice(0, -1)) inner = inner[name] as Record<string, unknown>
  inner[path.at(-1)!] = 'another'
  return copy as unknown as RunSettings
}

describe('describeRun', () => {
  it('hashes every setting, and not the limit', () => {
    const { hash } = describeRun(settings, 10)
    expect(hash).toMatch(/^[0-9a-f]{64}$/)
    expect(describeRun(structuredClone(settings), 20)).toMatchObject({ hash, limit: 20 })
    const hashes = pathsOf(settings).map(path => describeRun(changedAt(path), 10).hash)
    expect(new Set([hash, ...hashes]).size).toBe(pathsOf(settings).length + 1)
  })

  it('has one hash for settings that do not differ, whatever the version of the package', () => {
    const { hash } = describeRun(settings, 10)
    const same: RunSettings[] = [
      { ...settings, versions: { ...settings.versions, entrace: '0.3.1' } },
      { ...settings, decoding: { ...settings.decoding, stopIds: [500, 502], sources: { topK: 'flag' } } },
      Object.fromEntries(Object.entries(settings).toReversed()) as unknown as RunSettings,
    ]
    for (const other of same) {
      expect(listDifferences(settings, other)).toEqual([])
      expect(describeRun(other, 10).hash).toBe(hash)
    }
    const raised = { ...settings, versions: { ...settings.versions, bits: 2 } }
    expect(listDifferences(settings, raised)).toEqual(['versions.bits was 1, is 2'])
    const uncertain = { ...settings, unchecked: ['config.json'] }
    expect(listDifferences(settings, uncertain)).toEqual([])
    expect(describeRun(uncertain, 10).hash).not.toBe(hash)
  })
})

describe('listDifferences', () => {
  it('finds none between equal settings, and any single one', () => {
    expect(listDifferences(settings, structuredClone(settings))).toEqual([])
    for (const path of pathsOf(settings)) {
      const differences = listDifferences(settings, changedAt(path))
      expect(differences, path.join('.')).toHaveLength(1)
      // A list is named whole.
      expect(differences[0]).toContain(
        path
          .slice(0, 2)
          .join('.')
          .replace(/\.\d+$/, ''),
      )
    }
  })

  it("names a model's file that is another, or that only one has", () => {
    const withFiles = (files: Record<string, string>) => ({
      ...settings,
      model: { ...settings.model, files },
    })
    expect(listDifferences(settings, withFiles({ 'config.json': '12', 'tokenizer.json': '35' }))).toEqual([
      'model.files.tokenizer.json was "34", is "35"',
    ])
    expect(listDifferences(settings, withFiles({ 'config.json': '12' }))).toEqual([
      'model.files.tokenizer.json was "34", is not set',
    ])
  })

  it('compares with 0.1.0 what that recorded, and says what it did not', () => {
    expect(listDifferences(old, settings)).toEqual([])
    expect(uncheckedFiles([old, settings])).toEqual(['config.json', 'tokenizer.json'])
    expect(uncheckedFiles([old, old])).toEqual(['config.json', 'tokenizer.json'])
    expect(uncheckedFiles([settings, settings])).toEqual([])
    expect(uncheckedFiles([settings, { ...settings, unchecked: ['config.json'] }])).toEqual(['config.json'])
    const raised = { ...settings, versions: { ...settings.versions, bits: 2 } }
    expect(listDifferences(old, raised)).toEqual(['versions.bits was 1, is 2'])
    expect(listDifferences(old, changedAt(['model', 'weightDigest']))).toEqual([
      'model.weightDigest was "ab12", is "another"',
    ])
  })

  it('takes what ends answers in any order', () => {
    const stopsAt = (stopIds: number[]) => ({ ...settings, decoding: { ...settings.decoding, stopIds } })
    expect(listDifferences(settings, stopsAt([500, 502, 500]))).toEqual([])
    expect(listDifferences(settings, stopsAt([502]))).toEqual(['decoding.stopIds was [500,502], is [502]'])
    expect(() => checkSameSettings('run.json', settings, stopsAt([502, 500, 7]))).toThrow(
      /is \[7,500,502\]\. Use the same settings \(--ignore-eos --stop-token 502 --stop-token 500 ends .*\), or another --out$/,
    )
  })

  it('does not mind who asked for a setting', () => {
    const asked = (source: 'flag' | 'generation_config.json') => ({
      ...settings,
      decoding: { ...settings.decoding, topK: null, sources: { topK: source } },
    })
    const unasked = { ...settings, decoding: { ...settings.decoding, topK: null } }
    expect(listDifferences(asked('flag'), asked('generation_config.json'))).toEqual([])
    expect(listDifferences(unasked, asked('flag'))).toEqual([])
  })

  it('reads a run of 0.1.0, which knows of no stop texts', () => {
    const { stopTexts: _, ...decoding } = settings.decoding
    const withTexts = { ...settings, decoding: { ...decoding, stopTexts: ['####'] } }
    expect(listDifferences({ ...settings, decoding }, settings)).toEqual([])
    expect(listDifferences(settings, withTexts)).toEqual(['decoding.stopTexts was not set, is ["####"]'])
  })

  it('names what only one of them has', () => {
    const { systemPrompt: _, ...prompt } = settings.prompt
    const without = { ...settings, prompt } as RunSettings
    expect(listDifferences(without, settings)).toEqual(['prompt.systemPrompt was not set, is null'])
    expect(listDifferences(settings, without)).toEqual(['prompt.systemPrompt was null, is not set'])
  })
})

describe('readRunDescription', () => {
  const path = join(folder, 'damaged.json')
  const written = describeRun(
    { ...settings, unchecked: ['config.json'], mixed: ['versions.bits'] },
    10,
    '2/8',
  )
  const whole = { ...written, problemIds: ['a', 'b'], merged: { samples: 1, of: 2 } }

  it('reads what it wrote, and what 0.1.0 did', () => {
    for (const run of [whole, written, describeRun(old, 3)]) {
      writeFileSync(path, JSON.stringify(run))
      expect(readRunDescription(path)).toEqual(run)
    }
    expect(readRunDescription('test/golden/run-0.1.0/run.json')).toMatchObject({ limit: 2, shard: null })
  })

  it.each<[object, RegExp]>([
    [{ limit: 1e12 }, /limit is 1000000000000, expected an integer from 1 to 20000000/],
    [{ limit: -1 }, /limit is -1/],
    [{ shard: '9/2' }, /shard: expected a shard such as "2\/8"/],
    [{ shard: '0/0' }, /shard: expected a shard such as "2\/8"/],
    [{ limit: 105 }, /limit is 105, expected at most the 104 problems/],
    [{ decoding: { ...settings.decoding, samples: 1e12 } }, /decoding\.samples is 1000000000000/],
    [{ dataSet: { ...settings.dataSet, problems: 'all' } }, /dataSet\.problems is "all"/],
    [
      { limit: 100, decoding: { ...settings.decoding, samples: 1_000_000 } },
      /asks for 1000000 answers to 100 problems, expected at most 20000000/,
    ],
  ])('refuses %j', (change, message) => {
    const path = join(folder, 'counts.json')
    writeFileSync(path, JSON.stringify({ ...describeRun(settings, 10), ...change }))
    expect(() => readRunDescription(path)).toThrow(InputError)
    expect(() => readRunDescription(path)).toThrow(message)
  })

  it('refuses a file that is larger than any', () => {
    const path = join(folder, 'large.json')
    writeFileSync(path, '')
    truncateSync(path, 2 ** 33)
    expect(() => readRunDescription(path)).toThrow(/large\.json: has 8589934592 bytes, expected/)
  })
})

describe('claimRunFolder', () => {
  it('writes run.json, writes it again for a longer run, and leaves that of another run', () => {
    const path = join(folder, 'run.json')
    expect(readRunDescription(path)).toBeNull()
    for (const limit of [10, 20]) {
      claimRunFolder(path, describeRun(settings, limit))
      expect(readRunDescription(path)).toEqual(describeRun(settings, limit))
    }
    const before = readFileSync(path, 'utf8')
    const other = describeRun(changedAt(['decoding', 'seed']), 20)
    expect(() => claimRunFolder(path, other)).toThrow(InputError)
    expect(() => claimRunFolder(path, other)).toThrow(/decoding\.seed was 0, is "another"/)
    expect(readFileSync(path, 'utf8')).toBe(before)
    expect(() => checkSameSettings(path, describeRun(settings, 1), describeRun(settings, 2))).not.toThrow()
  })
})
