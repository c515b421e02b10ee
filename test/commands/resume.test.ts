import { appendFileSync, cpSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { endAfter } from '../support/end-command.ts'
import { runEntrace } from '../support/run-entrace.ts'
import { journalLines, readResults, readRunFile, untimedResults, wholeLines } from '../support/run-files.ts'

const folder = mkdtempSync(join(tmpdir(), 'entrace-test-'))
afterAll(() => rmSync(folder, { recursive: true }))

const undisturbed = join(folder, 'undisturbed')
const disturbed = join(folder, 'disturbed')

/** What could go wrong with a sample that is made again: its noise, and the tokens it holds. */
const decoding = ['--temperature', '0.9', '--top-p', '0.95', '--repetition-penalty', '1.05']

function evalArguments(out: string, ...flags: string[]): string[] {
  const run = ['--model', 'models/arith-qwen2', '--dataset', 'datasets/arith-104.jsonl', '--out', out]
  return ['eval', ...run, ...decoding, '--adapter', 'cpu', '--max-concurrent', '2', ...flags]
}

const endDisturbed = (lines: number, signal: NodeJS.Signals) =>
  endAfter(evalArguments(disturbed, '--limit', '8'), disturbed, lines, signal)

beforeAll(async () => {
  const { exitCode, stderr } = await runEntrace(evalArguments(undisturbed, '--limit', '8'))
  expect(exitCode, stderr).toBe(0)
})

describe('a run that is killed and started again', () => {
  it('loses and repeats no finished sample, and ends with the same results', async () => {
    for (const lines of [1, 3]) {
      const killed = await endDisturbed(lines, 'SIGKILL')
      expect(killed.signal).toBe('SIGKILL')
      expect(journalLines(disturbed)).toBeGreaterThanOrEqual(lines)
      expect(journalLines(disturbed)).toBeLessThan(8)
    }
    // After each kill the run was taken over, by a holder with a file of its own.
    const last = join(disturbed, 'samples-2.jsonl')
    const finished = wholeLines(disturbed)

    // As if it had died in the middle of a write.
    const nextLine = readFileSync(join(undisturbed, 'samples.jsonl'), 'utf8').split('\n').at(-2)!
    appendFileSync(last, nextLine.slice(0, 1000))
    const interrupted = await endDisturbed(journalLines(disturbed) + 1, 'SIGINT')
    expect(interrupted.exitCode, interrupted.stderr).toBe(130)
    expect(interrupted.stderr).toMatch(
      /^interrupted: \d of 8 samples are kept in .*; the same command resumes$/m,
    )
    expect(wholeLines(disturbed).slice(0, finished.length)).toEqual(finished)

    const kept = journalLines(disturbed)
    const completed = await runEntrace(evalArguments(disturbed, '--limit', '8'))
    expect(completed.exitCode, completed.stderr).toBe(0)
    expect(completed.stderr).toContain(`${kept} of 8 samples are finished already`)
    expect(existsSync(last), 'the files are joined').toBe(false)
    expect(wholeLines(disturbed).slice(0, finished.length)).toEqual(finished)
    expect(journalLines(disturbed)).toBe(8)
    expect(untimedResults(disturbed)).toBe(untimedResults(undisturbed))
    const analyses = [disturbed, undisturbed].map(run => readRunFile(run, 'analysis.json'))
    expect(analyses[0]).toEqual(analyses[1])
  })
})

describe('a run that is started again with another limit', () => {
  it('keeps its samples and makes the missing ones; a lower limit hides those above', async () => {
    const run = join(folder, 'extended')
    cpSync(undisturbed, run, { recursive: true })
    const before = readResults(run)
    const longer = await runEntrace(evalArguments(run, '--limit', '10'))
    expect(longer.exitCode, longer.stderr).toBe(0)
    expect(longer.stderr).toContain('8 of 10 samples are finished already')
    expect(readResults(run).slice(0, 8)).toEqual(before)
    expect(readResults(run)).toHaveLength(10)
    expect(readRunFile(run, 'run.json')).toMatchObject({ limit: 10 })

    const shorter = await runEntrace(evalArguments(run, '--limit', '8', '--json'))
    expect(JSON.parse(shorter.stdout).total).toBe(8)
    expect(untimedResults(run)).toBe(untimedResults(undisturbed))
    const analysed = await runEntrace(['analyse', run, '--json'])
    expect(analysed.stdout).toBe(shorter.stdout)
    expect(journalLines(run)).toBe(10)
  })
})

describe('a run that is started again with other settings', () => {
  it('ends with exit code 2 and names what differs', async () => {
    const flags = ['--limit', '8', '--max-new-tokens', '20', '--seed', '7']
    const { exitCode, stdout, stderr } = await runEntrace(evalArguments(undisturbed, ...flags))
    expect([exitCode, stdout]).toEqual([2, ''])
    expect(stderr.trim().split('\n')).toHaveLength(1)
    expect(stderr).toMatch(
      /holds another run.*: decoding\.maxNewTokens was 96, is 20; decoding\.seed was 0, is 7\. Use the same settings, or another --out/,
    )
  })
})
