import type { AnswerStructure } from './answer-structure.ts'
import { canonicalText, cleanAnswer } from './clean-answer.ts'
import { compareStructures, type Truth } from './compare-structures.ts'
import { compareValues } from './compare-values.ts'
import { maximumAnswerLength } from './extract-answer.ts'
import { parseStructure } from './parse-structure.ts'
import { equalQuantities, parseQuantity } from './quantity.ts'

/** Whether two answers are equal, and by which rule: "as rationals", "as tuples, by expansion". */
export interface Comparison {
  equal: boolean
  by: string
}

/** More values of one answer are not compared as expressions. */
const maximumValues = 2_000

/**
 * Compares two answers: as exact numbers, as text in one notation, else value by value as their structure says. What is not known
 * counts as unequal.
 */
export function compareAnswers(answer: string, expected: string): Comparison {
  if (answer.length > maximumAnswerLength || expected.length > maximumAnswerLength) {
    const [longer] = [answer, expected].filter(text => text.length > maximumAnswerLength)
    return { equal: answer === expected, by: `as text, having ${longer!.length} characters` }
  }
  const [left, right] = [cleanAnswer(answer), cleanAnswer(expected)]
  const [quantity, expectedQuantity] = [parseQuantity(left), parseQuantity(right)]
  if (quantity && expectedQuantity)
    return { equal: equalQuantities(quantity, expectedQuantity), by: 'as rationals' }
  const text = canonicalText(left)
  if (text !== '' && text === canonicalText(right)) return { equal: true, by: 'as text' }
  const [structure, expectedStructure] = [parseStructure(left), parseStructure(right)]
  if (!structure || !expectedStructure) return { equal: false, by: 'as text' }
  return compareParts(structure, expectedStructure)
}

function compareParts(a: AnswerStructure, b: AnswerStructure): Comparison {
  const values = new Values()
  const equal = compareStructures(a, b, (left, right) => values.compare(left, right)) === true
  const kinds =
    a.kind === b.kind
      ? a.kind === 'value'
        ? []
        : [`as ${plurals[a.kind]}`]
      : [`as ${plurals[a.kind]} against ${plurals[b.kind]}`]
  const rule = [...kinds, ...values.rule].join(', ')
  return { equal, by: rule === '' ? 'as names' : rule }
}

/** The values compared so far, by their texts. */
class Values {
  readonly #known = new Map<string, Truth>()
  /** By which rule the last value was decided; one by which values differ or that is not exact goes before exact rules. */
  rule: [] | [string] = []
  #weight = 0

  compare(a: string, b: string): Truth {
    const key = `${a}\n${b}`
    const known = this.#known.get(key)
    if (known !== undefined) return known
    if (this.#known.size >= maximumValues) return false
    const { equal, by } = compareValues(a, b)
    const weight = equal === null ? 3 : by.startsWith('numerically') ? 2 : 1
    if (weight >= this.#weight) [this.rule, this.#weight] = [[by], weight]
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
