/** Seeded numbers for checks and tests: mulberry32, and normal deviates by Box and Muller. */
export class Random {
  #state: number
  constructor(seed: number) {
    this.#state = seed >>> 0
  }

  /** Uniform in [0, 1). */
  uniform(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0
    let z = this.#state
    z = Math.imul(z ^ (z >>> 15), z | 1)
    z ^= z + Math.imul(z ^ (z >>> 7), z | 61)
    return ((z ^ (z >>> 14)) >>> 0) / 4294967296
  }

  normal(): number {
    return Math.sqrt(-2 * Math.log(1 - this.uniform())) * Math.cos(2 * Math.PI * this.uniform())
  }

  normals(count: number, scale = 1): Float32Array<ArrayBuffer> {
    const numbers = new Float32Array(count)
    for (let i = 0; i < count; i++) numbers[i] = scale * this.normal()
    return numbers
  }

  integer(below: number): number {
    return Math.floor(this.uniform() * below)
  }
}

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

/** Rows of one distribution, as one matrix and one by one, and the random numbers that come after theirs. */
interface DrawnRows {
  kind: string
  matrix: Float32Array<ArrayBuffer>
  eachRow: Float32Array<ArrayBuffer>[]
  random: Random
}

/** How many rows, from which random numbers, and in which settings. */
interface DistributedShape<Setting> {
  seed: number
  rows: number
  width: number
  settings?: readonly Setting[]
}

/** What `compare` finds of rows of every distribution, where there are settings in each of them, one after another. */
export async function overDistributions<Result, Setting = null>(
  { seed, rows, width, settings = [null as Setting] }: DistributedShape<Setting>,
  compare: (drawn: DrawnRows, setting: Setting) => Promise<Result[]>,
): Promise<Result[]> {
  const results = []
  for (const kind of Object.keys(distributions)) {
    for (const setting of settings) {
      const random = new Random(seed)
      const matrix = distributedRows(kind, random, rows, width)
      const eachRow = Array.from({ length: rows }, (_, row) => rowOf(matrix, row, width))
      results.push(...(await compare({ kind, matrix, eachRow, random }, setting)))
    }
  }
  return results
}

/** Row `row` of a matrix. */
export function rowOf<Numbers extends Float32Array<ArrayBuffer> | Uint32Array<ArrayBuffer>>(
  matrix: Numbers,
  row: number,
  width: number,
): Numbers {
  return matrix.subarray(row * width, (row + 1) * width) as Numbers
}
