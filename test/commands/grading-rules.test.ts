import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeEach, describe, expect, it } from 'vitest'
import type { Analysis } from '../../core/study/analysis.ts'
import { analyseCommand } from '../../node-runner/commands/analyse.ts'
import { compareCommand } from '../../node-runner/commands/compare.ts'
import { exportCommand } from '../../node-runner/commands/export.ts'
import { gradeCommand } from '../../node-runner/commands/grade.ts'
import { mergeCommand } from '../../node-runner/commands/merge.ts'
import { takeLease } from '../../node-runner/run/run-lease.ts'
import { runCommand } from '../support/run-command.ts'
import { runEntrace } from '../support/run-entrace.ts'
import { forgetDigests, readResults, readRunFile } from '../support/run-files.ts'
import { traceSample } from '../support/trace-sample.ts'
import { writeRun } from '../support/write-run.ts'

const folder = mkdtempSync(join(tmpdir(), 'entrace-test-'))
afterAll(() => rmSync(folder, { recursive: true }))
let folders = 0
const newFolder = () => join(folder, `${folders++}`)

// Of nine answers to 300 three are right, three 1 % too large, and three wrong by far.
const answers = ['300', '303', '900']
const samples = Array.from({ length: 9 }, (_, index) =>
  traceSample(index, index, {
    generatedText: `The answer is \\boxed{${answers[index % 3]}}.`,
    extractedAnswer: answers[index % 3]!,
    expectedAnswer: '300',
    correct: index % 3 === 0,
    rule: 'boxed, as recorded',
  }),
)

/** Takes the rules out of run.json, as a run of version 0.1.0 has none. */
function forgetRules(run: string): void {
  const { grading: _, ...older } = readRunFile(run, 'run.json')
  writeFileSync(join(run, 'run.json'), JSON.stringify(older))
  forgetDigests(run)
}

const analyse = (run: string, ...flags: string[]) => runCommand(analyseCommand(), [run, ...flags])
async function analysisOf(run: string, ...flags: string[]): Promise<Analysis> {
  return JSON.parse((await analyse(run, '--json', ...flags)).stdout)
}
const reportOf = (run: string) => readFileSync(join(run, 'report.md'), 'utf8')

describe('grade', () => {
  const pair = ['--answer', '3.14', '--expected', '3.1416']
  const grade = (...flags: string[]) => runCommand(gradeCommand(), [...pair, ...flags])

  it('takes what is within the tolerance, and says so', async () => {
    expect(JSON.parse((await grade('--json')).stdout)).toMatchObject({ equal: false })
    const { stdout, stderr } = await grade('--tolerance', '0.001', '--json')
    expect(JSON.parse(stdout)).toEqual({
      extracted: '3.14',
      equal: true,
      rule: 'whole text, equal as rationals within 0.001',
    })
    expect(stderr).toBe('')
  })

  it('warns of a large tolerance', async () => {
    expect((await grade('--tolerance', '0.2')).stderr).toMatch(/^warning: The tolerance of 20 % .*above 5 %/)
  })

  it.each([
    ['--tolerance', '1', 'expected a number from 0 to below 1, as 0.01 for one per cent, found "1"'],
    ['--tolerance', '-0.1', 'found "-0.1"'],
    ['--tolerance', '1%', 'found "1%"'],
    ['--several-boxes', 'first', 'expected last or all, found "first"'],
  ])('refuses %s %s', async (flag, value, message) => {
    const { exitCode, stderr } = await runEntrace(['grade', ...pair, flag, value])
    expect(exitCode).toBe(2)
    expect(stderr).toContain(message)
  })
})

