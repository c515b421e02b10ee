import { functionLetters } from './answer-names.ts'
import type { AnswerStructure } from './answer-structure.ts'
import { canonicalText, cleanAnswer } from './clean-answer.ts'
import {
  compareExpressions,
  type ExpressionComparison,
  type Grounds,
  numberOfExpression,
} from './compare-expressions.ts'
import { compareStructures } from './compare-structures.ts'
import { type Expression, fromDegrees } from './expression.ts'
import { maximumAnswerLength } from './extract-answer.ts'
import { defaultGradingRules, type GradingRules, ruleWithin, withinTolerance } from './grading-rules.ts'
import { parseExpression } from './parse-expression.ts'
import { parseStructure } from './parse-structure.ts'
import {
  equalQuantities,
  parseQuantity,
  type Quantity,
  splitMoney,
  splitPercent,
  timeOfDay,
} from './quantity.ts'
import { equalRationals, fromWhole, type Rational } from './rational.ts'
import { splitUnit } from './units.ts'

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
    return {
      equal: sameNumber(tolerance)(fromWhole(BigInt(answer)), fromWhole(BigInt(expected))),
      by: 'as rationals',
    }
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

function compareParts(a: AnswerStructure, b: AnswerStructure, tolerance: number): Comparison {
  /** The values compared so far, by their texts. */
  const known = new Map<string, boolean>()
  /** By which rule the last value was decided; one by which values are not known, or that is no proof, goes before exact rules. */
  let last: { by: Grounds; weight: number } | null = null
  const compare = (left: string, right: string): boolean => {
    const key = `${left}\n${right}`
    if (known.has(key) || known.size >= maximumValues) return known.get(key) ?? false
    const { equal, by } = compareValues(left, right, tolerance)
    const weight = equal === null ? 3 : by.startsWith('numerically') ? 2 : 1
    if (last === null || weight >= last.weight) last = { by, weight }
    known.set(key, equal === true)
    return equal === true
  }
  const equal = compareStructures(a, b, compare)
  const rule = (last as { by: Grounds } | null)?.by
  // Values that nobody compared have different names.
  if (a.kind === 'value' && b.kind === 'value') return { equal, by: rule ?? 'as values of other names' }
  const kinds: Grounds =
    a.kind === b.kind ? `as ${plurals[a.kind]}` : `as ${plurals[a.kind]} against ${plurals[b.kind]}`
  return { equal, by: rule === undefined ? kinds : `${kinds}, ${rule}` }
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

/** 2023-01-02 and 1/2/2023 are no differences and quotients. */
const datePattern = /^(?:\d{4}-\d{2}-\d{2}|\d{1,2}\/\d{1,2}\/\d{4})$/

interface Value {
  /** One form for texts that differ in notation only. */
  text: string
  unit: string | null
  /** What the value may be: an angle in degrees is a plain number and an angle in radians. */
  readings: Expression[]
}

/**
 * Compares two texts that each name one value: as exact numbers with units and percent signs if both are, else as expressions.
 * What is no expression is compared as text. With a tolerance, real numbers that are that near are equal; `b` is the expected one.
 */
function compareValues(a: string, b: string, tolerance: number): ExpressionComparison {
  const [cleanedA, cleanedB] = [cleanAnswer(a), cleanAnswer(b)]
  const [quantityA, quantityB] = [parseQuantity(cleanedA), parseQuantity(cleanedB)]
  if (quantityA && quantityB)
    return { equal: equalQuantities(quantityA, quantityB, sameNumber(tolerance)), by: 'as rationals' }
  const [timeA, timeB] = [timeOfDay(cleanedA), timeOfDay(cleanedB)]
  if (timeA && timeB)
    return {
      equal: timeA.clock === timeB.clock && (timeA.half === timeB.half || !timeA.half || !timeB.half),
      by: 'as times',
    }
  const letters = functionLetters(cleanedA, cleanedB)
  const [left, right] = [readValue(cleanedA, quantityA, letters), readValue(cleanedB, quantityB, letters)]
  if (left.text === right.text) return { equal: left.text !== '', by: 'as text' }
  if (left.readings.length === 0 || right.readings.length === 0) return { equal: false, by: 'as text' }
  const areMeasured = left.unit !== null && right.unit !== null
  if (areMeasured && left.unit !== right.unit && !areAngles(left.unit, right.unit))
    return { equal: false, by: 'as units' }
  return compareReadings(left, right, tolerance)
}

/** Whether two rationals are one number, or near enough. */
function sameNumber(tolerance: number): (a: Rational, b: Rational) => boolean {
  if (tolerance === 0) return equalRationals
  const toNumber = ({ numerator, denominator }: Rational) => Number(numerator) / Number(denominator)
  return (a, b) => equalRationals(a, b) || withinTolerance(toNumber(a), toNumber(b), tolerance)
}

/** 150° is 5π/6 radians, and never 150 radians. */
function areAngles(a: string | null, b: string | null): boolean {
  return [a, b].sort().join() === 'degree,radian'
}

function compareReadings(left: Value, right: Value, tolerance: number): ExpressionComparison {
  let verdict: ExpressionComparison | null = null
  const plain = (value: Value, other: Value) =>
    other.unit === 'radian' && value.unit === 'degree' ? value.readings.slice(1) : value.readings
  for (const a of plain(left, right)) {
    for (const b of plain(right, left)) {
      const comparison = compareExpressions(a, b)
      if (comparison.equal) return comparison
      if (tolerance > 0 && areNear(a, b, tolerance)) return { equal: true, by: 'as numbers' }
      if (verdict === null || comparison.equal === null) verdict = comparison
    }
  }
  return verdict ?? { equal: false, by: 'as units' }
}

function areNear(a: Expression, b: Expression, tolerance: number): boolean {
  const [answer, expected] = [numberOfExpression(a), numberOfExpression(b)]
  return answer !== null && expected !== null && withinTolerance(answer, expected, tolerance)
}

/** Words before a value that say nothing about it: the area is, about, USD. */
const introduction =
  /^(?:\\text ?\{ ?)?(?:(?:[A-Za-z',]+ )*?(?:is|are|was|be|equals|equal to|about|approximately|roughly|exactly|total of|only|answer|value|area|total)\b[ :]*)(?:\} ?)?(?=[\d\\($[+-]|[a-zA-Z](?![a-zA-Z]))/i
const changesMeaning =
  /\b(?:not|no|never|negative|minus|less|more|fewer|greater|least|most|between|either|neither|half|twice|double|if|unless|except|than|or|could|might|may|would|should|can|cannot|perhaps|possibly|maybe|probably|times|guess)\b/i

function readValue(text: string, quantity: Quantity | null, letters: ReadonlySet<string>): Value {
  if (quantity) {
    const number: Expression = { kind: 'number', value: quantity.value }
    const hundredth = { ...quantity.value, denominator: quantity.value.denominator * 100n }
    const readings: Expression[] = [number]
    if (quantity.isPercent) readings.push({ kind: 'number', value: hundredth })
    if (quantity.unit === 'degree') readings.push(fromDegrees(number))
    return { text: canonicalText(text), unit: quantity.unit, readings }
  }
  const head = introduction.exec(text)?.[0]
  const cleaned =
    head !== undefined && !changesMeaning.test(head) ? cleanAnswer(text.slice(head.length)) : text
  if (cleaned !== text) {
    const inner = parseQuantity(cleaned)
    if (inner) return { ...readValue(cleaned, inner, letters), text: canonicalText(cleaned) }
  }
  const canonical = canonicalText(cleaned)
  if (datePattern.test(cleaned)) return { text: canonical, unit: null, readings: [] }
  const { amount, currency } = splitMoney(cleaned)
  const percent = splitPercent(amount)
  if (percent !== null) {
    const number = parseExpression(percent, letters)
    const hundredth = parseExpression(`(${percent})/100`, letters)
    if (number && hundredth) return { text: canonical, unit: null, readings: [number, hundredth] }
  }
  const withUnit = splitUnit(amount)
  const measured = withUnit && parseExpression(withUnit.number, letters)
  // The degrees of \sin 30^\circ belong to what is inside, as is seen below.
  if (measured && withUnit.unit !== 'degree')
    return { text: canonical, unit: currency ?? withUnit.unit, readings: [measured] }
  const whole = parseExpression(amount, letters)
  if (whole === null) return { text: canonical, unit: currency, readings: [] }
  const plain = parseExpression(/^(.*) degrees$/.exec(amount)?.[1] ?? '', letters)
  const isAngle = plain !== null && compareExpressions(whole, fromDegrees(plain)).equal === true
  return isAngle
    ? { text: canonical, unit: 'degree', readings: [plain, whole] }
    : { text: canonical, unit: currency, readings: [whole] }
}
