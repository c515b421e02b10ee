import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import type { Analysis } from '../core/study/analysis.ts'
import { pretrainedModel } from './support/pretrained.ts'
import { agreementOf, readPretrainedGolden, runGoldenSequences } from './support/pretrained-golden.ts'
import { holdToRealRun } from './support/real-run.ts'
import { readRunFile } from './support/run-files.ts'

const folder = mkdtempSync(join(tmpdir(), 'entrace-test-'))
afterAll(() => rmSync(folder, { recursive: true }))

describe('pretrained models agree with float64 on all prompts', () => {
  it.each([
    ['smollm2', 'smollm2-135m-q4_1', 1],
    ['smollm2', 'smollm2-135m-q4_1', 3],
    ['smollm2', 'smollm2-135m-q4_1', 8],
    ['gemma', 'gemma-3-270m-q4_k_m', 1],
    ['gemma', 'gemma-3-270m-q4_k_m', 3],
  ] as const)('%s of %s over %i ranks', async (key, golden, ranks) => {
    const { sequences } = readPretrainedGolden(golden)
    const agreement = agreementOf(
      sequences,
      await runGoldenSequences(await pretrainedModel(key), sequences, ranks),
    )
    console.log(golden, ranks, JSON.stringify(agreement))
    expect(agreement.wrongTokens).toEqual([])
    expect(agreement.largestNats).toBeLessThan(5e-5)
    expect(agreement.largestPromptNats).toBeLessThan(5e-5)
  })
})

it('answers the first eight word problems as Transformers does', async () => {
  const { same, right } = await holdToRealRun(folder, 8)
  expect({ same, right }).toEqual({ same: 8, right: 2 })
})

it('runs SVAMP with SmolLM2 as Transformers does, all 195 problems', async () => {
  const { out, same, right, largestNats } = await holdToRealRun(folder, 195)
  const { auroc, accuracy } = readRunFile(out, 'analysis.json') as unknown as Analysis
  console.log(JSON.stringify({ same, right, largestNats, auroc, accuracy }))
  expect(right).toBe(23)
  expect(same).toBeGreaterThanOrEqual(190)
  expect(Math.abs(auroc.value! - 0.768)).toBeLessThan(0.002)
})
