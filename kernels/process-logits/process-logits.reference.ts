/** Shapes to test and time. */
export const processLogitsShapes = [
  { name: 'width 1', rows: 1, width: 1, firstId: 0, slots: 1 },
  { name: 'odd', rows: 5, width: 331, firstId: 0, slots: 7 },
  { name: 'rank of 8', rows: 3, width: 300, firstId: 901, slots: 3 },
  { name: '7B vocabulary', rows: 1, width: 152064, firstId: 0, slots: 1 },
] as const

/** One row: x − shift, then divided by the penalty where it is positive and multiplied elsewhere, then over the temperature. */
export function processLogitsReference(
  logits: ArrayLike<number>,
  shift: number,
  isSeen: (index: number) => boolean,
  penalty: number,
  temperature: number,
): Float64Array {
  const processed = new Float64Array(logits.length)
  for (let i = 0; i < logits.length; i++) {
    let x = logits[i]! - shift
    if (isSeen(i)) x = x > 0 ? x / penalty : x * penalty
    processed[i] = x / temperature
  }
  return processed
}
