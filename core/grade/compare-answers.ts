import type { Algebra } from './algebra.ts'
import type { AnswerStructure } from './answer-structure.ts'
import { cleanAnswer } from './clean-answer.ts'
import { compareStructures, type Truth } from './compare-structures.ts'
import { compareValues, type Grounds, sameNumber } from './compare-values.ts'
import { maximumAnswerLength } from './extract-answer.ts'
import { defaultGradingRules, type GradingRules, ruleWithin } from './grading-rules.ts'
import { normaliseAnswerText } from './normalise-answer-text.ts'
import { parseStructure } from './parse-structure.ts'
import { equalQuantities, parseQuantity } from './quantity.ts'

/** Whether two answers are equal, and by which rule. */
export interface Comparison {
  equal: boolean
  by: Grounds
}

/** More values of one answer are not asked of an algebra. */
const maximumQuestions = 30

/**
 * Compares two answers: as exact numbers, as text in one notation, else value by value as their structure says. Only values
 * that exact rules leave open go to the algebra, and only then is the result a promise. A tolerance is tried where the answers are
 * not equal without it, so that a verdict says when it hangs on it.
 */
export function compareAnswers(
  answer: string,
  expected: string,
  algebra: Algebra | null,
  { tolerance }: GradingRules = defaultGradingRules,
): Comparison | Promise<Comparison> {
  const exact = compareWithin(answer, expected, algebra, 0)
  if (tolerance === 0) return exact
  const orNearly = (found: Comparison): Comparison | Promise<Comparison> => {
    if (found.equal) return found
    const nearly = compareWithin(answer, expected, algebra, tolerance)
    const choose = ({ equal, by }: Comparison) => (equal ? { equal, by: ruleWithin(by, tolerance) } : found)
    return nearly instanceof Promise ? nearly.then(choose) : choose(nearly)
  }
  return exact instanceof Promise ? exact.then(orNearly) : orNearly(exact)
}

function compareWithin(
  answer: string,
  expected: string,
  algebra: Algebra | null,
  tolerance: number,
): Comparison | Promise<Comparison> {
  if (answer.length > maximumAnswerLength || expected.length > maximumAnswerLength) {
    const [longer] = [answer, expected].filter(text => text.length > maximumAnswerLength)
    return { equal: answer === expected, by: `as text, having ${longer!.length} characters` }
  }
  const [left, right] = [cleanAnswer(answer), cleanAnswer(expected)]
  const [quantity, expectedQuantity] = [parseQuantity(left), parseQuantity(right)]
  if (quantity && expectedQuantity)
    return { equal: equalQuantities(quantity, expectedQuantity, sameNumber(tolerance)), by: 'as rationals' }
  const text = normaliseAnswerText(left)
  if (text !== '' && text === normaliseAnswerText(right)) return { equal: true, by: 'as text' }
  const [structure, expectedStructure] = [parseStructure(left), parseStructure(right)]
  if (!structure || !expectedStructure) return { equal: false, by: 'as text' }
  return compareParts(structure, expectedStructure, algebra, tolerance)
}

function compareParts(
  a: AnswerStructure,
  b: AnswerStructure,
  algebra: Algebra | null,
  tolerance: number,
): Comparison | Promise<Comparison> {
  const questions = new Questions(tolerance)
  const kinds: Grounds =
    a.kind === b.kind ? `as ${plurals[a.kind]}` : `as ${plurals[a.kind]} against ${plurals[b.kind]}`
  const areValues = a.kind === 'value' && b.kind === 'value'
  const judge = () => compareStructures(a, b, (left, right) => questions.compare(left, right))
  const verdict = (equal: boolean): Comparison => {
    const { lastRule } = questions
    // Values that nobody compared have different names.
    if (areValues) return { equal, by: lastRule ?? 'as values of other names' }
    return { equal, by: lastRule === null ? kinds : `${kinds}, ${lastRule}` }
  }
  const truth = judge()
  if (truth !== null) return verdict(truth)
  if (algebra === null) return { ...verdict(false), by: 'without algebra' }
  return settle(judge, questions, algebra).then(verdict)
}

/** Asks the algebra as long as the verdict hangs on an open question. What it does not know counts as unequal, and ends it. */
async function settle(judge: () => Truth, questions: Questions, algebra: Algebra): Promise<boolean> {
  for (let count = 0; count < maximumQuestions; count++) {
    const truth = judge()
    if (truth !== null) return truth
    const [[key, [left, right]]] = [...questions.open] as [[string, [string, string]]]
    const { equal, by } = await algebra.equivalent(left, right)
    questions.answer(key, equal, by)
    if (equal === null) return false
  }
  questions.lastRule = `as more than ${maximumQuestions} values need algebra`
  return false
}

/** The values compared so far, by their texts. */
class Questions {
  readonly #known = new Map<string, boolean>()
  readonly open = new Map<string, [string, string]>()
  /** By which rule the last value was decided; one by which values differ or algebra tells goes before exact rules. */
  lastRule: Grounds | null = null
  #weight = 0
  readonly #tolerance: number

  constructor(tolerance: number) {
    this.#tolerance = tolerance
  }

  compare(a: string, b: string): Truth {
    const key = `${a}\n${b}`
    const known = this.#known.get(key)
    if (known !== undefined) return known
    if (this.open.has(key)) return null
    const comparison = compareValues(a, b, this.#tolerance)
    if (comparison.equal === null) {
      this.open.set(key, comparison.question)
      return null
    }
    this.#known.set(key, comparison.equal)
    this.#note(comparison.by, 1)
    return comparison.equal
  }

  answer(key: string, equal: boolean | null, by: Grounds): void {
    this.open.delete(key)
    this.#known.set(key, equal ?? false)
    this.#note(by, 2)
  }

  #note(rule: Grounds, weight: number): void {
    if (weight >= this.#weight) [this.lastRule, this.#weight] = [rule, weight]
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
