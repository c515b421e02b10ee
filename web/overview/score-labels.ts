/** How the page names the scores that most look at; the others keep the literature's name. */
export const scoreLabels: Readonly<Record<string, { short: string; axis: string }>> = {
  MeanTokenEntropy: { short: 'Mean entropy', axis: 'mean entropy (nats)' },
  MaximumTokenEntropy: { short: 'Largest entropy', axis: 'largest entropy (nats)' },
  FirstTokenEntropy: { short: 'First entropy', axis: 'first token’s entropy (nats)' },
  MaximumSequenceProbability: { short: '−Σ log p', axis: '−Σ log p (nats)' },
  Perplexity: { short: 'Perplexity', axis: 'perplexity' },
  MeanTokenMargin: { short: '−margin', axis: '−mean margin' },
  SequenceLength: { short: 'Length', axis: 'tokens' },
}
