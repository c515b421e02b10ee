/**
 * How a step chooses its token. Processing happens in the order of Hugging Face Transformers: repetition penalty,
 * temperature, top-k, top-p, min-p; what is left is sampled, or at temperature 0 its likeliest is taken.
 */
export interface Sampling {
  /** 0 chooses the likeliest; else within `temperatureBounds`. */
  temperature: number
  seed: number
  /** Only the k likeliest tokens; exactly k, ties by the lower id. Left out: no bound. */
  topK?: number
  /** Only the fewest likeliest tokens whose probabilities reach this share, in (0, 1] (arXiv 1904.09751). */
  topP?: number
  /** Only tokens at least this share as likely as the likeliest, in [0, 1) (arXiv 2407.01082). */
  minP?: number
  /** Of tokens in the prompt or the answer so far: logits are divided by it where positive, else multiplied (arXiv 1909.05858). */
  repetitionPenalty?: number
}

/** Temperatures in words. Logits divided by a lower one would overflow f32, where tokens cannot be told apart any more. */
export const temperatureBounds = '0 or from 0.000001 to 100'

/** Whether a temperature is within its bounds. */
export function isTemperature(value: number): boolean {
  return value === 0 || (value >= 1e-6 && value <= 100)
}

/** Repetition penalties that f32 logits bear, also divided by the least temperature. */
export const penaltyBounds = { least: 1e-6, most: 1e6 } as const

/** What of a step's logits must be done beyond reading them: nothing for the likeliest token without a penalty. */
export function planProcessing(sampling: Sampling) {
  const { temperature, topK = 0, topP = 1, minP = 0, repetitionPenalty = 1 } = sampling
  const samples = temperature > 0
  const truncates = samples && (topK > 0 || topP < 1 || minP > 0)
  const penalises = repetitionPenalty !== 1
  return {
    /** The distribution that is chosen from is not the raw one. */
    processes: penalises || truncates || (samples && temperature !== 1),
    /** Some tokens cannot be chosen. */
    truncates,
    /** The chosen token need not be the likeliest of the raw logits. */
    chooses: samples || penalises,
  }
}
