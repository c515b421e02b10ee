/** Shapes to test and time. */
export const likeliestShapes = [
  { name: 'width 1', rows: 1, width: 1 },
  { name: 'odd', rows: 5, width: 331 },
  { name: '7B vocabulary', rows: 1, width: 152064 },
] as const

/**
 * Ids that are kept, likeliest first: of the tokens sorted by score, ties by the lower id, the first k, and of these the
 * fewest whose softmax reaches p. Also how near p came to a sum at which one token less or more would be kept.
 */
export function likeliestReference(
  scores: ArrayLike<number>,
  topK: number,
  topP: number,
): { ids: number[]; margin: number } {
  const order = Array.from({ length: scores.length }, (_, id) => id)
  order.sort((a, b) => scores[b]! - scores[a]! || a - b)
  const first = topK > 0 ? order.slice(0, topK) : order
  if (topP >= 1) return { ids: first, margin: 1 }
  const maximum = scores[first[0]!]!
  let whole = 0
  for (const id of first) whole += Math.exp(scores[id]! - maximum)
  let margin = 1
  let sum = 0
  for (const [place, id] of first.entries()) {
    margin = Math.min(margin, Math.abs(sum / whole - topP))
    sum += Math.exp(scores[id]! - maximum)
    margin = Math.min(margin, Math.abs(sum / whole - topP))
    if (sum / whole >= topP) return { ids: first.slice(0, place + 1), margin }
  }
  return { ids: first, margin: 0 }
}
