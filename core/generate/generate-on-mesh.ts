import type { LanguageModel } from '../model/language-model.ts'
import { runTogether } from '../model/load-model.ts'
import { type BeamSettings, generateBeams } from './beam-search.ts'
import { type GenerateOptions, type Generation, generate, type SequenceRequest } from './generate.ts'

/**
 * Answers requests on all ranks of a model on this thread, each deriving the same tokens, by beam search where that is asked for;
 * returns rank 0's answers.
 */
export async function generateOnMesh<Request extends SequenceRequest>(
  models: readonly LanguageModel[],
  requests: readonly Request[],
  options: GenerateOptions,
  beams: BeamSettings | null = null,
): Promise<{ request: Request; generation: Generation }[]> {
  const [answers] = await runTogether(
    models.map((model, rank) => async () => {
      const own: { request: Request; generation: Generation }[] = []
      const { onToken: _, ...silent } = options
      const ofRank = rank === 0 ? options : silent
      const answers = beams
        ? generateBeams(model, requests, ofRank, beams)
        : generate(model, requests, ofRank)
      for await (const answer of answers) own.push(answer)
      return own
    }),
    reason => models[0]!.context.communicator.abort(reason),
  )
  return answers!
}
