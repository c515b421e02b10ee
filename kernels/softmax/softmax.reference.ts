/** Shapes to test and time. */
export const softmaxShapes = [
  { name: 'width 1', rows: 1, width: 1 },
  { name: 'odd', rows: 5, width: 331 },
  { name: '0.5B vocabulary', rows: 1, width: 151936 },
  { name: '7B vocabulary, rank of 8', rows: 4, width: 19008 },
  { name: '7B vocabulary', rows: 1, width: 152064 },
] as const

/** Softmax of each row in float64. */
export function softmaxReference(x: ArrayLike<number>, rows: number): Float64Array {
  const width = x.length / rows
  const y = new Float64Array(x.length)
  for (let r = 0; r < rows; r++) {
    let largest = -Infinity
    for (let i = 0; i < width; i++) largest = Math.max(largest, x[r * width + i]!)
    let total = 0
    for (let i = 0; i < width; i++) {
      y[r * width + i] = Math.exp(x[r * width + i]! - largest)
      total += y[r * width + i]!
    }
    for (let i = 0; i < width; i++) y[r * width + i] = y[r * width + i]! / total
  }
  return y
}
