import { cleanAnswer } from './clean-answer.ts'
import { compareExpressions } from './compare-expressions.ts'
import { type Expression, fromDegrees } from './expression.ts'
import { normaliseAnswerText } from './normalise-answer-text.ts'
import { parseExpression } from './parse-expression.ts'
import { equalQuantities, parseQuantity, type Quantity, splitUnit } from './quantity.ts'

/** Whether two values are equal, as far as is known, and by which rule. */
export interface ValueComparison {
  equal: boolean
  by: string
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
 * What is no expression is compared as text; what is not known to be equal is unequal.
 */
export function compareValues(a: string, b: string): ValueComparison {
  const [cleanedA, cleanedB] = [cleanAnswer(a), cleanAnswer(b)]
  const [quantityA, quantityB] = [parseQuantity(cleanedA), parseQuantity(cleanedB)]
  if (quantityA && quantityB) return { equal: equalQuantities(quantityA, quantityB), by: 'as rationals' }
  const [left, right] = [readValue(cleanedA, quantityA), readValue(cleanedB, quantityB)]
  if (left.text === right.text) return { equal: left.text !== '', by: 'as text' }
  if (left.readings.length === 0 || right.readings.length === 0) return { equal: false, by: 'as text' }
  if (left.unit !== null && right.unit !== null && left.unit !== right.unit)
    return { equal: false, by: 'as units' }
  return compareReadings(left.readings, right.readings)
}

function compareReadings(left: Expression[], right: Expression[]): ValueComparison {
  let by = ''
  for (const a of left) {
    for (const b of right) {
      const comparison = compareExpressions(a, b)
      if (comparison.equal) return { equal: true, by: comparison.by }
      if (by === '' || comparison.equal === null) by = comparison.by
    }
  }
  return { equal: false, by }
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
    const isAngle = plain !== null && compareExpressions(whole, fromDegrees(plain)).equal === true
    return { text, unit: isAngle ? 'degree' : null, readings: isAngle ? [whole, plain] : [whole] }
  }
  const withUnit = splitUnit(cleaned)
  const expression = withUnit && parseExpression(withUnit.number)
  return { text, unit: expression ? withUnit.unit : null, readings: expression ? [expression] : [] }
}
