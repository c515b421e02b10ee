import {
  add,
  floor,
  fromWhole,
  multiply,
  one,
  opposite,
  power,
  type Rational,
  reduce,
  TooLarge,
  zero,
} from './rational.ts'

/**
 * A product of powers of atoms, by atom. An atom is an unknown, a constant, a prime under a root (`#2`, its exponent between
 * 0 and 1), a function's value that is not looked into (`$`), or a sum that is not multiplied out (`&`).
 */
export type Powers = ReadonlyMap<string, Rational>

/** A rational multiple of a product of powers. */
export interface Term {
  coefficient: Rational
  powers: Powers
}

/** A sum of terms by the key of their powers, none of them 0. Two equal polynomials are the same sum. */
export type Sum = ReadonlyMap<string, Term>

export const imaginaryUnit = '@ImaginaryUnit'

const maximumTerms = 2_000
const maximumProducts = 40_000

/** The atom of a prime under a root. */
export function primeAtom(prime: bigint): string {
  return `#${prime}`
}

/** The sum of one term, by itself a constant. Primes to whole exponents go into the coefficient, and i² is −1. */
export function termSum(coefficient: Rational, powers: Iterable<[string, Rational]> = []): Sum {
  return sumOf([termOf(coefficient, powers)])
}

export function addSums(a: Sum, b: Sum): Sum {
  return sumOf([...a.values(), ...b.values()])
}

/** Throws TooLarge beyond 2,000 terms. */
export function multiplySums(a: Sum, b: Sum): Sum {
  if (a.size * b.size > maximumProducts) throw new TooLarge()
  const terms: Term[] = []
  for (const left of a.values()) for (const right of b.values()) terms.push(multiplyTerms(left, right))
  return sumOf(terms)
}

/** 1 over a term; the term is not 0. */
export function invertTerm({ coefficient, powers }: Term): Sum {
  return termSum(
    reduce(coefficient.denominator, coefficient.numerator),
    [...powers].map(([atom, exponent]) => [atom, opposite(exponent)]),
  )
}

/** The value of a sum without atoms; null of one with some. */
export function rationalOf(sum: Sum): Rational | null {
  if (sum.size === 0) return zero
  return sum.size === 1 ? (sum.get('')?.coefficient ?? null) : null
}

/** One name for equal sums. */
export function keyOf(sum: Sum): string {
  return [...sum]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, { coefficient }]) => `${coefficient.numerator}/${coefficient.denominator}${key}`)
    .join('+')
}

/** The coefficient of the term whose key is last; null of 0. */
export function leadingCoefficient(sum: Sum): Rational | null {
  const [last] = [...sum.keys()].sort().reverse()
  return last === undefined ? null : sum.get(last)!.coefficient
}

function sumOf(terms: Term[]): Sum {
  const sum = new Map<string, Term>()
  for (const term of terms) {
    const key = [...term.powers]
      .map(([atom, { numerator, denominator }]) => `*${atom}^${numerator}/${denominator}`)
      .join('')
    const before = sum.get(key)
    const coefficient = before ? add(before.coefficient, term.coefficient) : term.coefficient
    if (coefficient.numerator === 0n) sum.delete(key)
    else sum.set(key, { coefficient, powers: term.powers })
  }
  if (sum.size > maximumTerms) throw new TooLarge()
  return sum
}

function multiplyTerms(a: Term, b: Term): Term {
  const powers = new Map(a.powers)
  for (const [atom, exponent] of b.powers) {
    const before = powers.get(atom)
    powers.set(atom, before ? add(before, exponent) : exponent)
  }
  return termOf(multiply(a.coefficient, b.coefficient), powers)
}

function termOf(coefficient: Rational, powers: Iterable<[string, Rational]>): Term {
  let value = coefficient
  const kept: [string, Rational][] = []
  for (const [atom, exponent] of powers) {
    let rest = exponent
    if (atom.startsWith('#')) {
      const whole = floor(exponent)
      value = multiply(value, power(fromWhole(BigInt(atom.slice(1))), whole))
      rest = add(exponent, fromWhole(-whole))
    } else if (atom === imaginaryUnit && exponent.denominator === 1n) {
      const quarter = ((exponent.numerator % 4n) + 4n) % 4n
      if (quarter >= 2n) value = opposite(value)
      rest = fromWhole(quarter % 2n)
    }
    if (rest.numerator !== 0n) kept.push([atom, rest])
  }
  kept.sort(([a], [b]) => (a < b ? -1 : 1))
  return { coefficient: value, powers: new Map(kept) }
}

/** The sum of nothing but 1. */
export const unitSum: Sum = termSum(one)
