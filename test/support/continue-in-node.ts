import { type Generation, generate } from '../../core/generate/generate.ts'
import { loadModel } from '../../core/model/load-model.ts'
import type { TraceSample } from '../../core/record/traces.ts'
import { loadTokenizer } from '../../node-runner/models/load-tokenizer.ts'
import { openModel } from '../../node-runner/models/open-model.ts'
import { testDevice } from './device.ts'

/**
 * Loads a model in Node; the function that it gives has it go on greedily after a sample's prompt, whose ids are those of its text
 * unless they are given, and these tokens.
 */
export async function continueInNode(
  modelPath: string,
  { prompt }: TraceSample,
  {
    maxNewTokens,
    stopIds,
    promptIds = null,
  }: { maxNewTokens: number; stopIds: readonly number[]; promptIds?: readonly number[] | null },
): Promise<(ids: readonly number[]) => Promise<Generation>> {
  const folder = await openModel(modelPath, 'auto')
  const device = await testDevice()
  const limits = { sequences: 1, capacity: 200, topK: 5 }
  const weights = { where: modelPath, entries: folder.weights }
  const { ranks } = await loadModel([device], { config: folder.config, weights, limits })
  await folder.close()
  const tokenizer = await loadTokenizer(modelPath)
  const begun = promptIds ?? tokenizer.encode(prompt)
  return async ids => {
    const answers = generate(ranks[0]!, [{ promptIds: [...begun, ...ids], key: 0 }], {
      maxNewTokens: maxNewTokens - ids.length,
      stopIds: new Set(stopIds),
      sampling: { temperature: 0, seed: 0 },
      topLogprobs: 5,
      tokenText: tokenizer.tokenText,
    })
    return (await answers.next()).value!.generation
  }
}
