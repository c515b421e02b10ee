import type { LanguageModel } from '../model/language-model.ts'
import { runTogether } from '../model/load-model.ts'
import { type BeamSettings, generateBeams } from './beam-search.ts'
import { type GenerateOptions, type Generation, generate, type SequenceRequest } from './generate.ts'

/**
 * Answers requests on all ranks of a model on this thread, each deriving the same tokens, by beam search where that is asked for;
 * returns rank 0's answers. Whether to stop is asked once a step, and all ranks stop before the same one. What fails ends this call
 * alone: the model can be asked again.
 */
export async function generateOnMesh<Request extends SequenceRequest>(
  models: readonly LanguageModel[],
  requests: readonly Request[],
  options: GenerateOptions,
  beams: BeamSettings | null = null,
): Promise<{ request: Request; generation: Generation }[]> {
  const { communicator } = models[0]!.context
  const decisions: boolean[] = []
  /** Of one rank: what the first rank that came to a step was told there. */
  const shouldStop = () => {
    let step = 0
    return () => (decisions[step++] ??= options.shouldStop!())
  }
  const ofRanks = models.map((model, rank) => async () => {
    const own: { request: Request; generation: Generation }[] = []
    const { onToken: _, ...silent } = options
    const ofRank = {
      ...(rank === 0 ? options : silent),
      ...(options.shouldStop && { shouldStop: shouldStop() }),
    }
    const answers = beams ? generateBeams(model, requests, ofRank, beams) : generate(model, requests, ofRank)
    for await (const answer of answers) own.push(answer)
    return own
  })
  const abort = (reason: string) => communicator.abort(reason)
  const [answers] = await runTogether(ofRanks, abort).finally(() => communicator.recover?.())
  return answers!
}
