import type { Random } from './random.ts'

/** Rows of logits that break careless sums, maxima and ties. */
export const distributions: Record<string, (random: Random, width: number) => Float32Array<ArrayBuffer>> = {
  normal: (random, width) => random.normals(width, 3),
  'of ±1e4': (random, width) =>
    Float32Array.from({ length: width }, () => (random.uniform() < 0.5 ? -1e4 : 1e4)),
  'all equal': (_, width) => new Float32Array(width).fill(7),
  'one huge': (random, width) => random.normals(width).map((x, i) => (i === width >> 1 ? 1e4 : x)),
  'one spike over a constant': (_, width) => new Float32Array(width).map((_, i) => (i === 0 ? 10 : 0)),
}

/** `rows` rows of one distribution, one after another. */
export function distributedRows(
  kind: string,
  random: Random,
  rows: number,
  width: number,
): Float32Array<ArrayBuffer> {
  const all = new Float32Array(rows * width)
  for (let row = 0; row < rows; row++) all.set(distributions[kind]!(random, width), row * width)
  return all
}

/** Row `row` of a matrix. */
export function rowOf<Numbers extends Float32Array<ArrayBuffer> | Uint32Array<ArrayBuffer>>(
  matrix: Numbers,
  row: number,
  width: number,
): Numbers {
  return matrix.subarray(row * width, (row + 1) * width) as Numbers
}
