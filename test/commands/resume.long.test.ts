import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { endAfter } from '../support/end-command.ts'
import { runEntrace } from '../support/run-entrace.ts'
import { journalLines, readResults, readRunFile, untimedResults } from '../support/run-files.ts'

const folder = mkdtempSync(join(tmpdir(), 'entrace-test-'))
afterAll(() => rmSync(folder, { recursive: true }))

const limit = 6

describe('a run that is killed twice and completed', () => {
  it.each([
    ['asks whether answers are true', ['--p-true']],
    ['samples and asks', ['--temperature', '0.9', '--top-k', '20', '--samples', '2', '--p-true']],
    ['searches by beams', ['--num-beams', '3', '--repetition-penalty', '1.1']],
  ])('ends with the results of one that is not: %s', async (name, flags) => {
    const argumentsOf = (out: string) => [
      ...['eval', '--model', 'models/arith-qwen2', '--dataset', 'datasets/arith-104.jsonl', '--out', out],
      ...['--adapter', 'cpu', '--max-concurrent', '6', '--limit', String(limit), ...flags],
    ]
    const [undisturbed, disturbed] = [join(folder, `${name}, undisturbed`), join(folder, name)]
    const whole = await runEntrace(argumentsOf(undisturbed))
    expect(whole.exitCode, whole.stderr).toBe(0)
    for (const lines of [1, 3]) {
      const { signal } = await endAfter(argumentsOf(disturbed), disturbed, lines, 'SIGKILL')
      expect(signal).toBe('SIGKILL')
      expect(journalLines(disturbed)).toBeGreaterThanOrEqual(lines)
      expect(journalLines(disturbed)).toBeLessThan(readResults(undisturbed).length)
    }
    const completed = await runEntrace(argumentsOf(disturbed))
    expect(completed.exitCode, completed.stderr).toBe(0)
    expect(untimedResults(disturbed)).toBe(untimedResults(undisturbed))
    expect(readRunFile(disturbed, 'analysis.json')).toEqual(readRunFile(undisturbed, 'analysis.json'))
    if (flags.includes('--p-true'))
      for (const { pTrue } of readResults(disturbed)) {
        expect(pTrue).toBeGreaterThan(0)
        expect(pTrue).toBeLessThan(1)
      }
  })
})
