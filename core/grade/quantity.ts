import { parseRational, type Rational } from './rational.ts'

/** A number as answers give it: with a unit, a percent sign, the name of the unknown before it. */
export interface Quantity {
  value: Rational
  isPercent: boolean
  unit: string | null
  /** The x of `x = 5`. */
  variable: string | null
}

const currencies: Record<string, string> = { $: 'dollar', '€': 'euro', '£': 'pound' }

// A bare letter or two are more likely factors (5 x, 5ab) than a unit, so a short unit counts in \text{} or by name only.
const shortUnit = 'cm|mm|km|kg|mg|ml|ft'
const unitWord = `(?:[a-z]{3,}|of|in|hr|${shortUnit})`
const unitPattern = new RegExp(
  String.raw`^(.*(?:[\d})]|\\pi))(?: ?\\(?:text|mathrm|mbox|textrm|operatorname) ?\{([^{}]*)\}|(${shortUnit})| (${unitWord}(?: ${unitWord}){0,3}))` +
    String.raw`(?:\^\{?([23])\}?|([²³]))?$`,
  'i',
)

// x = 5, x_1 = 5, f(2) = 5, AB = 5, \angle ABC = 5
const assignmentPattern = /^((?:\\angle ?)?[a-z]{1,4}(?:_\{?\w+\}?)?(?:\([\w, ]{1,8}\))?) ?= ?(.*)$/i

/** Words behind a number that change what it says. */
const meaningfulWords =
  /\b(?:hundred|thousand|million|billion|trillion|mio|lakhs?|crores?|dozens?|gross|grand|(?:thi|four|fif|six|seven|eigh|nin|ten|hundred|thousand|million)(?:rd|th)s?|halves|below|not|inverse|square$|or|and|mod|times|plus|minus|over|half|sin|cos|tan|log|ln|sqrt|pi|factorial|squared|cubed|choose|less|more|least|most|negative|base|am|pm|infinity)\b/i

/** Reads a cleaned answer that is one number; null if it is anything else. */
export function parseQuantity(cleaned: string): Quantity | null {
  const assignment = assignmentPattern.exec(cleaned)
  const variable = assignment?.[1] ?? null
  const currency = /^([-+]?) ?([$€£]) ?(.*)$/.exec(assignment?.[2] ?? cleaned)
  const amount = currency ? currency[1]! + currency[3]! : (assignment?.[2] ?? cleaned)

  const percent = /^(.*[\d}]) ?(?:%|percent)$/i.exec(amount)
  if (percent) return quantity(percent[1]!, { isPercent: true, unit: null, variable })

  const withUnit = splitUnit(amount)
  if (withUnit !== null) return quantity(withUnit.number, { isPercent: false, unit: withUnit.unit, variable })
  const unit = currency ? currencies[currency[2]!]! : null
  return quantity(amount, { isPercent: false, unit, variable })
}

/**
 * A number, or an expression that ends in one, and the unit behind it: words in `\text{}`, words of three letters or more after a
 * space, or one of cm, mm, km, kg, mg, ml, ft, in, hr. Null without one. Units are not converted: 1 km is not 1000 m.
 */
export function splitUnit(text: string): { number: string; unit: string | null } | null {
  const match = unitPattern.exec(text)
  if (match === null) return null
  const [, number, inText, glued, apart, power, superscript] = match
  const words = (inText ?? glued ?? apart)!.trim().toLowerCase()
  if (meaningfulWords.test(words)) return null
  const exponent = power ?? superscript?.replace('²', '2').replace('³', '3') ?? ''
  const unit = words.replace(/(?<=[a-z]{2})s\b/g, '') + exponent
  return { number: number!, unit: unit === '' ? null : unit }
}

/**
 * Whether two answers name the same number. A unit or an unknown that only one of them names is no difference.
 * A percent sign may stand for hundredths or repeat the question's unit: 10% is equal to 10% and to 0.1 and to 10. `same` says
 * which numbers are the same.
 */
export function equalQuantities(
  a: Quantity,
  b: Quantity,
  same: (a: Rational, b: Rational) => boolean,
): boolean {
  if (a.variable !== null && b.variable !== null && a.variable !== b.variable) return false
  if (a.unit !== null && b.unit !== null && a.unit !== b.unit) return false
  if (a.isPercent === b.isPercent) return same(a.value, b.value)

  if ((a.isPercent ? b : a).unit !== null) return false
  const hundredths = ({ value, isPercent }: Quantity): Rational =>
    isPercent ? { ...value, denominator: value.denominator * 100n } : value
  return same(a.value, b.value) || same(hundredths(a), hundredths(b))
}

function quantity(number: string, rest: Omit<Quantity, 'value'>): Quantity | null {
  const value = parseRational(number)
  return value && { value, ...rest }
}
