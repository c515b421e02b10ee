import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Analysis } from '../core/study/analysis.ts'
import { Random } from '../kernels/gpu/random.ts'
import { runEntrace, startEntrace } from './support/run-entrace.ts'
import { journalLines, readResults, readRunFile, untimedResults } from './support/run-files.ts'

const problems = 104
const folder = mkdtempSync(join(tmpdir(), 'entrace-test-'))
afterAll(() => rmSync(folder, { recursive: true }))

const undisturbed = join(folder, 'undisturbed')
const evalInto = (out: string) => [
  ...['eval', '--model', 'models/arith-qwen2', '--dataset', 'datasets/arith-104.jsonl'],
  ...['--out', out, '--adapter', 'cpu', '--json'],
]

describe('the whole evaluation of the model that ships', () => {
  beforeAll(async () => {
    const { exitCode, stderr } = await runEntrace(evalInto(undisturbed))
    expect(exitCode, stderr).toBe(0)
  }, 1_200_000)

  it('agrees with the float64 reference', () => {
    const analysis = readRunFile(undisturbed, 'analysis.json') as unknown as Analysis
    expect(analysis).toMatchObject({ total: problems, errors: 0 })
    // The reference answers 70 of 104 rightly, accuracy 0.6731, and scores an AUROC of 0.931.
    expect(Math.abs(analysis.correct - 0.6731 * problems)).toBeLessThan(1.01)
    expect(Math.abs(analysis.auroc.value! - 0.931)).toBeLessThan(0.01)
  })

  it('is the same after kills at random moments', async () => {
    const disturbed = join(folder, 'disturbed')
    const random = new Random(104)
    const kept: number[] = []
    for (let kill = 0; kill < 5; kill++) {
      const { child, result } = startEntrace(evalInto(disturbed))
      let ended = false
      void result.then(() => (ended = true))
      // The first kills come while it loads and starts, the others after some more samples.
      const wanted = kill < 2 ? 0 : kept.at(-1)! + 1 + random.integer(20)
      while (journalLines(disturbed) < wanted && !ended) await setTimeout(3)
      await setTimeout(random.integer(kill < 2 ? 3000 : 300))
      child.kill('SIGKILL')
      expect((await result).signal, 'was under way').toBe('SIGKILL')
      kept.push(journalLines(disturbed))
    }
    expect(kept.at(-1)).toBeGreaterThan(2)
    expect(kept.at(-1)).toBeLessThan(problems)
    const { exitCode, stderr } = await runEntrace(evalInto(disturbed))
    expect(exitCode, stderr).toBe(0)
    expect(stderr).toContain(`${kept.at(-1)} of ${problems} samples are finished already`)
    expect(readResults(disturbed)).toHaveLength(problems)
    expect(journalLines(disturbed)).toBe(problems)
    expect(untimedResults(disturbed)).toBe(untimedResults(undisturbed))
  })
})
