import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, describe, expect, it } from 'vitest'
import { analyseCommand } from '../../node-runner/commands/analyse.ts'
import { mergeCommand } from '../../node-runner/commands/merge.ts'
import {
  closeParts,
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
  const opened = openParts(parts)
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
    expect(readRunFile(out, 'run.json')).toEqual(readRunFile(whole, 'run.json'))
    const names = ['samples.jsonl', 'all_results.json', 'summary.parquet', 'traces.parquet', 'analysis.json']
    for (const name of [...names, 'entropy_analysis.svg'])
      expect(readFileSync(join(out, name)).equals(readFileSync(join(whole, name))), name).toBe(true)
    expect(existsSync(join(out, 'lock'))).toBe(false)

    const again = runCommand(mergeCommand(), [even, odd, '--out', out])
    await expect(again).rejects.toThrow(/holds a run already, expected a new folder/)
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
    expect(() => openParts([one, other])).toThrow(/is not a part of the run in .*: mesh.tp was 1, is 2;/)
    expect(() => openParts([one, newFolder()])).toThrow(/expected a run's folder/)
    expect(() => openParts([one, join(one, '.')])).toThrow(/is named twice, expected each part once/)
    expect(() => joinParts([one], one)).toThrow(/holds a run already/)
    const { exitCode, stderr } = await runEntrace(['merge', one, other, '--out', newFolder()])
    expect(exitCode).toBe(2)
    expect(stderr).toMatch(/^entrace: .*mesh\.tp was 1, is 2/)
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
      const { stderr } = await runCommand(mergeCommand(), [...parts, '--out', newFolder()])
      return /^warning: (.* are in none of the folders.*); entrace eval .* makes them$/m.exec(stderr)?.[1]
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
