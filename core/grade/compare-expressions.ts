import { differenceOf, type ExactForm, exactForm, rationalOfForm } from './exact-form.ts'
import type { Expression } from './expression.ts'
import { invert, TooLarge, Undefined } from './fraction.ts'
import type { Rational } from './rational.ts'
import { constantSum, multiplySums, type Sum } from './sum.ts'

/** What exact arithmetic says of two expressions; `open` is a question for an algebra. */
export type ExactComparison = 'equal' | 'unequal' | 'open' | 'too large' | 'undefined'

/** Whether two expressions are equal, as far as expansion tells. Nothing is rounded. */
export function compareExpressions(a: Expression, b: Expression): ExpressionComparison {
  return verdict(
    bounded(() => {
      const [left, right] = [exactForm(a), exactForm(b)]
      if (differenceOf(left, right).size === 0) return 'equal'
      return isIndependent(left, right) ? 'unequal' : 'open'
    }),
  )
}

/**
 * Whether a = 0 and b = 0 say the same: whether a is a rational multiple of b, a positive one where the sign matters (a > 0).
 * Only a proof counts, so that two such conditions that are not seen to be equal are unequal.
 */
export function compareConditions(a: Expression, b: Expression, signMatters: boolean): ExpressionComparison {
  return verdict(
    bounded(() => {
      const [left, right] = [exactForm(a), exactForm(b)]
      const [first, second] = [leading(left.top), leading(right.top)]
      if (first === null || second === null) return 'unequal'
      if (signMatters && first.numerator < 0n !== second.numerator < 0n) return 'unequal'
      const difference = differenceOf(scaled(left, invert(first)), scaled(right, invert(second)))
      return difference.size === 0 ? 'equal' : 'unequal'
    }),
  )
}

function scaled({ top, bottom }: ExactForm, factor: Rational): ExactForm {
  return { top: multiplySums(top, constantSum(factor)), bottom }
}

/** The coefficient of the term whose key is last. */
function leading(sum: Sum): Rational | null {
  const [last] = [...sum.keys()].sort().reverse()
  return last === undefined ? null : sum.get(last)!.coefficient
}

function bounded(compare: () => ExactComparison): ExactComparison {
  try {
    return compare()
  } catch (error) {
    if (error instanceof TooLarge) return 'too large'
    if (error instanceof Undefined) return 'undefined'
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
  return ![...atoms].some(atom => atom.startsWith('$'))
}

/** The value of an expression that is a rational number; null of any other. */
export function rationalOfExpression(expression: Expression): Rational | null {
  try {
    return rationalOfForm(exactForm(expression))
  } catch (error) {
    if (error instanceof TooLarge || error instanceof Undefined) return null
    throw error
  }
}

/** Completes "equal" or "unequal" in a verdict; never empty. */
export type Grounds = `${'as' | 'by' | 'without'} ${string}` | `numerically${string}`
export interface ExpressionComparison {
  equal: boolean | null
  by: Grounds
}
function verdict(c: ExactComparison): ExpressionComparison {
  return {
    equal: c === 'equal' ? true : c === 'unequal' ? false : null,
    by: c === 'equal' || c === 'unequal' ? 'by expansion' : `as ${c}`,
  }
}
export function numberOfExpression(e: Expression): number | null {
  const r = rationalOfExpression(e)
  return r && Number(r.numerator) / Number(r.denominator)
}
