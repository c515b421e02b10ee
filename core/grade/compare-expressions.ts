import type { Complex } from './complex.ts'
import { withoutDerivatives } from './differentiate.ts'
import { evaluateExpression } from './evaluate-expression.ts'
import { Evaluation } from './evaluation.ts'
import { differenceOf, type ExactForm, exactForm, rationalOfForm } from './exact-form.ts'
import {
  type Expression,
  infinityOf,
  partsOf,
  product,
  symbol,
  unknownsOf,
  withCanonicalNames,
} from './expression.ts'
import { equalRationals, invert, magnitude, type Rational, TooLarge, Undefined } from './rational.ts'
import { type Point, samplePoints } from './sample-points.ts'
import { leadingCoefficient, multiplySums, termSum } from './sum.ts'

/** Completes "equal" or "unequal" in a verdict; never empty. */
export type Grounds = `${'as' | 'by' | 'without'} ${string}` | `numerically${string}`

/** What is known of two expressions: whether they are equal, null if it is not known, and by what rule. */
export interface ExpressionComparison {
  equal: boolean | null
  /** Completes "equal" or "unequal": "by expansion", "numerically at 12 points", "as the numbers are too large". */
  by: Grounds
}

const leastBits = 140
const mostBits = 1_600
/** Two values are taken for equal if they agree to some 20 digits more than what they are made of could account for. */
const agreementBits = 67
const wantedPoints = 12
/** Where values are dear, or one of the expressions is 0 at most points. */
const fewestPoints = 6
/** After so many points that tell nothing no more are tried. */
const hopelessPoints = 40
/** Elementary steps that a comparison may take: some tenths of a second. */
const allowedOperations = 100_000

/**
 * Whether two expressions are equal for all values of their unknowns: exactly by expansion where that tells, else by their values
 * at many points, as `samplePoints` chooses them. One difference refutes; agreement is evidence, and is told as such. Odd roots of
 * negative numbers are read as real, or as principal values, on both sides alike: equality under either is equality.
 */
export function compareExpressions(a: Expression, b: Expression): ExpressionComparison {
  const infinities = [a, b].map(infinityOf)
  if (infinities.some(sign => sign !== 0))
    return { equal: infinities[0] === infinities[1], by: 'as infinities' }
  const pair = prepared(a, b)
  if (pair === null) return { equal: null, by: 'as one has no value' }
  if (keyOfExpression(pair[0]) === keyOfExpression(pair[1])) return { equal: true, by: 'as text' }
  const exact = compareExactly(...pair)
  return exact === null ? compareNumerically(pair) : { equal: exact, by: 'by expansion' }
}

/**
 * Whether a = 0 and b = 0 say the same: whether a is a constant multiple of b, a positive one where the sign matters (a > 0). Found
 * by expansion or by the values at many points.
 */
export function compareConditions(a: Expression, b: Expression, signMatters: boolean): ExpressionComparison {
  const pair = prepared(a, b)
  if (pair === null) return { equal: null, by: 'as one has no value' }
  const exact = exactly(() => areMultiples(...pair, signMatters))
  if (exact === true) return { equal: true, by: 'by expansion' }
  const factor = ratioOf(...pair)
  if (factor === null)
    return { equal: false, by: exact === false ? 'by expansion' : 'as no common factor was found' }
  const { sign } = factor
  if (sign === 0 || (signMatters && sign < 0)) return { equal: false, by: 'numerically' }
  const scaled = product(symbol(factorName), pair[1])
  return compareNumerically([pair[0], scaled], new Map([[factorName, factor.value]]))
}

/** The value of an expression that is a rational number; null of any other. */
export function rationalOfExpression(expression: Expression): Rational | null {
  return exactly(() =>
    rationalOfForm(exactForm(withoutDerivatives(withCanonicalNames(expression, expression)[0]))),
  )
}

/** The value of an expression as a double, infinities included; null of one that depends on unknowns or is not real. */
export function numberOfExpression(expression: Expression): number | null {
  const infinity = infinityOf(expression)
  if (infinity !== 0) return infinity * Number.POSITIVE_INFINITY
  const pair = prepared(expression, expression)
  if (pair === null || unknownsOf(pair[0]).size > 0) return null
  const budget = { operations: allowedOperations }
  for (const bits of [160, 640]) {
    const evaluation = new Evaluation({ bits, budget })
    const value = evaluateExpression(pair[0], new Map(), evaluation)
    if (value === null) continue
    const { arithmetic } = evaluation
    const isKnown = arithmetic.size(value) - arithmetic.errorOf(value) > 55
    if (isKnown || bits > 160)
      return exactly(() => (arithmetic.isZero(value) ? 0 : arithmetic.toDouble(value)))
  }
  return null
}

/** One text for expressions that are written alike. */
function keyOfExpression(expression: Expression): string {
  return JSON.stringify(expression, (_, value) => (typeof value === 'bigint' ? String(value) : value))
}

