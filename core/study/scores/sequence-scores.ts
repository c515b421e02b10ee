import type { FinishReason } from '../../record/sample.ts'
import type { TokenColumns } from '../../record/token.ts'
import {
  answerSpan,
  type DeepConf,
  deepConf,
  deepConfWindow,
  findSpikes,
  linearSlope,
  quantile,
  spikeDeviations,
  spikeMinimumNats,
} from './sequence-measures.ts'

/** What the scores read of a sample besides its tokens. A SampleRecord is one. */
export interface ScoredSample {
  finishReason: FinishReason
  extractedAnswer: string | null
  /** Probability that the model gives to its own answer being true, of an extra pass; absent or null without one. */
  pTrue?: number | null
}

/** The columns of tokens that the scores read. */
export type ScoredTokens = Pick<
  TokenColumns,
  'tokenText' | 'entropyNats' | 'varentropy' | 'logprob' | 'margin' | 'selfCertainty' | 'topLogprobs'
>

/** One sample with what several scores share. Holds one token at least, unless a score reads none. */
interface Sequence {
  tokens: ScoredTokens
  sortedEntropies: Float64Array
  deepConf: DeepConf | null
  extractedAnswer: string | null
  pTrue: number | null
}

/** A score of one answer. */
export interface SequenceScore extends Omit<ScoreDefinition, 'nullWhen'> {
  /** When it is undefined; without tokens, where it is absent. */
  nullWhen?: string
  compute: (sequence: Sequence) => number | null
}

const lastTokens = 10

/**
 * The scores of one answer, by the names that lm-polygraph or the score's paper gives them; where those are confidences
 * they are negated, so that each is larger the less certain the model was. H is a token's entropy over the whole
 * vocabulary, p its probability, both of the raw softmax, t its position of T; the stop token counts.
 */
export const sequenceScores = {
  MeanTokenEntropy: {
    unit: 'nats',
    formula: 'mean of H',
    source: 'arXiv 2002.07650, lm-polygraph',
    compute: ({ tokens }) => meanOf(tokens.entropyNats),
  },
  MaximumTokenEntropy: {
    unit: 'nats',
    formula: 'largest H',
    source: 'arXiv 2303.08896 (Max(H))',
    compute: ({ sortedEntropies }) => quantile(sortedEntropies, 1),
  },
  MedianTokenEntropy: {
    unit: 'nats',
    formula: 'median of H',
    source: 'MeanTokenEntropy, robust',
    compute: ({ sortedEntropies }) => quantile(sortedEntropies, 0.5),
  },
  TokenEntropyQuantile90: {
    unit: 'nats',
    formula: '90 % quantile of H, interpolated linearly',
    source: 'MaximumTokenEntropy, robust',
    compute: ({ sortedEntropies }) => quantile(sortedEntropies, 0.9),
  },
  FirstTokenEntropy: {
    unit: 'nats',
    formula: 'H of the first token',
    source: 'MeanTokenEntropy over one token',
    compute: ({ tokens }) => tokens.entropyNats[0] ?? null,
  },
  LastTenTokensEntropy: {
    unit: 'nats',
    formula: `mean of H over the last ${lastTokens} tokens, over all where there are fewer`,
    source: 'MeanTokenEntropy over the end; tail confidence of arXiv 2508.15260 in entropy',
    compute: ({ tokens }) => meanOf(tokens.entropyNats, Math.max(0, tokens.entropyNats.length - lastTokens)),
  },
  AnswerSpanEntropy: {
    unit: 'nats',
    formula: 'mean of H over the tokens that carry the last occurrence of the extracted answer',
    source: 'MeanTokenEntropy over the answer',
    nullWhen: 'no answer was extracted, or its characters are not in the text as they stand',
    compute: ({ tokens, extractedAnswer }) => {
      const span = answerSpan(tokens.tokenText, extractedAnswer)
      return span === null ? null : meanOf(tokens.entropyNats, span.first, span.last + 1)
    },
  },
  TokenEntropySlope: {
    unit: 'nats per token',
    formula: 'least-squares slope of H over t',
    source: 'linear regression; larger is rising uncertainty',
    nullWhen: 'fewer than two tokens',
    compute: ({ tokens }) => linearSlope(tokens.entropyNats),
  },
  EntropySpikeCount: {
    unit: 'tokens',
    formula: `number of tokens with H ≥ ${spikeMinimumNats} nats and H > mean + ${spikeDeviations} sd of the answer`,
    source: 'this project',
    compute: ({ tokens }) => findSpikes(tokens.entropyNats).length,
  },
  MeanTokenVarentropy: {
    unit: 'nats²',
    formula: 'mean of the variance of −log p under p',
    source: 'arXiv 1508.04093 (varentropy)',
    compute: ({ tokens }) => meanOf(tokens.varentropy),
  },
  MaximumTokenVarentropy: {
    unit: 'nats²',
    formula: 'largest variance of −log p under p',
    source: 'arXiv 1508.04093 (varentropy)',
    compute: ({ tokens }) => maximumOf(tokens.varentropy),
  },
  MaximumSequenceProbability: {
    unit: 'nats',
    formula: '−Σ log p',
    source: 'lm-polygraph: the negated log-probability of the answer',
    compute: ({ tokens }) => -sumOf(tokens.logprob),
  },
  MeanTokenNegativeLogprob: {
    unit: 'nats',
    formula: '−mean of log p',
    source: 'arXiv 2002.07650; what lm-polygraph calls Perplexity',
    compute: ({ tokens }) => -meanOf(tokens.logprob),
  },
  Perplexity: {
    unit: 'none',
    formula: 'exp(−mean of log p); ranks as MeanTokenNegativeLogprob',
    source: 'arXiv 2002.07650; e to the power of what lm-polygraph returns by this name',
    compute: ({ tokens }) => Math.exp(-meanOf(tokens.logprob)),
  },
  MinimumTokenProbability: {
    unit: 'probability',
    formula: '1 − the least p',
    source: 'arXiv 2303.08896 (Max(−log p)), uqlm (min_probability)',
    compute: ({ tokens }) => -Math.expm1(-maximumOf(tokens.logprob, -1)),
  },
  MeanTokenMargin: {
    unit: 'probability',
    formula: '−mean of p₁ − p₂, the likeliest token and the second',
    source: 'margin sampling (Scheffer 2001)',
    compute: ({ tokens }) => -meanOf(tokens.margin),
  },
  SelfCertainty: {
    unit: 'nats',
    formula: '−mean of KL(uniform ‖ p)',
    source: 'arXiv 2502.18581, lm-polygraph',
    compute: ({ tokens }) => -meanOf(tokens.selfCertainty),
  },
  DeepConfLowestWindow: {
    unit: 'nats',
    formula: `−least mean, over windows of ${deepConfWindow} tokens, of −(1/k) Σ log p over the k likeliest`,
    source: `arXiv 2508.15260 (lowest group confidence; its window is 2,048)`,
    nullWhen: 'no tokens, or no likeliest tokens were recorded',
    compute: sequence => negated(sequence.deepConf?.lowestWindow),
  },
  DeepConfBottomTenPercent: {
    unit: 'nats',
    formula: `−mean of the least tenth of the windows of ${deepConfWindow} tokens of −(1/k) Σ log p over the k likeliest`,
    source: 'arXiv 2508.15260 (bottom-10 % group confidence; its window is 2,048)',
    nullWhen: 'no tokens, or no likeliest tokens were recorded',
    compute: sequence => negated(sequence.deepConf?.bottomTenPercent),
  },
  PTrue: {
    unit: 'probability',
    formula: '1 − P(True), what the model says of its own answer when it is asked',
    source: 'arXiv 2207.05221, lm-polygraph',
    nullWhen: 'the extra pass was not made',
    compute: ({ pTrue }) => (pTrue === null ? null : 1 - pTrue),
  },
  SequenceLength: {
    unit: 'tokens',
    formula: 'T',
    source:
      'the baseline to beat, no doubt of the model: longer answers are wrong more often (arXiv 2504.13677)',
    compute: ({ tokens }) => tokens.entropyNats.length,
  },
} as const satisfies Record<string, SequenceScore>

