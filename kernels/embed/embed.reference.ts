/** Shapes to test and time. */
export const embedShapes = [
  { name: 'width 1', rows: 1, width: 1, vocabulary: 1, dtype: 'f32' },
  { name: 'odd', rows: 5, width: 131, vocabulary: 331, dtype: 'f16' },
  { name: 'odd f32', rows: 3, width: 66, vocabulary: 17, dtype: 'f32' },
  { name: '0.5B width', rows: 16, width: 896, vocabulary: 1000, dtype: 'bf16' },
  { name: '7B width', rows: 7, width: 3584, vocabulary: 512, dtype: 'bf16' },
  { name: '0.5B vocabulary, narrow', rows: 9, width: 8, vocabulary: 151936, dtype: 'bf16' },
  { name: '7B vocabulary, narrow', rows: 9, width: 8, vocabulary: 152064, dtype: 'bf16' },
] as const

/** out[r, d] = table[ids[r], d]. */
export function embedReference(
  ids: ArrayLike<number>,
  table: ArrayLike<number>,
  width: number,
): Float64Array {
  const out = new Float64Array(ids.length * width)
  for (let r = 0; r < ids.length; r++) {
    for (let d = 0; d < width; d++) out[r * width + d] = table[ids[r]! * width + d]!
  }
  return out
}