/** Both without derivatives and with names for what is bound; null if one has no value. */
function prepared(a: Expression, b: Expression): [Expression, Expression] | null {
  return exactly(() => {
    const [left, right] = withCanonicalNames(a, b)
    return [withoutDerivatives(left), withoutDerivatives(right)]
  })
}

function compareExactly(a: Expression, b: Expression): boolean | null {
  return exactly(() => {
    const [left, right] = [exactForm(a), exactForm(b)]
    if (differenceOf(left, right).size === 0) return true
    return isIndependent(left, right) ? false : null
  })
}

function exactly<T>(compute: () => T | null): T | null {
  try {
    return compute()
  } catch (error) {
    if (error instanceof TooLarge || error instanceof Undefined) return null
    throw error
  }
}

/**
 * Whether different forms are different numbers: so if all atoms are independent of one another. Unknowns are, and roots of
 * different primes over the rationals, i, and one of π and e, both being transcendental; whether both are together is not known.
 */
function isIndependent(...forms: ExactForm[]): boolean {
  const atoms = new Set<string>()
  for (const { top, bottom } of forms)
    for (const sum of [top, bottom])
      for (const { powers } of sum.values()) for (const atom of powers.keys()) atoms.add(atom)
  if (atoms.has('@Pi') && atoms.has('@ExponentialE')) return false
  return ![...atoms].some(atom => atom.startsWith('$') || atom.startsWith('&'))
}

/** Whether a is a rational multiple of b. */
function areMultiples(a: Expression, b: Expression, signMatters: boolean): boolean {
  const [left, right] = [exactForm(a), exactForm(b)]
  const [first, second] = [leadingCoefficient(left.top), leadingCoefficient(right.top)]
  if (first === null || second === null) return first === second
  if (signMatters && first.numerator < 0n !== second.numerator < 0n) return false
  return differenceOf(scaled(left, invert(first)), scaled(right, invert(second))).size === 0
}

function scaled({ top, bottom }: ExactForm, factor: Rational): ExactForm {
  return { top: multiplySums(top, termSum(factor)), bottom }
}

const factorName = '‹factor›'

/** a/b where both have a value that is not 0, and its sign, 0 if it is not real. */
function ratioOf(a: Expression, b: Expression): { value: Complex; sign: number } | null {
  const budget = { operations: allowedOperations }
  for (const [seed, point] of samplePoints(a, b).points.entries()) {
    const evaluation = new Evaluation({ bits: mostBits / 2, budget, seed })
    const [left, right] = [a, b].map(side => evaluateExpression(side, point, evaluation))
    if (!left || !right) continue
    const ratio = exactly(() => {
      const { arithmetic } = evaluation
      if (arithmetic.isZero(left) || arithmetic.isZero(right)) return null
      const value = arithmetic.divide(left, right)
      return { value, sign: arithmetic.real(value) === null ? 0 : arithmetic.sign(value) }
    })
    if (ratio !== null) return ratio
  }
  return null
}

function compareNumerically(
  pair: [Expression, Expression],
  constants: ReadonlyMap<string, Complex> = new Map(),
): ExpressionComparison {
  const readings = hasOddRoots(pair) ? [true, false] : [true]
  const budget = { operations: allowedOperations }
  const comparisons = readings.map(hasRealRoots => compareAtPoints(pair, constants, hasRealRoots, budget))
  return (
    comparisons.find(({ equal }) => equal === true) ??
    comparisons.find(({ equal }) => equal === null) ??
    comparisons[0]!
  )
}

/** Whether there are roots that could be read in two ways where they are of negative numbers. */
function hasOddRoots(expressions: Expression[]): boolean {
  return expressions.flatMap(partsOf).some(part => {
    if (part.kind !== 'root' && part.kind !== 'power') return false
    const isRoot = part.kind === 'root'
    const value = exactly(() => rationalOfForm(exactForm(isRoot ? part.degree : part.exponent)))
    const fractions = isRoot ? value?.numerator : value?.denominator
    return fractions !== undefined && fractions !== 1n && fractions % 2n !== 0n
  })
}

