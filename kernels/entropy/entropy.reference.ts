/** Shapes to test and time. */
export const entropyShapes = [
  { name: 'width 1', rows: 1, width: 1 },
  { name: 'odd', rows: 5, width: 331 },
  { name: 'one more than a slice', rows: 2, width: 2049 },
  { name: '7B vocabulary, rank of 8', rows: 3, width: 19008 },
  { name: '0.5B vocabulary', rows: 1, width: 151936 },
  { name: '7B vocabulary', rows: 1, width: 152064 },
] as const

/** Entropy (nats), varentropy (nats²) and Σ (x − max) of a row's softmax in float64. */
export function entropyReference(logits: ArrayLike<number>): {
  entropy: number
  varentropy: number
  w: number
} {
  let maximum = -Infinity
  for (let i = 0; i < logits.length; i++) maximum = Math.max(maximum, logits[i]!)
  let total = 0
  let w = 0
  for (let i = 0; i < logits.length; i++) {
    total += Math.exp(logits[i]! - maximum)
    w += logits[i]! - maximum
  }
  let entropy = 0
  for (let i = 0; i < logits.length; i++) {
    const surprise = Math.log(total) - (logits[i]! - maximum)
    entropy += Math.exp(-surprise) * surprise
  }
  let varentropy = 0
  for (let i = 0; i < logits.length; i++) {
    const surprise = Math.log(total) - (logits[i]! - maximum)
    varentropy += Math.exp(-surprise) * (surprise - entropy) ** 2
  }
  return { entropy, varentropy, w }
}
