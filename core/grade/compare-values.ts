import { cleanAnswer } from './clean-answer.ts'
import { compareExpressions } from './compare-expressions.ts'
import { type Expression, fromDegrees } from './expression.ts'
import { withinTolerance } from './grading-rules.ts'
import { algebraQuestion } from './math-json.ts'
import { normaliseAnswerText } from './normalise-answer-text.ts'
import { parseExpression } from './parse-expression.ts'
import { equalQuantities, parseQuantity, type Quantity, splitUnit } from './quantity.ts'
import { equalRationals, type Rational } from './rational.ts'

/** Completes "equal" or "unequal", and is never empty: "as rationals", "as tuples, by expansion". */
export type Grounds = `${'as' | 'by' | 'without'} ${string}` | `numerically${string}`

/** How two values compare, and by which rule; `question` is for an algebra, as two expressions in MathJSON. */
export type ValueComparison = { equal: boolean; by: Grounds } | { equal: null; question: [string, string] }

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
 * Compares two texts that each name one value: as exact numbers with units and percent signs if both are, else by
 * expansion, which proves most of what is equal and much of what is not. What is no expression is compared as text. Numbers may be
 * off by a tolerance, as a share of `b`.
 */
export function compareValues(a: string, b: string, tolerance: number): ValueComparison {
  const [cleanedA, cleanedB] = [cleanAnswer(a), cleanAnswer(b)]
  const [quantityA, quantityB] = [parseQuantity(cleanedA), parseQuantity(cleanedB)]
  if (quantityA && quantityB)
    return { equal: equalQuantities(quantityA, quantityB, sameNumber(tolerance)), by: 'as rationals' }
  const [left, right] = [readValue(cleanedA, quantityA), readValue(cleanedB, quantityB)]
  if (left.text === right.text) return { equal: left.text !== '', by: 'as text' }
  if (left.readings.length === 0 || right.readings.length === 0) return { equal: false, by: 'as text' }
  if (left.unit !== null && right.unit !== null && left.unit !== right.unit)
    return { equal: false, by: 'as units' }
  return compareReadings(left.readings, right.readings)
}

/** Whether two fractions are the same number, up to a share of the second. */
export function sameNumber(tolerance: number): (a: Rational, b: Rational) => boolean {
  if (tolerance === 0) return equalRationals
  const toNumber = ({ numerator, denominator }: Rational) => Number(numerator) / Number(denominator)
  return (a, b) => equalRationals(a, b) || withinTolerance(toNumber(a), toNumber(b), tolerance)
}

function compareReadings(left: Expression[], right: Expression[]): ValueComparison {
  let open: [string, string] | null = null
  let by: Grounds = 'by expansion'
  for (const a of left) {
    for (const b of right) {
      const comparison = compareExpressions(a, b)
      if (comparison === 'equal') return { equal: true, by: 'by expansion' }
      if (comparison === 'too large') by = 'as the numbers are too large'
      else if (comparison === 'undefined') by = 'as one has no value'
      else if (comparison === 'open') {
        const question = algebraQuestion(a, b)
        if (question === null) by = 'as the numbers are too long for algebra'
        else open ??= question
      }
    }
  }
  return open ? { equal: null, question: open } : { equal: false, by }
}

function readValue(cleaned: string, quantity: Quantity | null): Value {
  const text = normaliseAnswerText(cleaned)
  if (quantity) {
    const number: Expression = { kind: 'number', value: quantity.value }
    const hundredth = { ...quantity.value, denominator: quantity.value.denominator * 100n }
    const readings: Expression[] = [number]
    if (quantity.isPercent) readings.push({ kind: 'number', value: hundredth })
    if (quantity.unit === 'degree') readings.push(fromDegrees(number))
    return { text, unit: quantity.unit, readings }
  }
  if (datePattern.test(cleaned)) return { text, unit: null, readings: [] }
  const whole = parseExpression(cleaned)
  if (whole) {
    const plain = parseExpression(/^(.*) degrees$/.exec(cleaned)?.[1] ?? '')
    // The degrees of \sin 30^\circ belong to what is inside.
    const isAngle = plain !== null && compareExpressions(whole, fromDegrees(plain)) === 'equal'
    return { text, unit: isAngle ? 'degree' : null, readings: isAngle ? [whole, plain] : [whole] }
  }
  const withUnit = splitUnit(cleaned)
  const expression = withUnit && parseExpression(withUnit.number)
  return { text, unit: expression ? withUnit.unit : null, readings: expression ? [expression] : [] }
}
