import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { InputError } from '../../core/input-error.ts'
import type { ErrorCounts } from '../../core/study/findings.ts'
import { analyseCommand } from '../../node-runner/commands/analyse.ts'
import { runCommand } from '../support/run-command.ts'
import { readRunFile } from '../support/run-files.ts'
import { traceSample } from '../support/trace-sample.ts'
import { writeRun } from '../support/write-run.ts'

const folder = mkdtempSync(join(tmpdir(), 'entrace-test-'))
afterAll(() => rmSync(folder, { recursive: true }))
const run = join(folder, 'run')

/** Four problems of two answers each; the first answer is wrong by its arithmetic, the second is right. */
const samples = Array.from({ length: 8 }, (_, index) => {
  const sampleIndex = index % 2
  const problemIndex = index >> 1
  const found = sampleIndex === 0 ? 5 : 4
  return traceSample(problemIndex, 6, {
    sampleIndex,
    problem: 'What is 2 + 2?',
    generatedText: `2 + 2 = ${found}. The answer is \\boxed{${found}}.`,
    extractedAnswer: `${found}`,
    expectedAnswer: '4',
    correct: sampleIndex === 1,
    metadata: {},
  })
})
beforeAll(() => void writeRun(run, samples))

function labelFile(name: string, text: string): string {
  const path = join(folder, name)
  writeFileSync(path, text)
  return path
}

function analyse(labels: string) {
  return runCommand(analyseCommand(), [run, '--labels', labels, '--quiet'])
}

const kinds = () => {
  const { n, kinds } = readRunFile(run, 'analysis.json')['errorKinds'] as ErrorCounts
  return { n, ...Object.fromEntries(kinds.filter(kind => kind.n > 0).map(({ kind, n }) => [kind, n])) }
}

describe('analyse --labels', () => {
  it.each([
    ['labels.csv', 'problemId,sampleIndex,kind\nproblem-1,0,copy\nproblem-3,,format\n'],
    [
      'labels.jsonl',
      '{"problemId":"problem-1","sampleIndex":0,"kind":"copy"}\n{"problemId":"problem-3","kind":"format"}\n',
    ],
  ])('sorts errors by hand where %s says so, in analysis and report', async (name, text) => {
    await runCommand(analyseCommand(), [run, '--quiet'])
    expect(kinds()).toEqual({ n: 4, arithmetic: 4 })
    await analyse(labelFile(name, text))
    expect(kinds()).toEqual({ n: 4, arithmetic: 2, copy: 1, format: 1 })
    expect(readFileSync(join(run, 'report.md'), 'utf8')).toContain('labelled by hand')
    await runCommand(analyseCommand(), [run, '--quiet'])
    expect(kinds(), 'labels hold for the call that names them').toEqual({ n: 4, arithmetic: 4 })
  })

  it('says which labels are of right answers', async () => {
    const labels = labelFile('right.csv', 'problemId,sampleIndex,kind\nproblem-1,1,copy\nproblem-2,0,copy\n')
    const { stderr } = await runCommand(analyseCommand(), [run, '--labels', labels])
    expect(stderr).toMatch(/^warning: 1 of 2 labels are of right answers, and have no effect$/m)
    expect(kinds()).toEqual({ n: 4, arithmetic: 3, copy: 1 })
  })

  const first = 'problemId,sampleIndex,kind\nproblem-1,0,copy\n'
  it.each([
    [
      'a problem that the run does not have',
      `${first}problem-9,0,copy\n`,
      /^[^:]*: row 2: .*answer 0 to problem "problem-9"/,
    ],
    [
      'an answer that it does not have',
      `${first}problem-1,2,copy\n`,
      /^[^:]*: row 2: .*answer 2 to problem "problem-1"/,
    ],
    [
      'a kind that is none',
      `${first}problem-2,0,typo\n`,
      /^[^:]*: row 2: expected one of arithmetic, .*found "typo"/,
    ],
    [
      'a second label',
      `${first}problem-1,0,copy\n`,
      /^[^:]*: row 2: .*found a second for answer 0 to problem "problem-1"/,
    ],
    ['no kind', 'problemId\nproblem-1\n', /^[^:]*: row 1: expected one of arithmetic.*found nothing/],
    [
      'no problem',
      'id,kind\n1,copy\n',
      /^[^:]*: row 1: expected the id of a problem in column "problemId", found nothing/,
    ],
    [
      'half an answer',
      `${first}problem-2,0.5,copy\n`,
      /^[^:]*: row 2: expected a whole number from 0 in column "sampleIndex"/,
    ],
  ])('refuses %s, and leaves the run as it is', async (_, text, message) => {
    await runCommand(analyseCommand(), [run, '--quiet'])
    const before = readFileSync(join(run, 'analysis.json'))
    const error = await analyse(labelFile('bad.csv', text)).catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(InputError)
    expect((error as InputError).message).toMatch(/bad\.csv/)
    expect((error as InputError).message).toMatch(message)
    expect(readFileSync(join(run, 'analysis.json')).equals(before)).toBe(true)
  })

  it('refuses a file that is not there, an empty one, and columns alone', async () => {
    await expect(analyse(join(folder, 'none.csv'))).rejects.toThrow(
      /none\.csv: no such file; expected labels .*check --labels/,
    )
    await expect(analyse(labelFile('empty.csv', ''))).rejects.toThrow(InputError)
    const columnsOnly = runCommand(analyseCommand(), [run, '--from-columns', '--labels', 'x.csv'])
    await expect(columnsOnly).rejects.toThrow(/--labels sorts errors by their texts, which --from-columns/)
  })
})
