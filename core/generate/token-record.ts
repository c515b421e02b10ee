/**
 * What one decoding step leaves behind: the chosen token and how sure the model was of it.
 * All values are of the softmax of the raw logits (before temperature, penalties or filters) over the whole vocabulary; logarithms are natural.
 */
export interface TokenRecord {
  /** Id of the chosen token. */
  id: number
  /** Text of the token alone; null without a tokenizer. A token that holds part of a character shows U+FFFD. */
  text: string | null
  /** −Σ p log p, nats. */
  entropyNats: number
  /** Variance of −log p under p, nats². */
  varentropy: number
  /** Log-probability of the chosen token, nats. */
  logprob: number
  /** p1 − p2: probability of the likeliest token minus that of the second. */
  margin: number
  /** KL(uniform ‖ p) = −log V − mean over the vocabulary of log p, nats (arXiv 2502.18581). */
  selfCertainty: number
  /** Number of tokens likelier than the chosen one (ties go to the lower id); 0 is the likeliest. */
  rank: number
  /** Ids of the k likeliest tokens, likeliest first, ties by the lower id. */
  topIds: number[]
  /** Their log-probabilities, nats. */
  topLogprobs: number[]
  /** Probability outside those k. */
  tailMass: number
  /**
   * Entropy of the distribution that the token was chosen from, after penalty, temperature and filters, nats; absent where
   * that is the raw softmax.
   */
  processedEntropyNats?: number
  /** Log-probability of the chosen token in that distribution, nats; absent where that is the raw softmax. */
  processedLogprob?: number
}
