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
