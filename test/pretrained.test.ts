import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { pretrainedModel } from './support/pretrained.ts'
import { agreementOf, readPretrainedGolden, runGoldenSequences } from './support/pretrained-golden.ts'
import { holdToRealRun } from './support/real-run.ts'

const folder = mkdtempSync(join(tmpdir(), 'entrace-test-'))
afterAll(() => rmSync(folder, { recursive: true }))

describe('pretrained models agree with float64 on their shorter prompts', () => {
  it.each([
    ['smollm2', 'smollm2-135m-q4_1', 20, 1],
    ['gemma', 'gemma-3-270m-q4_k_m', 6, 1],
  ] as const)('%s of %s, up to %i tokens, over %i ranks', async (key, golden, longest, ranks) => {
    const sequences = readPretrainedGolden(golden).sequences.filter(
      ({ prompt_ids }) => prompt_ids.length <= longest,
    )
    const found = await runGoldenSequences(await pretrainedModel(key), sequences, ranks)
    const agreement = agreementOf(sequences, found)
    expect(agreement.wrongTokens).toEqual([])
    expect(agreement.largestNats).toBeLessThan(5e-5)
    expect(agreement.largestPromptNats).toBeLessThan(5e-5)
  })

  // Eight and all 195 in the long tests: two of 270 tokens each take a CPU adapter a minute and a half.
  it('answers the first two word problems as Transformers does', async () => {
    const { right } = await holdToRealRun(folder, 2)
    expect(right).toBe(1)
  }, 1_800_000)
})
