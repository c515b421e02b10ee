/** Shapes to test and time; the level is how many bytes of the place are given. */
export const massHistogramShapes = [
  { name: 'width 1', rows: 1, width: 1, firstId: 0 },
  { name: 'odd', rows: 5, width: 331, firstId: 0 },
  { name: 'rank of 8', rows: 3, width: 300, firstId: 901 },
  { name: '7B vocabulary, rank of 8', rows: 1, width: 19008, firstId: 19008 },
] as const

/** The nine bytes of a token's place: distance from the maximum, order of the score's bits, id; the larger the likelier. */
export function placeReference(score: number, id: number, maximum: number): number[] {
  const distance = Math.min(65535, Math.trunc(Math.fround(Math.fround(maximum - score) * 1024)))
  const view = new DataView(new ArrayBuffer(4))
  view.setFloat32(0, score + 0)
  const bits = view.getUint32(0)
  const order = bits >= 2 ** 31 ? 2 ** 32 - 1 - bits : bits + 2 ** 31
  const nearness = 65535 - distance
  const inverted = 2 ** 24 - 1 - id
  const bytesOf = (value: number, count: number) =>
    Array.from({ length: count }, (_, i) => Math.floor(value / 256 ** (count - 1 - i)) % 256)
  return [...bytesOf(nearness, 2), ...bytesOf(order, 4), ...bytesOf(inverted, 3)]
}

/** Counts and masses of the tokens whose places begin with `prefix`, by their next byte. */
export function massHistogramReference(
  scores: ArrayLike<number>,
  firstId: number,
  maximum: number,
  prefix: readonly number[],
): { counts: number[]; masses: number[] } {
  const counts = Array<number>(256).fill(0)
  const masses = Array<number>(256).fill(0)
  for (let i = 0; i < scores.length; i++) {
    const place = placeReference(scores[i]!, firstId + i, maximum)
    if (prefix.some((byte, at) => place[at] !== byte)) continue
    const next = place[prefix.length]!
    counts[next]!++
    masses[next]! += Math.exp(scores[i]! - maximum)
  }
  return { counts, masses }
}
