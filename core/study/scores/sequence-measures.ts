/**
 * The tokens that carry the extracted answer: those that its last occurrence in the texts of the tokens, strung together,
 * touches, both of its ends included. A number is not found inside a longer one. Null without an answer, without texts, or where it does not occur
 * as it stands (a character whose bytes are split among tokens, for instance).
 */
export function answerSpan(
  tokenTexts: ArrayLike<string | null>,
  extractedAnswer: string | null,
): { first: number; last: number } | null {
  if (extractedAnswer === null || extractedAnswer === '') return null
  let text = ''
  for (let index = 0; index < tokenTexts.length; index++) text += tokenTexts[index] ?? ''
  let start = text.lastIndexOf(extractedAnswer)
  while (start > 0 && isInsideNumber(text, start, extractedAnswer.length))
    start = text.lastIndexOf(extractedAnswer, start - 1)
  if (start === -1 || isInsideNumber(text, start, extractedAnswer.length)) return null
  const last = tokenAt(tokenTexts, start + extractedAnswer.length - 1)
  return { first: tokenAt(tokenTexts, start)!, last: last! }
}

/** Index of the token that holds the character at `offset` of the texts strung together; null behind the end. */
export function tokenAt(tokenTexts: ArrayLike<string | null>, offset: number): number | null {
  let end = 0
  for (let index = 0; index < tokenTexts.length; index++) {
    end += tokenTexts[index]?.length ?? 0
    if (offset < end) return index
  }
  return null
}

function isInsideNumber(text: string, start: number, length: number): boolean {
  const end = start + length
  return (
    (isDigit(text, start) &&
      (isDigit(text, start - 1) || (/[.,]/.test(text[start - 1] ?? '') && isDigit(text, start - 2)))) ||
    (isDigit(text, end - 1) &&
      (isDigit(text, end) || (/[.,]/.test(text[end] ?? '') && isDigit(text, end + 1))))
  )
}

function isDigit(text: string, index: number): boolean {
  const character = text.charCodeAt(index)
  return character >= 48 && character <= 57
}

/**
 * Tokens of DeepConf's sliding window. The paper takes 2,048 for reasoning of tens of thousands of tokens; a window that is
 * longer than the answer would be no window at all, so it is fixed at 32 here, and scores of other windows do not compare.
 */
export const deepConfWindow = 32

/** Share of the windows that the bottom-10 % confidence averages. */
const bottomShare = 0.1

/** DeepConf's confidences of one answer, nats; larger is more certain. */
export interface DeepConf {
  /** Confidence of the least confident window. */
  lowestWindow: number
  /** Mean confidence of the least confident tenth of the windows, at least one. */
  bottomTenPercent: number
}

/**
 * Confidence of an answer by DeepConf (arXiv 2508.15260). A token's is C = −(1/k) Σ log p over its k recorded likeliest
 * tokens, a window's the mean of its tokens' (all tokens, where the answer is shorter than a window), one window at each
 * place. Null without tokens, or where a token has no recorded likeliest tokens.
 */
export function deepConf(
  topLogprobs: ArrayLike<ArrayLike<number>>,
  windowSize: number = deepConfWindow,
): DeepConf | null {
  const count = topLogprobs.length
  if (count === 0) return null
  const confidences = new Float64Array(count)
  for (let index = 0; index < count; index++) {
    const logprobs = topLogprobs[index]!
    if (logprobs.length === 0) return null
    let sum = 0
    for (let place = 0; place < logprobs.length; place++) sum += logprobs[place]!
    confidences[index] = -sum / logprobs.length
  }
  const size = Math.min(windowSize, count)
  const windows = new Float64Array(count - size + 1)
  let sum = 0
  for (let index = 0; index < count; index++) {
    sum += confidences[index]!
    if (index >= size) sum -= confidences[index - size]!
    if (index >= size - 1) windows[index - size + 1] = sum / size
  }
  windows.sort()
  const bottom = Math.max(1, Math.floor(windows.length * bottomShare))
  let bottomSum = 0
  for (let index = 0; index < bottom; index++) bottomSum += windows[index]!
  return { lowestWindow: windows[0]!, bottomTenPercent: bottomSum / bottom }
}

/** How many standard deviations above its sample's mean entropy a spike lies. */
export const spikeDeviations = 2

/** The least entropy of a spike, nats: below it a token is all but decided, however calm its sample is otherwise. */
export const spikeMinimumNats = 0.5

/**
 * Indices of the entropy spikes of one sample: tokens whose entropy is at least 0.5 nats and more than two (population)
 * standard deviations above the mean of the sample. The one definition of a spike: the score, the findings on tokens and
 * the viewer share it. An answer of fewer than six tokens has none, since none of n values lies (n − 1)/√n deviations out.
 */
export function findSpikes(entropies: ArrayLike<number>): number[] {
  const count = entropies.length
  let sum = 0
  for (let index = 0; index < count; index++) sum += entropies[index]!
  const mean = sum / count
  let squares = 0
  for (let index = 0; index < count; index++) squares += (entropies[index]! - mean) ** 2
  const threshold = mean + spikeDeviations * Math.sqrt(squares / count)
  const spikes: number[] = []
  for (let index = 0; index < count; index++)
    if (entropies[index]! >= spikeMinimumNats && entropies[index]! > threshold) spikes.push(index)
  return spikes
}

/** Least-squares slope of values over their positions 0, 1, ...; null with fewer than two values. */
export function linearSlope(values: ArrayLike<number>): number | null {
  const count = values.length
  if (count < 2) return null
  const middle = (count - 1) / 2
  let product = 0
  for (let index = 0; index < count; index++) product += (index - middle) * values[index]!
  return product / ((count * (count * count - 1)) / 12)
}

/** The q-quantile of values that are sorted in rising order, by linear interpolation as NumPy's default; null of none. */
export function quantile(sorted: ArrayLike<number>, q: number): number | null {
  if (sorted.length === 0) return null
  const place = q * (sorted.length - 1)
  const below = Math.floor(place)
  const low = sorted[below]!
  return low + (place - below) * (sorted[Math.min(below + 1, sorted.length - 1)]! - low)
}
