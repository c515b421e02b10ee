/** Shapes to test and time; width is that of the output. */
export const siluMulShapes = [
  { name: 'width 1', rows: 1, width: 1 },
  { name: 'odd', rows: 5, width: 131 },
  { name: '0.5B MLP', rows: 4, width: 4864 },
  { name: '7B MLP, rank of 8', rows: 16, width: 2368 },
  { name: '7B MLP', rows: 1, width: 18944 },
] as const

/** y[i] = silu(x[2i]) · x[2i + 1] in float64. */
export function siluMulReference(x: ArrayLike<number>): Float64Array {
  return Float64Array.from(
    { length: x.length / 2 },
    (_, i) => (x[2 * i]! / (1 + Math.exp(-x[2 * i]!))) * x[2 * i + 1]!,
  )
}