describe('analyse', () => {
  let run = ''
  let hash = ''
  beforeEach(() => {
    run = newFolder()
    hash = writeRun(run, samples).hash
  })

  it('grades by the rules that it is asked for, and has every file say so', async () => {
    const exact = await analysisOf(run)
    expect(exact).toMatchObject({
      correct: 3,
      grading: { tolerance: 0, severalBoxes: 'all', correctByToleranceOnly: 0 },
    })
    expect(reportOf(run)).not.toContain('other rules than the usual')

    const { stdout, stderr } = await analyse(run, '--tolerance', '0.01')
    expect(stderr).toContain('graded by other rules than before (tolerance 0 against 0.01)')
    expect(stdout).toMatch(/^tolerance +1 % +3 of 6 right only within it$/m)
    const grading = { tolerance: 0.01, severalBoxes: 'all' }
    expect(readRunFile(run, 'run.json')).toMatchObject({ hash, grading })
    expect(readRunFile(run, 'all_results.json')['run']).toMatchObject({ hash, grading })
    expect(readRunFile(run, 'analysis.json')).toMatchObject({
      correct: 6,
      grading: { ...grading, correctByToleranceOnly: 3 },
    })
    expect(readResults(run)[1]).toMatchObject({
      correct: true,
      rule: 'boxed, equal as rationals within 0.01',
    })
    expect(reportOf(run)).toContain(
      '3 of 6 right answers are right only within the tolerance of 1 %; without it 3 of 9 would be right, 33.3 %.',
    )
    expect(reportOf(run)).toMatch(
      /^\| grading \| numbers are equal within 1 % of the expected one; boxes side by side/m,
    )

    // Without a flag the rules stay; with the first ones the first verdicts come back.
    expect(await analysisOf(run)).toMatchObject({ correct: 6 })
    expect(await analysisOf(run, '--from-columns')).toMatchObject({
      correct: 6,
      grading: { correctByToleranceOnly: 3 },
    })
    expect(await analysisOf(run, '--tolerance', '0')).toEqual(exact)
  })

  it('warns of a large tolerance before all else', async () => {
    expect((await analysisOf(run, '--tolerance', '0.5')).warnings[0]).toMatch(/^The tolerance of 50 %/)
  })

  it('takes a run that names no rules as version 0.1.0 graded it, and says so', async () => {
    forgetRules(run)
    const { stdout } = await analyse(run)
    expect(stdout).toMatch(/^several boxes +last +of several boxes the last counts$/m)
    expect(reportOf(run)).toContain('numbers are equal exactly; of several boxes the last counts.')
    expect(await analysisOf(run, '--several-boxes', 'all')).toMatchObject({
      grading: { severalBoxes: 'all' },
    })
    expect(readRunFile(run, 'run.json')).toMatchObject({ hash, grading: { severalBoxes: 'all' } })
  })

  it('grades nothing again from columns, nor while another process writes to the run', async () => {
    await analyse(run)
    await expect(analyse(run, '--from-columns', '--tolerance', '0.01')).rejects.toThrow(
      /--from-columns grades nothing again.*tolerance 0 against 0\.01.*leave it out/,
    )
    const lease = await takeLease(run, { times: { beatMs: 20, silenceMs: 60_000 } })
    await expect(analyse(run, '--tolerance', '0.01')).rejects.toThrow(/is writing to this run/)
    lease.release()
    await expect(analyse(run, '--tolerance', '0.01', '--labels', join(run, 'none'))).rejects.toThrow(/none/)
    expect(readRunFile(run, 'run.json')).toMatchObject({ grading: { tolerance: 0 } })
    expect(readRunFile(run, 'analysis.json')).toMatchObject({ correct: 3 })
  })

  it('refuses columns of other rules than run.json names, as an interruption leaves them', async () => {
    await analyse(run)
    const description = readRunFile(run, 'run.json')
    const changed = { ...description, grading: { tolerance: 0.01, severalBoxes: 'all' } }
    writeFileSync(join(run, 'run.json'), JSON.stringify(changed))
    forgetDigests(run)
    await expect(analyse(run, '--from-columns')).rejects.toThrow(
      /summary\.parquet: was graded by other rules than run\.json says \(tolerance 0 against 0\.01\)/,
    )
    // What compares runs grades the journal instead.
    const { stdout } = await runCommand(compareCommand(), [run, run, '--json'])
    expect(JSON.parse(stdout).runs[0]).toMatchObject({ grading: { correctByToleranceOnly: 3 } })
    rmSync(join(run, 'samples.jsonl'))
    await expect(runCommand(compareCommand(), [run, run])).rejects.toThrow(
      /was graded by other rules than run\.json says, and samples\.jsonl is missing/,
    )
  })
})

describe('merge', () => {
  it('refuses parts that are graded by other rules, and joins them once they are not', async () => {
    const [one, other, out] = [newFolder(), newFolder(), newFolder()]
    const { hash } = writeRun(one, samples.slice(0, 6), { limit: 9, shard: '1/2' })
    // An answer that both have, graded by other rules when it was made.
    const shared = { ...samples[4]!, correct: true, rule: 'boxed, equal as rationals within 0.01' }
    writeRun(other, [shared, ...samples.slice(6)], { limit: 9, shard: '2/2' })
    await analyse(other, '--tolerance', '0.01')
    const { exitCode, stderr } = await runEntrace(['merge', one, other, '--out', out])
    expect(exitCode).toBe(2)
    expect(stderr).toContain(
      `${other}: is graded by other rules than ${one}, which has tolerance 0 against 0.01 here; have both graded by the same ` +
        `ones, as with: entrace analyse ${other} --tolerance 0 --several-boxes all`,
    )
    await analyse(one, '--tolerance', '0.01')
    const { stdout } = await runCommand(mergeCommand(), [one, other, '--out', out, '--json'])
    expect(JSON.parse(stdout)).toMatchObject({ total: 9, correct: 6, grading: { correctByToleranceOnly: 3 } })
    expect(readRunFile(out, 'run.json')).toMatchObject({ hash, shard: null, grading: { tolerance: 0.01 } })
  })
})

