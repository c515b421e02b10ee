import type { AnswerStructure } from './answer-structure.ts'
import { cleanAnswer } from './clean-answer.ts'
import { compareStructures } from './compare-structures.ts'
import { compareValues } from './compare-values.ts'
import { maximumAnswerLength } from './extract-answer.ts'
import { normaliseAnswerText } from './normalise-answer-text.ts'
import { parseStructure } from './parse-structure.ts'
import { equalQuantities, parseQuantity } from './quantity.ts'

/** Whether two answers are equal, and by which rule: "as rationals", "as tuples, by expansion". */
export interface Comparison {
  equal: boolean
  by: string
}

/**
 * Compares two answers: as exact numbers, as text in one notation, else value by value as their structure says. What is not
 * known to be equal is unequal.
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
  const text = normaliseAnswerText(left)
  if (text !== '' && text === normaliseAnswerText(right)) return { equal: true, by: 'as text' }
  const [structure, expectedStructure] = [parseStructure(left), parseStructure(right)]
  if (!structure || !expectedStructure) return { equal: false, by: 'as text' }
  return compareParts(structure, expectedStructure)
}

function compareParts(a: AnswerStructure, b: AnswerStructure): Comparison {
  const values = new ComparedValues()
  const kinds =
    a.kind === b.kind
      ? a.kind === 'value'
        ? ''
        : `as ${plurals[a.kind]}`
      : `as ${plurals[a.kind]} against ${plurals[b.kind]}`
  const equal = compareStructures(a, b, (left, right) => values.compare(left, right)) === true
  return { equal, by: [kinds, values.lastRule].filter(part => part !== '').join(', ') }
}

/** The values compared so far, by their texts. */
class ComparedValues {
  readonly #known = new Map<string, boolean>()
  /** By which rule the last value was decided; one that looks at values goes before exact rules. */
  lastRule = ''
  #isExact = true

  compare(a: string, b: string): boolean {
    const key = `${a}\n${b}`
    const known = this.#known.get(key)
    if (known !== undefined) return known
    const { equal, by } = compareValues(a, b)
    this.#known.set(key, equal)
    const isExact = /^(?:as (?:rationals|text|units)|by expansion)$/.test(by)
    if (this.#isExact || !isExact) [this.lastRule, this.#isExact] = [by, isExact]
    return equal
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
}
