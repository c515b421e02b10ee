/** Shapes to test and time. Qwen2.5-7B's are those of one of eight ranks, so that they also run on a CPU adapter. */
export const linearShapes = [
  { name: 'width 1', rows: 1, inputs: 1, outputs: 1, dtype: 'f32' },
  { name: 'width 1 bf16', rows: 3, inputs: 1, outputs: 1, dtype: 'bf16' },
  { name: 'odd', rows: 5, inputs: 131, outputs: 37, dtype: 'f16' },
  { name: 'odd f32', rows: 2, inputs: 257, outputs: 66, dtype: 'f32' },
  { name: 'odd bf16, many rows', rows: 67, inputs: 129, outputs: 70, dtype: 'bf16' },
  { name: '0.5B query, key and value', rows: 1, inputs: 896, outputs: 1152, dtype: 'bf16' },
  { name: '0.5B down, 18 rows', rows: 18, inputs: 4864, outputs: 896, dtype: 'bf16' },
  { name: '0.5B gate and up', rows: 1, inputs: 896, outputs: 9728, dtype: 'bf16' },
  { name: '0.5B vocabulary, few inputs', rows: 1, inputs: 8, outputs: 151936, dtype: 'bf16' },
  { name: '7B output, rank of 8', rows: 1, inputs: 512, outputs: 3584, dtype: 'bf16' },
  { name: '7B gate and up, rank of 8', rows: 1, inputs: 3584, outputs: 4736, dtype: 'bf16' },
  { name: '7B down, whole', rows: 2, inputs: 18944, outputs: 512, dtype: 'bf16' },
] as const

/** y[r, n] = Σ_k W[n, k] x[r, k] in float64, and Σ_k |W[n, k] x[r, k]|, which scales the error bound. */
export function linearReference(
  x: ArrayLike<number>,
  weight: ArrayLike<number>,
  rows: number,
  inputs: number,
  outputs: number,
): { y: Float64Array; magnitude: Float64Array } {
  const y = new Float64Array(rows * outputs)
  const magnitude = new Float64Array(rows * outputs)
  for (let r = 0; r < rows; r++) {
    for (let n = 0; n < outputs; n++) {
      let sum = 0
      let absolute = 0
      for (let k = 0; k < inputs; k++) {
        const product = weight[n * inputs + k]! * x[r * inputs + k]!
        sum += product
        absolute += Math.abs(product)
      }
      y[r * outputs + n] = sum
      magnitude[r * outputs + n] = absolute
    }
  }
  return { y, magnitude }
}
