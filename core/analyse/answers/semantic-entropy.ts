/** How much each answer weighs in its class: alike, or by the likelihood that the model gave it. */
export type AnswerWeights =
  | { kind: 'count' }
  /** By exp of a log-probability each: of the whole answer, or its mean over the answer's tokens. */
  | { kind: 'likelihood'; logprobs: ArrayLike<number> }

/**
 * Entropy over the classes of equivalent answers to one problem, nats: −Σ P(c) log P(c), with P(c) the share of the
 * answers' weight in class c. By counts it is the discrete semantic entropy; by likelihood P(c) ∝ Σ exp(log-probability)
 * over the answers of c (Kuhn et al. 2023, arXiv 2302.09664; Farquhar et al. 2024, doi 10.1038/s41586-024-07421-0, whose
 * code weighs by the mean log-probability of a token, so that long answers do not count for nothing). Null without
 * answers, or where a log-probability is not finite.
 */
export function semanticEntropy(classes: ArrayLike<number>, weights: AnswerWeights): number | null {
  let largest = 0
  if (weights.kind === 'likelihood') {
    largest = Number.NEGATIVE_INFINITY
    for (let index = 0; index < classes.length; index++) {
      if (!Number.isFinite(weights.logprobs[index])) return null
      largest = Math.max(largest, weights.logprobs[index]!)
    }
  }
  const masses = new Map<number, number>()
  let total = 0
  for (let index = 0; index < classes.length; index++) {
    const weight = weights.kind === 'count' ? 1 : Math.exp(weights.logprobs[index]! - largest)
    masses.set(classes[index]!, (masses.get(classes[index]!) ?? 0) + weight)
    total += weight
  }
  if (total === 0) return null
  let entropy = 0
  for (const mass of masses.values()) if (mass > 0) entropy -= (mass / total) * Math.log(mass / total)
  return entropy
}
