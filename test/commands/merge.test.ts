import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, describe, expect, it } from 'vitest'
import { InputError } from '../../core/input-error.ts'
import type { Analysis } from '../../core/study/analysis.ts'
import { analyseCommand } from '../../node-runner/commands/analyse.ts'
import { mergeCommand } from '../../node-runner/commands/merge.ts'
import {
  closeParts,
  describeParts,
  describeWhole,
  joinJournals,
  makeMergeFolder,
  openParts,
} from '../../node-runner/run/merge-runs.ts'
import { runCommand } from '../support/run-command.ts'
import { runEntrace } from '../support/run-entrace.ts'
import { readRunFile } from '../support/run-files.ts'
import { traceSample } from '../support/trace-sample.ts'
import { writeRun } from '../support/write-run.ts'

const folder = mkdtempSync(join(tmpdir(), 'entrace-test-'))
afterAll(() => rmSync(folder, { recursive: true }))
let folders = 0
const newFolder = () => join(folder, `${folders++}`)

// Answers that grading leaves as they are.
const samples = Array.from({ length: 12 }, (_, index) =>
  traceSample(index, index, {
    generatedText: `The answer is \\boxed{${index}}.`,
    extractedAnswer: `${index}`,
    expectedAnswer: `${index - (index % 3 === 0 ? 1 : 0)}`,
    problemIndex: index >> 1,
    sampleIndex: index & 1,
  }),
)

const decoding = { maxNewTokens: 64, stopIds: [2], temperature: 0, seed: 0, samples: 2, topLogprobs: 3 }

/** Joins folders as the command does, without its results. */
function joinParts(parts: string[], out: string): string {
  const opened = openParts(describeParts(parts))
  try {
    describeWhole(opened)
    makeMergeFolder(out, opened)
    joinJournals(join(out, 'samples.jsonl'), opened)
    return readFileSync(join(out, 'samples.jsonl'), 'utf8')
  } finally {
    closeParts(opened)
  }
}

