import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import type { Analysis } from '../core/study/analysis.ts'
import { runEntrace } from './support/run-entrace.ts'
import { readRunFile } from './support/run-files.ts'

const folder = mkdtempSync(join(tmpdir(), 'entrace-test-'))
afterAll(() => rmSync(folder, { recursive: true }))

/** What the model card (models/arith-qwen2/README.md) gives for this set. */
const card = { accuracy: 0.654, correctNats: 0.00908, incorrectNats: 0.06152, auroc: 0.945 }
const timeLimitMs = 30 * 60_000

it('scores on a thousand problems what the model card says, within half an hour', async () => {
  const model = [
    '--model',
    'models/arith-qwen2',
    '--dataset',
    'datasets/arith-1000.jsonl',
    '--adapter',
    'cpu',
  ]
  const started = performance.now()
  const { exitCode, stderr } = await runEntrace([
    'eval',
    ...model,
    '--max-new-tokens',
    '96',
    '--out',
    folder,
    '--quiet',
  ])
  const elapsedMs = performance.now() - started
  expect(exitCode, stderr).toBe(0)
  const { total, accuracy, entropyNats, auroc } = readRunFile(folder, 'analysis.json') as unknown as Analysis
  const found = {
    accuracy: accuracy.value!,
    correctNats: entropyNats.correct.mean!,
    incorrectNats: entropyNats.incorrect.mean!,
    auroc: auroc.value!,
  }
  console.log(`${(elapsedMs / 60_000).toFixed(1)} minutes`, found)
  expect(total).toBe(1000)
  for (const name of Object.keys(card) as (keyof typeof card)[])
    expect(Math.abs(found[name] / card[name] - 1), name).toBeLessThan(0.01)
  expect(elapsedMs).toBeLessThan(timeLimitMs)
})
