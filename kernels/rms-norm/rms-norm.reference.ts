/** Shapes to test and time. */
export const rmsNormShapes = [
  { name: 'width 1', rows: 1, width: 1 },
  { name: 'odd', rows: 5, width: 131 },
  { name: 'one more than the workgroup', rows: 3, width: 257 },
  { name: '0.5B width', rows: 16, width: 896 },
  { name: '7B width', rows: 1, width: 3584 },
  { name: '7B width, prefill', rows: 64, width: 3584 },
] as const

/** y[r, d] = x[r, d] / √(mean_d x² + ε) · weight[d] in float64. */
export function rmsNormReference(
  x: ArrayLike<number>,
  weight: ArrayLike<number>,
  rows: number,
  epsilon: number,
): Float64Array {
  const width = weight.length
  const y = new Float64Array(rows * width)
  for (let r = 0; r < rows; r++) {
    let squares = 0
    for (let d = 0; d < width; d++) squares += x[r * width + d]! ** 2
    const scale = 1 / Math.sqrt(squares / width + epsilon)
    for (let d = 0; d < width; d++) y[r * width + d] = x[r * width + d]! * scale * weight[d]!
  }
  return y
}
