import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'vitest'
import { testAdapter } from './device.ts'
import { pretrainedModel } from './pretrained.ts'
import { runEntrace } from './run-entrace.ts'
import { readResults } from './run-files.ts'

/** A run of Transformers in float32: SmolLM2-135M-Instruct, Q4_1, on SVAMP's additions. */
interface RealRun {
  results: {
    id: string
    token_ids: number[]
    token_entropies: number[]
    least_margin: number
    correct: boolean
  }[]
}

const reference = JSON.parse(
  readFileSync(new URL('../golden/smollm2-real-run.json', import.meta.url), 'utf8'),
) as RealRun

/**
 * Runs `eval` of the same model file on the first problems, and holds it to the reference: token ids on every problem whose
 * least margin exceeds 1e-3, entropies of those, verdicts. Returns how many problems had the same tokens, and how many are right.
 */
export async function holdToRealRun(folder: string, problems: number, ...flags: string[]) {
  const out = join(folder, `real-run-${problems}`)
  const { exitCode, stderr } = await runEntrace([
    ...['eval', '--model', await pretrainedModel('smollm2'), '--dataset', 'datasets/svamp-addition.jsonl'],
    ...['--few-shot', '4', '--few-shot-file', 'datasets/svamp-addition-shots.jsonl'],
    ...['--max-new-tokens', '48', '--limit', String(problems), '--out', out, '--quiet'],
    ...['--adapter', testAdapter, ...flags],
  ])
  expect(exitCode, stderr).toBe(0)
  const found = new Map(readResults(out).map(result => [result.problemId, result]))
  expect(found.size).toBe(problems)
  let same = 0
  let right = 0
  let largestNats = 0
  for (const { id, token_ids, token_entropies, least_margin, correct } of reference.results) {
    const result = found.get(id)
    if (!result) continue
    if (result.correct) right++
    const isSame = result.tokenIds.join() === token_ids.join()
    if (least_margin > 1e-3) expect(result.tokenIds, id).toEqual(token_ids)
    if (!isSame) continue
    same++
    expect(result.correct, id).toBe(correct)
    for (const [step, entropy] of token_entropies.entries())
      largestNats = Math.max(largestNats, Math.abs(result.tokenEntropiesNats[step]! - entropy))
  }
  expect(largestNats, 'the reference is in float32 too').toBeLessThan(2e-4)
  return { out, same, right, largestNats }
}
