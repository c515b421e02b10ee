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