/** Name of a score of one answer. */
export type SequenceScoreName = keyof typeof sequenceScores

/** All scores of one answer; what is undefined is null. */
export type SequenceScores = Record<SequenceScoreName, number | null>

/** Names of all scores of one answer, in the order in which they are shown. */
export const sequenceScoreNames = Object.keys(sequenceScores) as SequenceScoreName[]

/**
 * All scores of one answer. Reads each column of its tokens a fixed number of times and sorts the entropies once. Every
 * score is null for a sample that failed or has no tokens, and for a value that is not finite.
 */
export function scoreSequence(tokens: ScoredTokens, sample: ScoredSample): SequenceScores {
  const isEmpty = sample.finishReason === 'error' || tokens.entropyNats.length === 0
  const sequence: Sequence = {
    tokens,
    sortedEntropies: Float64Array.from(tokens.entropyNats).sort(),
    deepConf: deepConf(tokens.topLogprobs),
    extractedAnswer: sample.extractedAnswer,
    pTrue: sample.pTrue ?? null,
  }
  const scores = {} as SequenceScores
  for (const name of sequenceScoreNames) {
    const value = isEmpty ? null : sequenceScores[name].compute(sequence)
    scores[name] = value !== null && Number.isFinite(value) ? value : null
  }
  return scores
}

function sumOf(values: ArrayLike<number>, start = 0, end = values.length): number {
  let sum = 0
  for (let index = start; index < end; index++) sum += values[index]!
  return sum
}

function meanOf(values: ArrayLike<number>, start = 0, end = values.length): number {
  return sumOf(values, start, end) / (end - start)
}

function maximumOf(values: ArrayLike<number>, sign = 1): number {
  let largest = Number.NEGATIVE_INFINITY
  for (let index = 0; index < values.length; index++) largest = Math.max(largest, sign * values[index]!)
  return largest
}

function negated(value: number | undefined): number | null {
  return value === undefined ? null : -value
}

/** What a score is, in words. Every score is larger the less certain the model was. */
export interface ScoreDefinition {
  unit: string
  formula: string
  /** Where it comes from. */
  source: string
  /** When it is undefined. */
  nullWhen: string
}
