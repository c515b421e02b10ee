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

/** Ids of the k largest, largest first, ties by the lower id. Logits must be finite. */
export function topKReference(logits: ArrayLike<number>, k: number): number[] {
  const ids: number[] = []
  while (ids.length < Math.min(k, logits.length)) {
    let best = -1
    for (let id = 0; id < logits.length; id++) {
      if (!ids.includes(id) && (best < 0 || logits[id]! > logits[best]!)) best = id
    }
    ids.push(best)
  }
  return ids
}
