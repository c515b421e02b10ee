/** Shapes to test and time. */
export const ropeShapes = [
  {
    name: 'one pair of pairs',
    rows: 1,
    queryHeads: 1,
    keyValueHeads: 1,
    width: 4,
    capacity: 5,
    theta: 10_000,
  },
  { name: 'odd', rows: 5, queryHeads: 3, keyValueHeads: 1, width: 12, capacity: 37, theta: 1_000_000 },
  {
    name: '0.5B heads',
    rows: 7,
    queryHeads: 14,
    keyValueHeads: 2,
    width: 64,
    capacity: 130,
    theta: 1_000_000,
  },
  {
    name: '7B heads',
    rows: 4,
    queryHeads: 28,
    keyValueHeads: 4,
    width: 128,
    capacity: 600,
    theta: 1_000_000,
  },
  { name: 'widest', rows: 3, queryHeads: 2, keyValueHeads: 2, width: 256, capacity: 65, theta: 10_000 },
] as const

/** One head rotated by its position, float64: pairs (i, i + width / 2) turn by position · theta^(−2i / width). */
export function ropeReference(head: ArrayLike<number>, position: number, theta: number): Float64Array {
  const width = head.length
  const half = width / 2
  const out = new Float64Array(width)
  for (let i = 0; i < half; i++) {
    const angle = position * theta ** ((-2 * i) / width)
    out[i] = head[i]! * Math.cos(angle) - head[i + half]! * Math.sin(angle)
    out[i + half] = head[i + half]! * Math.cos(angle) + head[i]! * Math.sin(angle)
  }
  return out
}