describe('merge', () => {
  it('makes the files that one run over everything has', async () => {
    const [whole, even, odd, out] = [newFolder(), newFolder(), newFolder(), newFolder()]
    const changes = { limit: 6 }
    writeRun(whole, samples, changes)
    writeRun(even, samples.filter(sample => sample.problemIndex % 2 === 0).toReversed(), {
      ...changes,
      shard: '1/2',
    })
    writeRun(
      odd,
      samples.filter(sample => sample.problemIndex % 2 === 1),
      { ...changes, shard: '2/2' },
    )
    const analysed = await runCommand(analyseCommand(), [whole, '--json'])
    const merged = await runCommand(mergeCommand(), [even, odd, '--out', out, '--json'])
    expect(merged.stdout).toBe(analysed.stdout)
    const isWhole = { merged: { samples: 6, of: 6 } }
    expect(readRunFile(out, 'run.json')).toEqual({ ...readRunFile(whole, 'run.json'), ...isWhole })
    const names = ['samples.jsonl', 'all_results.json', 'summary.parquet', 'traces.parquet', 'analysis.json']
    for (const name of [...names, 'entropy_analysis.svg'])
      expect(readFileSync(join(out, name)).equals(readFileSync(join(whole, name))), name).toBe(true)
    expect(existsSync(join(out, 'lock'))).toBe(false)

    const elsewhere = runCommand(mergeCommand(), [even, odd, '--out', whole])
    await expect(elsewhere).rejects.toThrow(/holds a run already, expected a new folder/)
  })

  it('joins any parts, overlapping or not, to the same journal', () => {
    const whole = newFolder()
    writeRun(whole, samples)
    const expected = readFileSync(join(whole, 'samples.jsonl'), 'utf8')
    const anyParts = fc
      .array(fc.array(fc.integer({ min: 0, max: 2 }), { minLength: 12, maxLength: 12 }), {
        minLength: 3,
        maxLength: 3,
      })
      .map(([one, two, three]) =>
        [0, 1, 2].map(part =>
          samples.filter(
            (_, index) => one![index] === part || two![index] === part || three![index] === part,
          ),
        ),
      )
    fc.assert(
      fc.property(anyParts, parts => {
        const paths = parts.map(part => {
          const path = newFolder()
          writeRun(path, part, { limit: 12 })
          return path
        })
        expect(joinParts(paths, newFolder())).toBe(expected)
      }),
      { numRuns: 20 },
    )
  })

  it('keeps the first of samples that differ in timings only, and refuses others by name', () => {
    const [one, slower, other] = [newFolder(), newFolder(), newFolder()]
    writeRun(one, samples.slice(0, 3))
    writeRun(slower, [{ ...samples[1]!, durationMs: 7 }])
    writeRun(other, [{ ...samples[1]!, generatedText: 'else', correct: false }])
    expect(joinParts([one, slower], newFolder())).toBe(readFileSync(join(one, 'samples.jsonl'), 'utf8'))
    const out = newFolder()
    expect(() => joinParts([one, other], out)).toThrow(
      new RegExp(
        `${other}: answer 1 to problem 0 \\(problem-1\\) differs from that in ${one} in generatedText, correct;`,
      ),
    )
    expect(existsSync(join(out, 'samples.jsonl'))).toBe(false)
  })

  it('refuses runs of other settings, folders that hold none, and a part as the output', async () => {
    const [one, other] = [newFolder(), newFolder()]
    writeRun(one, samples.slice(0, 2))
    writeRun(other, samples.slice(2, 4), { mesh: { tp: 2, dp: 1 } })
    expect(() => describeParts([one, other])).toThrow(/is not a part of the run in .*: mesh.tp was 1, is 2;/)
    expect(() => describeParts([one, newFolder()])).toThrow(/expected a run's folder/)
    expect(() => describeParts([one, join(one, '.')])).toThrow(/is named twice, expected each part once/)
    expect(() => joinParts([one], one)).toThrow(/is one of the parts/)
    const { exitCode, stderr } = await runEntrace(['merge', one, other, '--out', newFolder()])
    expect(exitCode).toBe(2)
    expect(stderr).toMatch(/^entrace: .*mesh\.tp was 1, is 2/)
  })

  it('refuses parts of two models, by the file that is another', async () => {
    const modelOf = (config: string) => ({
      name: 'a-model',
      revision: null,
      weightDigest: 'a'.repeat(64),
      dtypes: ['bf16'],
      files: { 'config.json': config, 'tokenizer.json': 'ef' },
    })
    const [one, other, old] = [newFolder(), newFolder(), newFolder()]
    writeRun(one, samples.slice(0, 2), { model: modelOf('ab') })
    writeRun(other, samples.slice(2, 4), { model: modelOf('cd') })
    writeRun(old, samples.slice(4, 6))
    const twoModels = /is not a part of the run in .*: model\.files\.config\.json was "ab", is "cd"/
    expect(() => describeParts([one, other])).toThrow(twoModels)
    expect(() => describeParts([one, other], true)).toThrow(twoModels)
    // 0.1.0 recorded no files: a part of it stands in no other's way, and is in no doubt itself.
    expect(() => describeParts([old, one, other])).toThrow(twoModels)
    const out = newFolder()
    const { stderr } = await runEntrace(['merge', old, one, '--out', out, '--partial'])
    expect(stderr).toMatch(
      /^warning: config\.json, tokenizer\.json: whether all parts .* could not be checked/m,
    )
    expect(readRunFile(out, 'run.json')).toMatchObject({
      model: modelOf('ab'),
      unchecked: ['config.json', 'tokenizer.json'],
    })
  })

  it('refuses parts of another driver or version before it reads a journal, and takes them where that is asked', async () => {
    const versions = { entrace: '0.1.0', bits: 1, node: 'v24.0.0', webgpu: '0.6.2', platform: 'linux x64' }
    const adapters = [{ name: 'an adapter 550.54', kind: 'gpu' as const }]
    const shard = (index: number, changes: object) => {
      const path = newFolder()
      const own = samples.filter(({ problemIndex }) => problemIndex % 2 === index - 1)
      writeRun(path, own, { limit: 6, decoding, versions, adapters, shard: `${index}/2`, ...changes })
      return path
    }
    const one = shard(1, {})
    // A release that computes the same bits is no other version.
    expect(describeParts([one, shard(2, { versions: { ...versions, entrace: '0.3.0' } })])).toHaveLength(2)
    const others = {
      adapters: shard(2, { adapters: [{ name: 'an adapter 550.90', kind: 'gpu' }] }),
      'versions.webgpu': shard(2, { versions: { ...versions, webgpu: '0.6.3' } }),
      'versions.bits': shard(2, { versions: { ...versions, bits: 2 } }),
    }
    for (const [name, other] of Object.entries(others)) {
      const whole = readFileSync(join(other, 'samples.jsonl'))
      writeFileSync(join(other, 'samples.jsonl'), 'no journal\n')
      const refused = runCommand(mergeCommand(), [one, other, '--out', newFolder()])
      await expect(refused).rejects.toThrow(InputError)
      await expect(refused).rejects.toThrow(
        new RegExp(`made by another driver or version than .*: ${name} was .*--allow-mixed`),
      )
      writeFileSync(join(other, 'samples.jsonl'), whole)
      const out = newFolder()
      await runCommand(mergeCommand(), [one, other, '--out', out, '--allow-mixed'])
      const { mixed, hash } = readRunFile(out, 'run.json')
      expect(mixed).toEqual([expect.stringMatching(`^shard 2/2: ${name} was .*, is .*`)])
      expect(hash).not.toBe(readRunFile(one, 'run.json')['hash'])
    }
  })

  it('writes what is there of a run, names what is not, ends with 1, and replaces that result', async () => {
    const shard = (index: number) => {
      const path = newFolder()
      const own = samples.filter(({ problemIndex }) => problemIndex % 3 === index - 1)
      const problemIds = Array.from({ length: 6 }, (_, place) => `problem-${place}`)
      writeRun(path, own, { limit: 6, decoding, shard: `${index}/3`, problemIds })
      return path
    }
    const parts = [shard(1), shard(2), shard(3)] as const
    const out = newFolder()
    const missing =
      'problem-1 \\(answer 1\\), problem-1 \\(answer 2\\), problem-4 \\(answer 1\\), problem-4 \\(answer 2\\)'
    const named = `4 of 12 samples are in none of the folders, of shards 2/3 \\(all 4\\). Missing: ${missing}\\. .* marked as a part`
    const quiet = await runEntrace(['merge', parts[0], parts[2], '--out', out, '--quiet'])
    expect([quiet.exitCode, quiet.stdout]).toEqual([1, ''])
    expect(quiet.stderr).toMatch(new RegExp(`^entrace: ${named}.*--partial`))
    expect(readRunFile(out, 'run.json')).toMatchObject({ merged: { samples: 8, of: 12 } })
    expect(readRunFile(out, 'all_results.json')).toMatchObject({ coverage: { samples: 8, of: 12 } })
    const { coverage, warnings } = readRunFile(out, 'analysis.json') as unknown as Analysis
    expect(coverage).toMatchObject({ samples: 8, of: 12, missing: { count: 4 } })
    expect(warnings[0]).toMatch(
      new RegExp(`^This is a part of the run: 8 of 12 samples\\. Missing: ${missing}\\. Short answers`),
    )

    const partial = await runEntrace(['merge', parts[0], parts[2], '--out', out, '--partial'])
    expect([partial.exitCode, partial.stderr]).toEqual([
      0,
      expect.stringMatching(new RegExp(`^warning: ${named}(?!.*--partial)`, 'm')),
    ])
    const silent = await runEntrace(['merge', parts[0], parts[2], '--out', out, '--partial', '--quiet'])
    expect([silent.exitCode, silent.stdout, silent.stderr]).toEqual([0, '', ''])

    const whole = await runEntrace(['merge', ...parts, '--out', out, '--quiet'])
    expect([whole.exitCode, whole.stderr]).toEqual([0, ''])
    expect(readRunFile(out, 'run.json')).toMatchObject({ merged: { samples: 12, of: 12 } })
    expect(readRunFile(out, 'all_results.json')).not.toHaveProperty('coverage')
    // What other parts have made since would be lost.
    const fewer = await runEntrace(['merge', parts[0], '--out', out])
    expect([fewer.exitCode, fewer.stderr]).toEqual([
      2,
      expect.stringContaining('holds answer 0 to problem 1, which none of them has'),
    ])
  })

  it('says how many samples are in no part, and of which shards they are', async () => {
    const shardOf = (index: number, count: number, kept: (problemIndex: number) => boolean = () => true) => {
      const path = newFolder()
      const own = samples.filter(
        ({ problemIndex }) => problemIndex % count === index - 1 && kept(problemIndex),
      )
      writeRun(path, own, { limit: 6, decoding, shard: `${index}/${count}` })
      return path
    }
    const warningOf = async (...parts: string[]) => {
      const { stderr } = await runCommand(mergeCommand(), [...parts, '--out', newFolder(), '--partial'])
      return /^warning: (\d+ of \d+ samples are in none of the folders.*?)\. Missing: /m.exec(stderr)?.[1]
    }
    const none = 'samples are in none of the folders'
    expect(await warningOf(shardOf(1, 3), shardOf(2, 3), shardOf(3, 3))).toBeUndefined()
    expect(await warningOf(shardOf(3, 3), shardOf(1, 3))).toBe(`4 of 12 ${none}, of shards 2/3 (all 4)`)
    expect(await warningOf(shardOf(1, 4, index => index > 0))).toBe(
      `10 of 12 ${none}, of shards 1/4 (2 of 4), 2/4 (all 4), 3/4 (all 2), 4/4 (all 2)`,
    )
    // Of parts of two divisions it cannot be said whose they were.
    expect(await warningOf(shardOf(1, 2), shardOf(2, 4))).toBe(`2 of 12 ${none}`)
    const whole = newFolder()
    writeRun(whole, samples.slice(0, 6), { limit: 6, decoding })
    expect(await warningOf(whole)).toBe(`6 of 12 ${none}`)
  })
})
