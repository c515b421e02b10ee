import type { Generation } from '../../core/generate/generate.ts'
import type { AcceptanceRequest } from './acceptance-request.ts'
import { runTasks, type TaskAnswers } from './run-tasks.ts'

/** A mesh's answers against those of a smaller one. */
export interface MeshComparison {
  tp: number
  /** The smallest that loads; the same as `tp` where it is 1: then two runs, which must agree to the bit. */
  baselineTp: number
  /** Sizes below the baseline, and why they did not load. */
  refused: { tp: number; reason: string }[]
  tokens: number
  /** Tokens that differ although the baseline's margin is above the bound. */
  wrongTokens: number
  /** Prompts whose answers part at a token whose margin is below it; what follows cannot be compared. */
  closeCalls: number
  largestEntropyDifferenceNats: number
}

/** Compares answers over the model's prompts. Also gives the larger mesh's run, whose memory is looked at next. */
export async function compareMeshes(
  request: AcceptanceRequest,
): Promise<{ comparison: MeshComparison; run: TaskAnswers; capacity: number }> {
  const { tp, prompts, config, say } = request
  const longest = Math.max(...prompts.map(ids => ids.length))
  const capacity = Math.min(longest + request.maxNewTokens, config.maxPositionEmbeddings)
  const answer = (ranks: number) =>
    runTasks(request, {
      tp: ranks,
      room: { sequences: prompts.length, capacity, topK: Math.min(5, config.vocabSize) },
      prompts,
      maxNewTokens: request.maxNewTokens,
    })
  say(`tp ${tp}: ${prompts.length} prompts`)
  const run = await answer(tp)
  const refused: MeshComparison['refused'] = []
  for (let baselineTp = 1; baselineTp === 1 || baselineTp < tp; baselineTp *= 2) {
    say(`tp ${baselineTp}, to compare with`)
    try {
      const baseline = await answer(baselineTp)
      const comparison = {
        tp,
        baselineTp,
        refused,
        ...compareAnswers(baseline.answers, run.answers, request.bounds),
      }
      return { comparison, run, capacity }
    } catch (error) {
      if (request.signal.aborted) throw error
      refused.push({ tp: baselineTp, reason: (error as Error).message })
    }
  }
  const reasons = refused.map(({ tp: smaller, reason }) => `tp ${smaller}: ${reason}`)
  throw new Error(`there is nothing to compare tp ${tp} with. ${reasons.join('. ')}`)
}

/** Token by token, up to where two answers part. */
export function compareAnswers(
  baseline: readonly Generation[],
  answers: readonly Generation[],
  bounds: { margin: number },
): Pick<MeshComparison, 'tokens' | 'wrongTokens' | 'closeCalls' | 'largestEntropyDifferenceNats'> {
  const found = { tokens: 0, wrongTokens: 0, closeCalls: 0, largestEntropyDifferenceNats: 0 }
  baseline.forEach(({ tokens: expected }, index) => {
    const tokens = answers[index]?.tokens ?? []
    for (const [step, token] of expected.entries()) {
      const other = tokens[step]
      found.tokens++
      const difference = Math.abs(token.entropyNats - (other?.entropyNats ?? Number.POSITIVE_INFINITY))
      found.largestEntropyDifferenceNats = Math.max(found.largestEntropyDifferenceNats, difference)
      if (other?.id === token.id) continue
      if (token.margin > bounds.margin) found.wrongTokens++
      else found.closeCalls++
      return
    }
  })
  return found
}
