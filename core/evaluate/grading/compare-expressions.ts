import { differenceOf, type ExactForm, exactForm } from './exact-form.ts'
import type { Expression } from './expression.ts'
import { TooLarge, Undefined } from './fraction.ts'
import type { Sum } from './sum.ts'

/** What exact arithmetic says of two expressions; `open` is a question for an algebra. */
export type ExactComparison = 'equal' | 'unequal' | 'open' | 'too large' | 'undefined'

/** Whether two expressions are equal, as far as expansion tells. Nothing is rounded. */
export function compareExpressions(a: Expression, b: Expression): ExactComparison {
  return bounded(() => {
    const [left, right] = [exactForm(a), exactForm(b)]
    if (differenceOf(left, right).size === 0) return 'equal'
    return isIndependent(left, right) ? 'unequal' : 'open'
  })
}

/**
 * Whether a = 0 and b = 0 say the same: whether a is a rational multiple of b, a positive one where the sign matters (a > 0).
 * Only a proof counts, so that two such conditions that are not seen to be equal are unequal.
 */
export function compareConditions(a: Expression, b: Expression, signMatters: boolean): ExactComparison {
  return bounded(() => {
    const [left, right] = [exactForm(a), exactForm(b)]
    const [first, second] = [leading(left.top), leading(right.top)]
    if (first === null || second === null) return 'unequal'
    if (signMatters && first.numerator < 0n !== second.numerator < 0n) return 'unequal'
    const scaled = (
      form: ExactForm,
      { numerator, denominator }: { numerator: bigint; denominator: bigint },
    ) => ({
      top: new Map(
        [...form.top].map(([key, term]) => [
          key,
          { ...term, coefficient: times(term.coefficient, denominator, numerator) },
        ]),
      ),
      bottom: form.bottom,
    })
    return differenceOf(scaled(left, first), scaled(right, second)).size === 0 ? 'equal' : 'unequal'
  })
}

function times(value: { numerator: bigint; denominator: bigint }, numerator: bigint, denominator: bigint) {
  const sign = denominator < 0n ? -1n : 1n
  return {
    numerator: sign * value.numerator * numerator,
    denominator: sign * value.denominator * denominator,
  }
}

function leading(sum: Sum) {
  const keys = [...sum.keys()].sort()
  return keys.length === 0 ? null : sum.get(keys.at(-1)!)!.coefficient
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
