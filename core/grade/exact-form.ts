import type { Expression, FunctionName } from './expression.ts'
import { floor, invert, magnitude, multiply, one, power, reduce, TooLarge, Undefined } from './fraction.ts'
import { primeFactors } from './prime-factors.ts'
import type { Rational } from './rational.ts'
import {
  addSums,
  constantSum,
  imaginaryUnit,
  invertTerm,
  keyOf,
  multiplySums,
  primeAtom,
  rationalOf,
  type Sum,
  type Term,
  termSum,
  unitSum,
} from './sum.ts'

/** A quotient of two sums; the bottom is not 0, and is 1 unless it has several terms. */
export interface ExactForm {
  top: Sum
  bottom: Sum
}

/** Sums are raised to no higher power by multiplication. */
const maximumSumPower = 60n
const maximumFactorial = 500n

/**
 * Expands an expression: polynomials are multiplied out, roots of rational numbers are taken apart into roots of primes,
 * logarithms of rational numbers into logarithms of primes, factorials and binomials are computed. What it does not know
 * becomes an atom of its own, named by its expanded operands. Throws TooLarge where that takes too many digits or terms,
 * Undefined for an expression without a value.
 */
export function exactForm(expression: Expression): ExactForm {
  switch (expression.kind) {
    case 'number': {
      const { numerator, denominator } = expression.value
      return rationalForm(reduce(numerator, denominator))
    }
    case 'constant':
      return atomForm(`@${expression.name}`)
    case 'symbol':
      return atomForm(expression.name)
    case 'sum':
      return expression.terms.map(exactForm).reduce(addForms)
    case 'product':
      return expression.factors.map(exactForm).reduce(multiplyForms)
    case 'quotient':
      return multiplyForms(exactForm(expression.top), invertForm(exactForm(expression.bottom)))
    case 'power':
      return powerForm(exactForm(expression.base), exactForm(expression.exponent))
    case 'root':
      return rootForm(exactForm(expression.radicand), exactForm(expression.degree))
    case 'function':
      return functionForm(expression.name, expression.operands.map(exactForm))
    case 'application':
    case 'series':
    case 'integral':
    case 'limit':
    case 'derivative':
      throw new TooLarge()
    default:
      return expression satisfies never
  }
}

/** a − b, as its top only: 0 if and only if a = b. */
export function differenceOf(a: ExactForm, b: ExactForm): Sum {
  return addSums(multiplySums(a.top, b.bottom), multiplySums(multiplySums(b.top, a.bottom), minusOne))
}

/** The value of a form without atoms; null of one with some. */
export function rationalOfForm({ top, bottom }: ExactForm): Rational | null {
  const [above, below] = [rationalOf(top), rationalOf(bottom)]
  return above && below && multiply(above, invert(below))
}

const minusOne = constantSum({ numerator: -1n, denominator: 1n })

function rationalForm(value: Rational): ExactForm {
  return { top: constantSum(value), bottom: unitSum }
}

function atomForm(atom: string, exponent: Rational = one): ExactForm {
  return { top: termSum(one, [[atom, exponent]]), bottom: unitSum }
}

/** A value that is not looked into, named by its function and operands. */
function opaque(name: string, operands: ExactForm[]): ExactForm {
  const atom = `$${name}(${operands.map(keyOfForm).join(';')})`
  if (atom.length > 10_000) throw new TooLarge()
  return atomForm(atom)
}

function keyOfForm({ top, bottom }: ExactForm): string {
  return bottom === unitSum ? keyOf(top) : `(${keyOf(top)})/(${keyOf(bottom)})`
}

/** With a bottom of one term divided out. */
function quotientForm(top: Sum, bottom: Sum): ExactForm {
  if (bottom.size === 0) throw new Undefined()
  if (bottom.size > 1) return { top, bottom }
  const [term] = bottom.values()
  return { top: multiplySums(top, invertTerm(term!)), bottom: unitSum }
}

function addForms(a: ExactForm, b: ExactForm): ExactForm {
  if (a.bottom === unitSum && b.bottom === unitSum) return { top: addSums(a.top, b.top), bottom: unitSum }
  const top = addSums(multiplySums(a.top, b.bottom), multiplySums(b.top, a.bottom))
  return quotientForm(top, multiplySums(a.bottom, b.bottom))
}

function multiplyForms(a: ExactForm, b: ExactForm): ExactForm {
  const top = multiplySums(a.top, b.top)
  if (a.bottom === unitSum && b.bottom === unitSum) return { top, bottom: unitSum }
  return quotientForm(top, multiplySums(a.bottom, b.bottom))
}

function invertForm({ top, bottom }: ExactForm): ExactForm {
  return quotientForm(bottom, top)
}

function powerForm(base: ExactForm, exponent: ExactForm): ExactForm {
  const value = rationalOfForm(exponent)
  if (value?.denominator === 1n) return wholePower(base, value.numerator)
  const constant = rationalOfForm(base)
  if (constant?.numerator === 0n) throw new TooLarge()
  const term = singleTerm(base)
  if (value && term && isPositive(term)) return termPower(term, value)
  return opaque('Power', [base, exponent])
}

function wholePower(base: ExactForm, exponent: bigint): ExactForm {
  if (exponent < 0n) return wholePower(invertForm(base), -exponent)
  if (exponent === 0n && base.top.size === 0) throw new Undefined()
  const term = singleTerm(base)
  if (term) return termPower(term, { numerator: exponent, denominator: 1n })
  if (exponent > maximumSumPower) throw new TooLarge()
  let result = rationalForm(one)
  for (let factor = 0n; factor < exponent; factor++) result = multiplyForms(result, base)
  return result
}

