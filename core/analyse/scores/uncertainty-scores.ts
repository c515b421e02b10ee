import type { SampleRecord } from '../../formats/sample-record.ts'
import type { TokenRecord } from '../../generate/token-record.ts'
import { mean } from '../statistics/mean.ts'

/** What an analysis reads of a sample. A SampleRecord is one; for a large run, hand over only these fields. */
export type AnalysisSample = Pick<
  SampleRecord,
  | 'correct'
  | 'finishReason'
  | 'extractedAnswer'
  | 'generatedTokens'
  | 'meanEntropyNats'
  | 'maxEntropyNats'
  | 'sumLogprob'
> & { tokens: readonly Pick<TokenRecord, 'entropyNats' | 'varentropy' | 'margin' | 'selfCertainty'>[] }

/**
 * The scores of uncertainty by the literature's names, each a number that is larger the less certain the model was; null where the sample lacks it.
 * Entropies in nats, as lm-polygraph has them: MaximumSequenceProbability is −Σ log p and Perplexity −mean log p (its logarithm ranks alike).
 * MeanTokenMargin is −mean(p1 − p2); SelfCertainty (arXiv 2502.18581) is negated too.
 * SequenceLength is no model's doubt but the baseline that the others have to beat, since longer answers are more often wrong (arXiv 2504.13677).
 */
export const uncertaintyScores = {
  MeanTokenEntropy: sample => sample.meanEntropyNats,
  MaximumTokenEntropy: sample => sample.maxEntropyNats,
  FirstTokenEntropy: sample => sample.tokens[0]?.entropyNats ?? null,
  MeanTokenVarentropy: sample => mean(sample.tokens.map(token => token.varentropy)),
  MaximumSequenceProbability: sample => negated(sample.sumLogprob),
  Perplexity: sample =>
    sample.sumLogprob === null || sample.generatedTokens === 0
      ? null
      : -sample.sumLogprob / sample.generatedTokens,
  MeanTokenMargin: sample => negated(mean(sample.tokens.map(token => token.margin))),
  SelfCertainty: sample => negated(mean(sample.tokens.map(token => token.selfCertainty))),
  SequenceLength: sample => sample.generatedTokens,
} as const satisfies Record<string, (sample: AnalysisSample) => number | null>

export type UncertaintyScoreName = keyof typeof uncertaintyScores

function negated(value: number | null): number | null {
  return value === null ? null : -value
}
