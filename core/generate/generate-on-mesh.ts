import type { LanguageModel } from '../model/language-model.ts'
import { runTogether } from '../model/load-model.ts'
import { type GenerateOptions, type Generation, generate, type SequenceRequest } from './generate.ts'

/** Answers requests on all ranks of a model on this thread, each deriving the same tokens; returns rank 0's answers. */
export async function generateOnMesh<Request extends SequenceRequest>(
  models: readonly LanguageModel[],
  requests: readonly Request[],
  options: GenerateOptions,
): Promise<{ request: Request; generation: Generation }[]> {
  const [answers] = await runTogether(
    models.map((model, rank) => async () => {
      const own: { request: Request; generation: Generation }[] = []
      const { onToken: _, ...silent } = options
      for await (const answer of generate(model, requests, rank === 0 ? options : silent)) own.push(answer)
      return own
    }),
    reason => models[0]!.context.communicator.abort(reason),
  )
  return answers!
}
