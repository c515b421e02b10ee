import { canonicalText, cleanAnswer } from './clean-answer.ts'
import { compareExpressions, type ExpressionComparison, numberOfExpression } from './compare-expressions.ts'
import { type Expression, fromDegrees } from './expression.ts'
import { functionLetters } from './function-letters.ts'
import { withinTolerance } from './grading-rules.ts'
import { parseExpression } from './parse-expression.ts'
import {
  equalQuantities,
  parseQuantity,
  type Quantity,
  splitMoney,
  splitPercent,
  timeOfDay,
} from './quantity.ts'
import { equalRationals, type Rational } from './rational.ts'
import { splitUnit } from './units.ts'

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
export function compareValues(a: string, b: string, tolerance: number): ExpressionComparison {
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
  if (
    left.unit !== null &&
    right.unit !== null &&
    left.unit !== right.unit &&
    !areAngles(left.unit, right.unit)
  )
    return { equal: false, by: 'as units' }
  return compareReadings(left, right, tolerance)
}

/** Whether two rationals are one number, or near enough. */
export function sameNumber(tolerance: number): (a: Rational, b: Rational) => boolean {
  if (tolerance === 0) return equalRationals
  const toNumber = ({ numerator, denominator }: Rational) => Number(numerator) / Number(denominator)
  return (a, b) => equalRationals(a, b) || withinTolerance(toNumber(a), toNumber(b), tolerance)
}

/** 150° is 5π/6 radians, and never 150 radians. */
function areAngles(a: string, b: string): boolean {
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
  /\b(?:not|no|never|negative|minus|less|more|fewer|greater|least|most|between|either|neither|half|twice|double|if|unless|except|than|or)\b/i

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
