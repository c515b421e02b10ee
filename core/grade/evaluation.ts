import { type Complex, ComplexArithmetic } from './complex.ts'
import { TooLarge } from './rational.ts'

/** What an evaluation is given, and what it leaves behind. One object serves one precision. */
export class Evaluation {
  readonly arithmetic: ComplexArithmetic
  readonly bits: number
  /** What is left of the operations allowed, shared with the evaluations made of this one. */
  readonly budget: { operations: number }
  /** Values of functions that nobody defined differ from one seed to another. */
  readonly seed: number
  /** Whether a root or power of a negative number with an odd degree is real (∛−8 = −2) or the principal one (1 + √3 i). */
  readonly hasRealRoots: boolean
  /** log2 of the largest and smallest magnitude met, 0 apart, and never on the other side of 1. */
  largest = 0
  smallest = 0
  /** Why the last value was null. */
  failure: 'too large' | 'undefined' = 'undefined'

  constructor(
    given: Pick<Evaluation, 'bits' | 'budget'> & Partial<Pick<Evaluation, 'seed' | 'hasRealRoots'>>,
  ) {
    this.arithmetic = new ComplexArithmetic(given.bits)
    this.bits = given.bits
    this.budget = given.budget
    this.seed = given.seed ?? 0
    this.hasRealRoots = given.hasRealRoots ?? true
  }

  /** The same with another precision. */
  withBits(bits: number): Evaluation {
    return new Evaluation({ ...this, bits })
  }

  /** Counts operations of a cost that grows with the precision. Throws TooLarge where none are left. */
  spend(operations: number): void {
    this.budget.operations -= operations * (1 + this.bits / 200) ** 1.5
    if (this.budget.operations < 0) throw new TooLarge()
  }

  note(value: Complex): void {
    const size = this.arithmetic.size(value)
    if (size === Number.NEGATIVE_INFINITY || size <= this.arithmetic.errorOf(value) + 1) return
    if (size > this.largest) this.largest = size
    if (size < this.smallest) this.smallest = size
  }
}