function singleTerm({ top, bottom }: ExactForm): Term | null {
  return top.size === 1 && bottom === unitSum ? [...top.values()][0]! : null
}

/** A term raised to a power; with a broken one, only what is positive may be in the term. */
function termPower({ coefficient, powers }: Term, exponent: Rational): ExactForm {
  const raised = [...powers].map(([atom, before]): [string, Rational] => [atom, multiply(before, exponent)])
  if (exponent.denominator === 1n) {
    return { top: termSum(power(coefficient, exponent.numerator), raised), bottom: unitSum }
  }
  const top = multiplySums(termSum(one, raised), rationalPower(coefficient, exponent))
  return { top, bottom: unitSum }
}

/** A positive rational number to a broken power, as a product of powers of primes. */
function rationalPower(base: Rational, exponent: Rational): Sum {
  if (magnitude(exponent.numerator) > 1_000n || exponent.denominator > 100n) throw new TooLarge()
  const powers = primePowers(base).map(([prime, times]): [string, Rational] => [
    primeAtom(prime),
    multiply({ numerator: times, denominator: 1n }, exponent),
  ])
  return termSum(one, powers)
}

function primePowers({ numerator, denominator }: Rational): [bigint, bigint][] {
  const [above, below] = [primeFactors(numerator), primeFactors(denominator)]
  if (above === null || below === null) throw new TooLarge()
  return [...above, ...below.map(([prime, times]): [bigint, bigint] => [prime, -times])]
}

const positiveAtoms = /^(?:#|@Pi$|@ExponentialE$)/

function isPositive({ coefficient, powers }: Term): boolean {
  return coefficient.numerator > 0n && [...powers.keys()].every(atom => positiveAtoms.test(atom))
}

function rootForm(radicand: ExactForm, degree: ExactForm): ExactForm {
  const value = rationalOfForm(degree)
  if (value?.denominator !== 1n || value.numerator < 1n) throw new Undefined()
  if (radicand.top.size === 0) return radicand
  const exponent = invert(value)
  const term = singleTerm(radicand)
  if (term && isPositive(term)) return termPower(term, exponent)
  const opposite = multiplyForms(radicand, { top: minusOne, bottom: unitSum })
  const negative = singleTerm(opposite)
  if (negative && isPositive(negative)) {
    const root = termPower(negative, exponent)
    if (value.numerator % 2n === 1n) return multiplyForms(root, { top: minusOne, bottom: unitSum })
    if (value.numerator === 2n) return multiplyForms(root, atomForm(imaginaryUnit))
  }
  return opaque('Root', [radicand, degree])
}

function functionForm(name: FunctionName, operands: ExactForm[]): ExactForm {
  const [first, second] = operands
  const values = operands.map(rationalOfForm)
  const [value, other] = values
  switch (name) {
    case 'Factorial':
      if (value) return rationalForm(factorial(value))
      break
    case 'Binomial':
      if (value && other) return rationalForm(binomial(value, other))
      break
    case 'Abs':
      if (value) return rationalForm({ ...value, numerator: magnitude(value.numerator) })
      break
    case 'Floor':
      if (value) return rationalForm({ numerator: floor(value), denominator: 1n })
      break
    case 'Ceil': {
      if (value)
        return rationalForm({ numerator: -floor({ ...value, numerator: -value.numerator }), denominator: 1n })
      break
    }
    case 'Ln':
      return logarithm(first!)
    case 'Log':
      return multiplyForms(logarithm(first!), invertForm(logarithm(second!)))
    case 'Exp':
      return powerForm(atomForm('@ExponentialE'), first!)
  }
  return opaque(name, operands)
}

/** ln of a positive rational number times a rational power of e: ln 12 = 2 ln 2 + ln 3. */
function logarithm(operand: ExactForm): ExactForm {
  if (operand.top.size === 0) throw new Undefined()
  const term = singleTerm(operand)
  if (!term || !isPositive(term) || term.powers.has('@Pi')) return opaque('Ln', [operand])
  let sum: Sum = new Map()
  for (const [prime, times] of primePowers(term.coefficient))
    sum = addSums(sum, termSum({ numerator: times, denominator: 1n }, [[`$Ln(${prime})`, one]]))
  for (const [atom, exponent] of term.powers) {
    const atoms: [string, Rational][] = atom.startsWith('#') ? [[`$Ln(${atom.slice(1)})`, one]] : []
    sum = addSums(sum, termSum(exponent, atoms))
  }
  return { top: sum, bottom: unitSum }
}

function factorial({ numerator, denominator }: Rational): Rational {
  if (denominator !== 1n || numerator < 0n) throw new Undefined()
  if (numerator > maximumFactorial) throw new TooLarge()
  let product = 1n
  for (let factor = 2n; factor <= numerator; factor++) product *= factor
  return { numerator: product, denominator: 1n }
}

function binomial(total: Rational, chosen: Rational): Rational {
  if (total.denominator !== 1n || chosen.denominator !== 1n || total.numerator < 0n) throw new Undefined()
  if (total.numerator > 10n * maximumFactorial) throw new TooLarge()
  const [n, k] = [total.numerator, chosen.numerator]
  if (k < 0n || k > n) return { numerator: 0n, denominator: 1n }
  let product = 1n
  const steps = 2n * k < n ? k : n - k
  for (let step = 1n; step <= steps; step++) product = (product * (n - steps + step)) / step
  return { numerator: product, denominator: 1n }
}