describe('what shows a run elsewhere', () => {
  it('compares runs of different rules with a warning', async () => {
    const [exact, near] = [newFolder(), newFolder()]
    for (const run of [exact, near]) writeRun(run, samples)
    await analyse(exact)
    await analyse(near, '--tolerance', '0.01')
    const { stdout } = await runCommand(compareCommand(), [exact, near])
    expect(stdout).toContain('The runs are graded by different rules (tolerance 0 against 0.01)')
    expect(stdout).toMatch(/\| grading \| numbers are equal exactly;.* \| numbers are equal within 1 %/)
    const same = await runCommand(compareCommand(), [near, near])
    expect(same.stdout).not.toContain('different rules')
  })

  it('names the rules in exports', async () => {
    const run = newFolder()
    writeRun(run, samples)
    await analyse(run, '--tolerance', '0.01')
    const exported = async (format: string, ...flags: string[]) => {
      const { stdout } = await runCommand(exportCommand(), [run, '--format', format, '--json', ...flags])
      return readFileSync(JSON.parse(stdout).file, 'utf8')
    }
    const log = JSON.parse(await exported('inspect', '--out', join(run, 'log.json')))
    expect(log.results.scores[0]).toMatchObject({
      params: { tolerance: 0.01, severalBoxes: 'all' },
      metrics: { accuracy: { value: 6 / 9 } },
    })
    const lines = (await exported('lm-eval')).trimEnd().split('\n')
    expect(lines.slice(0, 3).map(line => JSON.parse(line))).toMatchObject([
      { exact_match: 1, tolerance_match: 1 },
      { exact_match: 0, tolerance_match: 1 },
      { exact_match: 0, tolerance_match: 0 },
    ])
    const [completion] = (await exported('openai')).split('\n', 1)
    expect(JSON.parse(completion!).metadata.grading).toMatch(/^numbers are equal within 1 %/)
  })
})

describe('eval', () => {
  const run = newFolder()
  const evaluate = async (limit: number, ...flags: string[]) => {
    const data = [
      '--model',
      'models/arith-qwen2',
      '--dataset',
      'datasets/arith-104.jsonl',
      '--adapter',
      'cpu',
    ]
    const result = await runEntrace(['eval', ...data, '--out', run, '--limit', `${limit}`, ...flags])
    expect(result.exitCode, result.stderr).toBe(0)
    return result
  }

  it('keeps the rules of the run it resumes, and grades all again by others', async () => {
    await evaluate(2, '--tolerance', '0.01')
    const { hash } = readRunFile(run, 'run.json')
    const rules = () =>
      [readRunFile(run, 'run.json'), readRunFile(run, 'analysis.json')].map(file => file['grading'])

    // As if both had been graded by other rules when they were made.
    const journal = join(run, 'samples.jsonl')
    const recorded = readFileSync(journal, 'utf8').replaceAll(
      /"correct":(?:true|false),"rule":"[^"]*"/g,
      '"correct":false,"rule":"other"',
    )
    writeFileSync(journal, recorded)
    forgetDigests(run)

    const kept = await evaluate(3)
    expect(kept.stderr).not.toContain('other rules')
    expect(rules()).toMatchObject([{ tolerance: 0.01 }, { tolerance: 0.01 }])
    expect(readResults(run).map(({ rule }) => rule)).not.toContain('other')
    expect(readFileSync(journal, 'utf8').startsWith(recorded)).toBe(true)

    const changed = await evaluate(3, '--tolerance', '0', '--several-boxes', 'last')
    expect(changed.stderr).toContain(
      'the run was graded by other rules before (tolerance 0.01 against 0, severalBoxes all against last)',
    )
    expect(rules()).toMatchObject(Array(2).fill({ tolerance: 0, severalBoxes: 'last' }))
    expect(readRunFile(run, 'run.json')['hash']).toBe(hash)
  })
})
