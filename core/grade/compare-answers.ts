import type { AnswerStructure } from './answer-structure.ts'
import { canonicalText, cleanAnswer } from './clean-answer.ts'
import type { Grounds } from './compare-expressions.ts'
import { compareStructures } from './compare-structures.ts'
import { compareValues, sameNumber } from './compare-values.ts'
import { maximumAnswerLength } from './extract-answer.ts'
import { defaultGradingRules, type GradingRules, ruleWithin } from './grading-rules.ts'
import { parseStructure } from './parse-structure.ts'
import { equalQuantities, parseQuantity } from './quantity.ts'
import type { Rational } from './rational.ts'

/** Whether two answers are equal, and by which rule: "as rationals", "as tuples, by expansion". */
export interface Comparison {
  equal: boolean
  by: Grounds
}

/** More values of one answer are not compared as expressions. */
const maximumValues = 2_000

/**
 * Compares two answers: as exact numbers, as text in one notation, else value by value as their structure says. What is not known
 * counts as unequal. A tolerance is tried where the answers are not equal without it, so that a verdict says when it hangs on it.
 */
export function compareAnswers(
  answer: string,
  expected: string,
  { tolerance }: GradingRules = defaultGradingRules,
): Comparison {
  const exact = compareWithin(answer, expected, 0)
  if (tolerance === 0 || exact.equal) return exact
  const { equal, by } = compareWithin(answer, expected, tolerance)
  return equal ? { equal, by: ruleWithin(by, tolerance) } : exact
}

function compareWithin(answer: string, expected: string, tolerance: number): Comparison {
  if (answer.length > maximumAnswerLength || expected.length > maximumAnswerLength) {
    const [longer] = [answer, expected].filter(text => text.length > maximumAnswerLength)
    return { equal: answer === expected, by: `as text, having ${longer!.length} characters` }
  }
  // Most answers are whole numbers, and need no cleaning.
  if (isWhole(answer) && isWhole(expected))
    return { equal: sameNumber(tolerance)(wholeNumber(answer), wholeNumber(expected)), by: 'as rationals' }
  const [left, right] = [cleanAnswer(answer), cleanAnswer(expected)]
  const [quantity, expectedQuantity] = [parseQuantity(left), parseQuantity(right)]
  if (quantity && expectedQuantity)
    return { equal: equalQuantities(quantity, expectedQuantity, sameNumber(tolerance)), by: 'as rationals' }
  const text = canonicalText(left)
  if (text !== '' && text === canonicalText(right)) return { equal: true, by: 'as text' }
  const [structure, expectedStructure] = [parseStructure(left), parseStructure(right)]
  if (!structure || !expectedStructure) return { equal: false, by: 'as text' }
  return compareParts(structure, expectedStructure, tolerance)
}

function isWhole(text: string): boolean {
  return /^-?\d+$/.test(text)
}

function wholeNumber(text: string): Rational {
  return { numerator: BigInt(text), denominator: 1n }
}

function compareParts(a: AnswerStructure, b: AnswerStructure, tolerance: number): Comparison {
  const values = new Values(tolerance)
  const equal = compareStructures(a, b, (left, right) => values.compare(left, right)) === true
  const { lastRule } = values
  // Values that nobody compared have different names.
  if (a.kind === 'value' && b.kind === 'value') return { equal, by: lastRule ?? 'as values of other names' }
  const kinds: Grounds =
    a.kind === b.kind ? `as ${plurals[a.kind]}` : `as ${plurals[a.kind]} against ${plurals[b.kind]}`
  return { equal, by: lastRule === null ? kinds : `${kinds}, ${lastRule}` }
}

/** The values compared so far, by their texts. */
class Values {
  readonly #tolerance: number
  readonly #known = new Map<string, boolean>()
  /** By which rule the last value was decided; one by which values are not known, or that is no proof, goes before exact rules. */
  lastRule: Grounds | null = null
  #weight = 0

  constructor(tolerance: number) {
    this.#tolerance = tolerance
  }

  compare(a: string, b: string): boolean {
    const key = `${a}\n${b}`
    const known = this.#known.get(key)
    if (known !== undefined) return known
    if (this.#known.size >= maximumValues) return false
    const { equal, by } = compareValues(a, b, this.#tolerance)
    const weight = equal === null ? 3 : by.startsWith('numerically') ? 2 : 1
    if (weight >= this.#weight) [this.lastRule, this.#weight] = [by, weight]
    this.#known.set(key, equal === true)
    return equal === true
  }
}

const plurals: Record<AnswerStructure['kind'], string> = {
  value: 'values',
  tuple: 'tuples',
  set: 'sets',
  intervals: 'intervals',
  matrix: 'matrices',
  ratio: 'ratios',
  condition: 'conditions',
  congruence: 'congruences',
  choice: 'choices',
}
