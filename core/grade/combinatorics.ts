import { add, multiply, one, TooLarge, Undefined, zero } from './fraction.ts'
import type { Rational } from './rational.ts'

const maximumFactorial = 1_000n
const maximumChosen = 2_000n
/** Hexadecimal digits of all factors. */
const maximumDigits = 10_000n
/** Of a fraction, whose powers grow long. */
const maximumChosenOfFraction = 60n

/** n! of a whole number; throws Undefined of any other, TooLarge beyond 1000!. */
export function factorial({ numerator, denominator }: Rational): Rational {
  if (denominator !== 1n || numerator < 0n) throw new Undefined()
  if (numerator > maximumFactorial) throw new TooLarge()
  let product = 1n
  for (let factor = 2n; factor <= numerator; factor++) product *= factor
  return { numerator: product, denominator: 1n }
}

/**
 * n(n − 1)…(n − k + 1)/k! for a whole number k; 0 for k < 0 where n is a whole number that is not negative. Throws Undefined of any
 * other k, TooLarge beyond 2,000 factors, 60 of a fraction.
 */
export function binomial(total: Rational, chosen: Rational): Rational {
  const isWhole = total.denominator === 1n && total.numerator >= 0n
  if (chosen.denominator !== 1n || (chosen.numerator < 0n && !isWhole)) throw new Undefined()
  const [n, k] = [total.numerator, chosen.numerator]
  if (k < 0n || (isWhole && k > n)) return zero
  const steps = isWhole && 2n * k > n ? n - k : k
  const digits = BigInt(n.toString(16).length)
  if (steps > (isWhole ? maximumChosen : maximumChosenOfFraction) || steps * digits > maximumDigits)
    throw new TooLarge()
  if (isWhole) {
    let product = 1n
    for (let step = 1n; step <= steps; step++) product = (product * (n - steps + step)) / step
    return add({ numerator: product, denominator: 1n }, zero)
  }
  let product = one
  for (let step = 0n; step < steps; step++) {
    const factor = add(total, { numerator: -step, denominator: 1n })
    product = multiply(product, multiply(factor, { numerator: 1n, denominator: step + 1n }))
  }
  return product
}
