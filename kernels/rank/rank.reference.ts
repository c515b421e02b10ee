/** Shapes to test and time. */
export const rankShapes = [
  { name: 'width 1', rows: 1, width: 1 },
  { name: 'odd', rows: 5, width: 331 },
  { name: '7B vocabulary, rank of 8', rows: 3, width: 19008 },
  { name: '0.5B vocabulary', rows: 1, width: 151936 },
  { name: '7B vocabulary', rows: 1, width: 152064 },
] as const

/** Number of logits larger than that of `id`, or as large with a lower id. */
export function rankReference(logits: ArrayLike<number>, id: number): number {
  let count = 0
  for (let i = 0; i < logits.length; i++) {
    if (logits[i]! > logits[id]! || (logits[i] === logits[id] && i < id)) count++
  }
  return count
}
