/** Shapes to test and time: rows of sequences that end at these positions, each in a cache slot of its own. */
export const attentionShapes = [
  { name: 'one key', heads: 1, keyValueHeads: 1, width: 4, capacity: 1, positions: [0] },
  { name: 'odd heads, first keys', heads: 3, keyValueHeads: 1, width: 12, capacity: 9, positions: [0, 3, 8] },
  { name: 'wide group', heads: 20, keyValueHeads: 2, width: 20, capacity: 70, positions: [69, 63, 64] },
  {
    name: '0.5B heads',
    heads: 14,
    keyValueHeads: 2,
    width: 64,
    capacity: 200,
    positions: [199, 0, 127, 128],
  },
  { name: '7B heads', heads: 28, keyValueHeads: 4, width: 128, capacity: 300, positions: [299, 40] },
  { name: '7B heads, rank of 8', heads: 4, keyValueHeads: 1, width: 128, capacity: 1024, positions: [1023] },
  { name: 'widest', heads: 2, keyValueHeads: 2, width: 256, capacity: 130, positions: [129, 5] },
] as const

/** One head's attention in float64, and Σ p |v|, which scales the error bound. keys and values are [count, width]. */
export function attentionReference(
  query: ArrayLike<number>,
  keys: ArrayLike<number>[],
  values: ArrayLike<number>[],
): { out: Float64Array; magnitude: Float64Array } {
  const width = query.length
  const scores = keys.map(key => {
    let sum = 0
    for (let d = 0; d < width; d++) sum += query[d]! * key[d]!
    return sum / Math.sqrt(width)
  })
  const largest = Math.max(...scores)
  const weights = scores.map(score => Math.exp(score - largest))
  const total = weights.reduce((sum, weight) => sum + weight, 0)
  const out = new Float64Array(width)
  const magnitude = new Float64Array(width)
  weights.forEach((weight, j) => {
    for (let d = 0; d < width; d++) {
      out[d] = out[d]! + (weight / total) * values[j]![d]!
      magnitude[d] = magnitude[d]! + (weight / total) * Math.abs(values[j]![d]!)
    }
  })
  return { out, magnitude }
}
