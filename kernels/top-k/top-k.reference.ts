/** Shapes to test and time. */
export const topKShapes = [
  { name: 'width 1', rows: 1, width: 1, k: 1 },
  { name: 'all of an odd row', rows: 3, width: 7, k: 7 },
  { name: 'odd', rows: 5, width: 331, k: 5 },
  { name: 'one more than a slice', rows: 2, width: 2049, k: 20 },
  { name: '7B vocabulary, rank of 8', rows: 3, width: 19008, k: 5 },
  { name: '0.5B vocabulary', rows: 1, width: 151936, k: 5 },
  { name: '7B vocabulary', rows: 1, width: 152064, k: 5 },
] as const

/** Ids of the k largest, largest first, ties by the lower id. */
export function topKReference(logits: ArrayLike<number>, k: number): number[] {
  const ids = Array.from({ length: logits.length }, (_, id) => id)
  return ids.sort((a, b) => logits[b]! - logits[a]! || a - b).slice(0, k)
}
