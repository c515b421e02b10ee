import type { LikeliestBounds } from '../../kernels/likeliest/likeliest.ts'
import type { Histogram } from '../../kernels/mass-histogram/mass-histogram.ts'

/** Bytes of a token's place: distance from the maximum (2), order of its score (4), id (3). */
const placeBytes = 9

/**
 * Where the likeliest tokens of a row end that top-k and then top-p keep, for a row that several ranks share: what
 * likeliest.wgsl does alone. Each step takes the histogram over the whole row of the next byte of the tokens' places.
 */
export class LikeliestSearch {
  readonly #maximum: number
  readonly #bounds: LikeliestBounds
  #searches: ('count' | 'mass')[]
  #place: number[] = []
  #before = { count: 0, mass: 0 }
  #kept: number | null = null
  #target = 0

  /** `maximum` is the row's largest score. */
  constructor(maximum: number, bounds: LikeliestBounds) {
    this.#maximum = maximum
    this.#bounds = bounds
    this.#searches = [
      ...(bounds.topK > 0 ? ['count' as const] : []),
      ...(bounds.topP < 1 ? ['mass' as const] : []),
    ]
  }

  get done(): boolean {
    return this.#searches.length === 0
  }

  /** Words for `massHistogram`; the first four are those of a bound. */
  get words(): number[] {
    const [maximumBits = 0] = new Uint32Array(new Float32Array([this.#maximum]).buffer)
    const word = (from: number, to: number) => {
      let value = 0
      for (let at = from; at < to; at++) value = value * 256 + (this.#place[at] ?? 0)
      return value
    }
    return [maximumBits, word(0, 2), word(2, 6), word(6, 9), this.done ? placeBytes : this.#place.length]
  }

  /** Takes the histogram of the next byte. */
  take({ counts, masses }: Histogram): void {
    const byCount = this.#searches[0] === 'count'
    if (this.#place.length === 0 && !byCount)
      this.#target =
        Math.fround(this.#bounds.topP) * (this.#kept ?? masses.reduce((sum, mass) => sum + mass, 0))
    for (let value = 255; value >= 0; value--) {
      const count = this.#before.count + counts[value]!
      const mass = this.#before.mass + masses[value]!
      const reaches = byCount ? count >= this.#bounds.topK : mass >= this.#target
      if (counts[value]! > 0 && reaches) {
        this.#place.push(value)
        const whole = counts[value] === 1 || (byCount && count === this.#bounds.topK)
        if (whole || this.#place.length === placeBytes) this.#end(mass)
        return
      }
      this.#before = { count, mass }
    }
    // There are not so many: all are kept.
    this.#end(this.#before.mass)
  }

  #end(keptMass: number): void {
    this.#searches.shift()
    this.#kept = keptMass
    if (this.done) return
    this.#place = []
    this.#before = { count: 0, mass: 0 }
  }
}