function compareAtPoints(
  pair: [Expression, Expression],
  constants: ReadonlyMap<string, Complex>,
  hasRealRoots: boolean,
  budget: { operations: number },
): ExpressionComparison {
  const comparator = createPointComparator(pair, constants, hasRealRoots, budget)
  const other = createPointComparator(pair, constants, true, budget)
  const { points, spare } = samplePoints(...pair)
  const isConstant = points.length === 1
  let told = 0
  const count: Record<PointVerdict, number> = { equal: 0, 'both 0': 0, unequal: 0, 'no value': 0, unknown: 0 }
  for (const [seed, point] of [...points, ...spare].entries()) {
    if (seed >= points.length && count.equal >= wantedPoints) break
    const verdict = comparator.compare(point, seed)
    // ⌊∛x⌋ has no value at negative numbers under one reading only, and that must not hide what the other shows.
    const isRefuted = verdict === 'no value' && !hasRealRoots && other.compare(point, seed) === 'unequal'
    if (verdict === 'unequal' || isRefuted) return { equal: false, by: 'numerically' }
    count[verdict]++
    told = count.equal + count['both 0']
    if (budget.operations < 0 || (told === 0 && seed >= hopelessPoints)) break
  }
  if (told === 0) return { equal: null, by: comparator.failure }
  if (isConstant) {
    const digits = Math.floor(comparator.agreedBits * Math.log10(2))
    return { equal: true, by: `numerically to ${digits} digits` }
  }
  // Where both are 0, any multiple agrees: that is evidence only if they are so wherever they have a value, which is not seldom.
  const agreed = count.equal === 0 ? count['both 0'] : count.equal
  const isSeldom = told < count['no value'] / (count.equal === 0 ? 1 : 4)
  const wanted = budget.operations < 0 || count['both 0'] > 0 ? fewestPoints : wantedPoints
  if (agreed < wanted || isSeldom) return { equal: null, by: 'as too few points were found to compare' }
  return { equal: true, by: `numerically at ${agreed} points` }
}

type PointVerdict = 'equal' | 'both 0' | 'unequal' | 'no value' | 'unknown'

/** Compares two expressions at one point after the other. */
function createPointComparator(
  [a, b]: [Expression, Expression],
  constants: ReadonlyMap<string, Complex>,
  hasRealRoots: boolean,
  budget: { operations: number },
) {
  const comparator = {
    /** To how many bits the values agreed at the last point. */
    agreedBits: 0,
    /** Why the last point told nothing. */
    failure: 'as no points were found to compare' as Grounds,
    compare,
  }
  /** Digits in the texts alone could make two numbers agree to as many. */
  const written = writtenBits(a) + writtenBits(b)

  function reasonOf(failure: Evaluation['failure']): Grounds {
    if (budget.operations < 0) return 'as it takes too many steps'
    return failure === 'too large' ? 'as the numbers are too large' : 'as one has no value'
  }

  function compare(point: Point, seed: number): PointVerdict {
    const values = new Map([...point, ...constants])
    let before = Number.NEGATIVE_INFINITY
    for (let bits = leastBits; bits <= mostBits; ) {
      const evaluation = new Evaluation({ bits, budget, seed, hasRealRoots })
      const left = evaluateExpression(a, values, evaluation)
      const right = left && evaluateExpression(b, values, evaluation)
      // How large and small parts are says to how many bits values must agree, lest one part be lost beside another.
      const needed = agreementBits + Math.max(2 * evaluation.largest, -2 * evaluation.smallest, written)
      if (left === null || right === null) {
        // What has no value, as 1/(x − x), may seem so for want of precision only.
        const isPrecise = bits >= needed + agreementBits
        if (evaluation.failure === 'too large' || isPrecise || needed > mostBits) {
          comparator.failure = reasonOf(evaluation.failure)
          return evaluation.failure === 'too large' ? 'unknown' : 'no value'
        }
        bits = Math.ceil(needed + agreementBits)
        continue
      }
      const { arithmetic } = evaluation
      if (left.rational && right.rational && !arithmetic.hasAssumed) {
        comparator.agreedBits = Math.max(bits, agreementBits)
        if (!equalRationals(left.rational, right.rational)) return 'unequal'
        return left.rational.numerator === 0n ? 'both 0' : 'equal'
      }
      const gap = arithmetic.subtract(left, right)
      const error = arithmetic.errorOf(gap)
      const size = Math.max(arithmetic.size(left), arithmetic.size(right))
      const isApart = arithmetic.size(gap) > error + 2
      if (isApart && (!arithmetic.hasAssumed || bits >= needed + agreementBits)) return 'unequal'
      const vanishes = size <= error + 2
      const agreement = (vanishes ? evaluation.smallest : size) - error
      if (!isApart && agreement >= needed && (!arithmetic.hasAssumed || bits >= needed + 20)) {
        comparator.agreedBits = agreement
        return vanishes ? 'both 0' : 'equal'
      }
      comparator.failure =
        needed > mostBits ? 'as the numbers are too large' : 'as the values are not known to enough digits'
      // What more bits do not improve, as an integral that diverges, even more will not.
      if (agreement < before + 10 && !arithmetic.hasAssumed && !isApart) break
      before = agreement
      bits = Math.ceil(
        Math.max(bits + 40, bits + needed - agreement + 20, needed + (isApart ? agreementBits : 20)),
      )
    }
    return 'unknown'
  }

  return comparator
}

function writtenBits(expression: Expression): number {
  const numbers = partsOf(expression).flatMap(part =>
    part.kind === 'number' ? [part.value.numerator, part.value.denominator] : [],
  )
  return numbers.reduce((bits, number) => bits + Math.max(0, magnitude(number).toString(2).length - 1), 0)
}
