import { type Expression, type FunctionName, infinityOf, integer, substitute } from './expression.ts'
import {
  add,
  binomial,
  factorial,
  floor,
  fromWhole,
  greatestCommonDivisor,
  invert,
  leastCommonMultiple,
  magnitude,
  multiply,
  one,
  opposite,
  power,
  primeFactors,
  type Rational,
  reduce,
  TooLarge,
  Undefined,
  zero,
} from './rational.ts'
import {
  addSums,
  imaginaryUnit,
  invertTerm,
  keyOf,
  leadingCoefficient,
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

/** What is left of the products of terms that an expansion may take: some tenths of a second in all. */
interface Work {
  products: number
}

const maximumProducts = 80_000
/** To a higher power a sum is raised as a whole, not by multiplication. */
const maximumSumPower = 60n
const maximumNameLength = 10_000
/** Longer sums and products over an index are not written out. */
const maximumTermsOfSeries = 200n

/**
 * Expands an expression: polynomials are multiplied out, roots of rational numbers are taken apart into roots of primes,
 * logarithms of rational numbers into logarithms of primes, factorials and binomials are computed, short sums written out,
 * polynomials integrated. What it does not know becomes an atom of its own, named by its expanded operands; bound variables
 * have the names of `withCanonicalNames`. Throws TooLarge where that takes too many digits or terms, Undefined for an
 * expression without a value.
 */
export function exactForm(expression: Expression, work: Work = { products: maximumProducts }): ExactForm {
  const inner = (operand: Expression) => exactForm(operand, work)
  switch (expression.kind) {
    case 'number': {
      const { numerator, denominator } = expression.value
      return rationalForm(reduce(numerator, denominator))
    }
    case 'constant':
      if (expression.name === 'PositiveInfinity') throw new Undefined()
      return atomForm(`@${expression.name}`)
    case 'symbol':
      return atomForm(expression.name)
    case 'sum':
      return expression.terms.map(inner).reduce((a, b) => addForms(a, b, work))
    case 'product':
      return expression.factors.map(inner).reduce((a, b) => multiplyForms(a, b, work))
    case 'quotient':
      return multiplyForms(inner(expression.top), invertForm(inner(expression.bottom)), work)
    case 'power':
      return powerForm(inner(expression.base), inner(expression.exponent), work)
    case 'root':
      return rootForm(inner(expression.radicand), inner(expression.degree))
    case 'function':
      return functionForm(expression.name, expression.operands.map(inner))
    case 'application':
      return opaque(`${expression.name}`, expression.operands.map(inner))
    case 'series':
      return seriesForm(expression, work)
    case 'integral':
      return integralForm(expression, work)
    case 'limit':
      return opaque(`Limit${expression.side}`, [inner(expression.body)], [expression.point])
    case 'derivative':
      return opaque(`D${expression.order}${expression.variable}`, [inner(expression.body)])
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

const minusOne = termSum(fromWhole(-1n))

function formOf(top: Sum): ExactForm {
  return { top, bottom: unitSum }
}

function rationalForm(value: Rational): ExactForm {
  return formOf(termSum(value))
}

function atomForm(atom: string): ExactForm {
  return formOf(termSum(one, [[atom, one]]))
}

function spend(work: Work | undefined, products: number): void {
  if (work && (work.products -= products) < 0) throw new TooLarge()
}

/** The terms of a sum, long coefficients counting more: their common divisors take most of the time. */
function costOf(sum: Sum): number {
  const [term] = sum.values()
  const digits = term === undefined ? 0 : term.coefficient.denominator.toString(16).length
  return sum.size * (1 + digits / 20) ** 2
}

/** A value that is not looked into, named by its function and operands. */
function opaque(name: string, operands: ExactForm[], ends: Expression[] = []): ExactForm {
  const keys = ends.map(end => {
    const infinity = infinityOf(end)
    return infinity === 0 ? keyOfForm(exactForm(end)) : infinity > 0 ? '∞' : '-∞'
  })
  const atom = `$${name}(${[...operands.map(keyOfForm), ...keys].join(';')})`
  if (atom.length > maximumNameLength) throw new TooLarge()
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
  return formOf(multiplySums(top, invertTerm(term!)))
}

function addForms(a: ExactForm, b: ExactForm, work?: Work): ExactForm {
  spend(work, costOf(a.top) + costOf(b.top))
  if (a.bottom === unitSum && b.bottom === unitSum) return formOf(addSums(a.top, b.top))
  spend(work, a.top.size * b.bottom.size + b.top.size * a.bottom.size + a.bottom.size * b.bottom.size)
  const top = addSums(multiplySums(a.top, b.bottom), multiplySums(b.top, a.bottom))
  return quotientForm(top, multiplySums(a.bottom, b.bottom))
}

function multiplyForms(a: ExactForm, b: ExactForm, work?: Work): ExactForm {
  spend(work, costOf(a.top) * b.top.size + a.top.size * costOf(b.top))
  const top = multiplySums(a.top, b.top)
  if (a.bottom === unitSum && b.bottom === unitSum) return formOf(top)
  return quotientForm(top, multiplySums(a.bottom, b.bottom))
}

function invertForm({ top, bottom }: ExactForm): ExactForm {
  return quotientForm(bottom, top)
}

function powerForm(base: ExactForm, exponent: ExactForm, work?: Work): ExactForm {
  const value = rationalOfForm(exponent)
  if (value?.denominator === 1n) return wholePower(base, value.numerator, work)
  const constant = rationalOfForm(base)
  if (constant?.numerator === 0n) throw new TooLarge()
  const term = singleTerm(base)
  if (value && term && isPositive(term)) return termPower(term, value)
  return opaque('Power', [base, exponent])
}

function wholePower(base: ExactForm, exponent: bigint, work?: Work): ExactForm {
  if (exponent < 0n) return wholePower(invertForm(base), -exponent, work)
  if (base.top.size === 0) {
    if (exponent === 0n) throw new Undefined()
    return base
  }
  const term = singleTerm(base)
  if (term) return termPower(term, fromWhole(exponent))
  if (exponent > maximumSumPower) return powerOfWhole(base, exponent)
  let result = rationalForm(one)
  for (let factor = 0n; factor < exponent; factor++) result = multiplyForms(result, base, work)
  return result
}

/** A power of sums that are not multiplied out: (2x − 2y)^100 is 2^100 (x − y)^100, whichever way its terms are written. */
function powerOfWhole({ top, bottom }: ExactForm, exponent: bigint): ExactForm {
  const [above, below] = [top, bottom].map((sum): Sum => {
    const coefficient = leadingCoefficient(sum)!
    if (sum.size === 1) return termPower([...sum.values()][0]!, fromWhole(exponent)).top
    const atom = `&${keyOf(multiplySums(sum, termSum(invert(coefficient))))}`
    if (atom.length > maximumNameLength) throw new TooLarge()
    return termSum(power(coefficient, exponent), [[atom, fromWhole(exponent)]])
  })
  return quotientForm(above!, below!)
}

function singleTerm({ top, bottom }: ExactForm): Term | null {
  return top.size === 1 && bottom === unitSum ? [...top.values()][0]! : null
}

/** A term raised to a power; with a broken one, only what is positive may be in the term. */
function termPower({ coefficient, powers }: Term, exponent: Rational): ExactForm {
  const raised = [...powers].map(([atom, before]): [string, Rational] => [atom, multiply(before, exponent)])
  if (exponent.denominator === 1n) return formOf(termSum(power(coefficient, exponent.numerator), raised))
  return formOf(multiplySums(termSum(one, raised), rationalPower(coefficient, exponent)))
}

/** A positive rational number to a broken power, as a product of powers of primes. */
function rationalPower(base: Rational, exponent: Rational): Sum {
  if (magnitude(exponent.numerator) > 1_000n || exponent.denominator > 100n) throw new TooLarge()
  const powers = primePowers(base).map(([prime, times]): [string, Rational] => [
    primeAtom(prime),
    multiply(fromWhole(times), exponent),
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
  if (value === null) return opaque('Root', [radicand, degree])
  if (value.denominator !== 1n || value.numerator < 1n) throw new Undefined()
  if (radicand.top.size === 0) return radicand
  const exponent = invert(value)
  const term = singleTerm(radicand)
  if (term && isPositive(term)) return termPower(term, exponent)
  const opposite = multiplyForms(radicand, formOf(minusOne))
  const negative = singleTerm(opposite)
  if (negative && isPositive(negative)) {
    const root = termPower(negative, exponent)
    if (value.numerator % 2n === 1n) return multiplyForms(root, formOf(minusOne))
    if (value.numerator === 2n) return multiplyForms(root, atomForm(imaginaryUnit))
  }
  return opaque('Root', [radicand, degree])
}

function functionForm(name: FunctionName, operands: ExactForm[]): ExactForm {
  const [first, second] = operands
  if (name === 'Ln') return logarithm(first!)
  if (name === 'Log') return multiplyForms(logarithm(first!), invertForm(logarithm(second!)))
  if (name === 'Exp') return powerForm(atomForm('@ExponentialE'), first!)
  const values = operands.map(rationalOfForm)
  const value = values.includes(null) ? null : rationalFunctions[name]?.(values as [Rational, Rational])
  return value ? rationalForm(value) : opaque(name, operands)
}

/** Functions whose value of rational numbers is one; null where it is none after all. */
const rationalFunctions: Partial<Record<FunctionName, (values: [Rational, Rational]) => Rational | null>> = {
  Factorial: ([x]) => (x.denominator === 1n ? factorial(x) : null),
  Binomial: ([x, y]) => binomial(x, y),
  Abs: ([x]) => ({ ...x, numerator: magnitude(x.numerator) }),
  Sign: ([{ numerator }]) => fromWhole(numerator === 0n ? 0n : numerator < 0n ? -1n : 1n),
  Floor: ([x]) => fromWhole(floor(x)),
  Ceil: ([x]) => fromWhole(-floor(opposite(x))),
  Gcd: values => fromWhole(wholeMagnitudes(values).reduce(greatestCommonDivisor)),
  Lcm: values => fromWhole(wholeMagnitudes(values).reduce(leastCommonMultiple)),
  Mod: ([x, y]) => add(x, multiply(y, fromWhole(-floor(multiply(x, invert(y)))))),
  Max: values => values.reduce((best, next) => (isBelow(best, next) ? next : best)),
  Min: values => values.reduce((best, next) => (isBelow(next, best) ? next : best)),
  Real: ([x]) => x,
  Conjugate: ([x]) => x,
  Imaginary: () => zero,
}

function wholeMagnitudes(values: Rational[]): bigint[] {
  if (values.some(({ denominator }) => denominator !== 1n)) throw new Undefined()
  return values.map(({ numerator }) => magnitude(numerator))
}

function isBelow(a: Rational, b: Rational): boolean {
  return a.numerator * b.denominator < b.numerator * a.denominator
}

/** Written out where it has few terms. */
function seriesForm(series: Extract<Expression, { kind: 'series' }>, work: Work): ExactForm {
  const { operation, variable, from, to, body } = series
  const [first, last] = [from, to].map(end =>
    infinityOf(end) === 0 ? rationalOfForm(exactForm(end, work)) : null,
  )
  const isShort = first && last && last.numerator - first.numerator < maximumTermsOfSeries
  if (!isShort || first.denominator !== 1n || last.denominator !== 1n)
    return opaque(operation, [exactForm(body, work)], [from, to])
  if (last.numerator < first.numerator - 1n) throw new Undefined()
  let result = rationalForm(operation === 'sum' ? zero : one)
  for (let at = first.numerator; at <= last.numerator; at++) {
    const term = exactForm(substitute(body, variable, integer(at)), work)
    result = operation === 'sum' ? addForms(result, term, work) : multiplyForms(result, term, work)
  }
  return result
}

/** Worked out where the body is a polynomial in the variable. */
function integralForm(integral: Extract<Expression, { kind: 'integral' }>, work: Work): ExactForm {
  const { variable, from, to, body: inner } = integral
  const body = exactForm(inner, work)
  const isPolynomial =
    body.bottom === unitSum &&
    [...body.top.values()].every(({ powers }) =>
      [...powers].every(([atom, { numerator, denominator }]) =>
        atom === variable ? denominator === 1n && numerator > 0n : !atom.includes(variable),
      ),
    )
  if (!isPolynomial || infinityOf(from) !== 0 || infinityOf(to) !== 0)
    return opaque('Integral', [body], [from, to])
  const [start, end] = [exactForm(from, work), exactForm(to, work)]
  let result = rationalForm(zero)
  for (const { coefficient, powers } of body.top.values()) {
    const { numerator: degree } = add(powers.get(variable) ?? zero, one)
    const factor = multiply(coefficient, invert(fromWhole(degree)))
    const others = [...powers].filter(([atom]) => atom !== variable)
    const ends = addForms(
      wholePower(end, degree, work),
      multiplyForms(formOf(minusOne), wholePower(start, degree, work)),
    )
    result = addForms(result, multiplyForms(formOf(termSum(factor, others)), ends))
  }
  return result
}

/** ln of a positive rational number times a rational power of e: ln 12 = 2 ln 2 + ln 3. */
function logarithm(operand: ExactForm): ExactForm {
  if (operand.top.size === 0) throw new Undefined()
  const term = singleTerm(operand)
  if (!term || !isPositive(term) || term.powers.has('@Pi')) return opaque('Ln', [operand])
  let sum: Sum = new Map()
  for (const [prime, times] of primePowers(term.coefficient))
    sum = addSums(sum, termSum(fromWhole(times), [[`$Ln(${prime})`, one]]))
  for (const [atom, exponent] of term.powers) {
    const atoms: [string, Rational][] = atom.startsWith('#') ? [[`$Ln(${atom.slice(1)})`, one]] : []
    sum = addSums(sum, termSum(exponent, atoms))
  }
  return formOf(sum)
}
