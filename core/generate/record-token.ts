import type { TokenScores } from '../model/token-scores.ts'
import type { TokenRecord } from './token-record.ts'

/**
 * The record of a step from what the device handed over, finished in float64: log p(i) = x_i − maximum − ln s.
 * `k` is the number of top entries to keep, `vocabulary` the number of logits.
 */
export function recordToken(
  scores: TokenScores,
  k: number,
  vocabulary: number,
  text: string | null,
): TokenRecord {
  const { statistics, top, chosen, processed } = scores
  const logDenominator = Math.log(statistics.s)
  const logprob = (logit: number) => logit - statistics.maximum - logDenominator
  const first = Math.exp(logprob(top[0]!.logit))
  const second = top[1] ? Math.exp(logprob(top[1].logit)) : 0
  const kept = top.slice(0, k)
  const topLogprobs = kept.map(({ logit }) => logprob(logit))
  const topMass = topLogprobs.reduce((sum, value) => sum + Math.exp(value), 0)
  return {
    id: chosen.id,
    text,
    entropyNats: statistics.entropyNats,
    varentropy: statistics.varentropy,
    logprob: logprob(chosen.logit),
    margin: first - second,
    selfCertainty: logDenominator - statistics.w / vocabulary - Math.log(vocabulary),
    rank: chosen.rank,
    topIds: kept.map(({ id }) => id),
    topLogprobs,
    // The top k of f32 logits can exceed 1 by a rounding error.
    tailMass: Math.max(0, 1 - topMass),
    ...(processed && {
      processedEntropyNats: processed.statistics.entropyNats,
      // Never above 0, which f32 sums can exceed by a rounding error.
      processedLogprob: Math.min(
        0,
        processed.logit - processed.statistics.maximum - Math.log(processed.statistics.s),
      ),
    }),
  }
}
