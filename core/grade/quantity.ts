import { parseRational, type Rational } from './rational.ts'
import { currencyName, rationalInWords, splitScale, splitUnit } from './units.ts'

/** A number as answers give it: with a unit, a percent sign, the name of the unknown before it. */
export interface Quantity {
  value: Rational
  isPercent: boolean
  unit: string | null
  /** The x of `x = 5`. */
  variable: string | null
}

// x = 5, x_1 = 5, f(2) = 5, AB = 5, \angle ABC = 5
const assignmentPattern = /^((?:\\angle ?)?[a-z]{1,4}(?:_\{?\w+\}?)?(?:\([\w, ]{1,8}\))?) ?= ?(.*)$/i

/** Money before its number: $5, -$5, US$5, USD 5, Rs. 5. */
const moneyPattern =
  /^([-+]?) ?(?:\\text ?\{ ?)?((?:US|A|C|NZ|HK|S)? ?\$|USD|EUR|GBP|INR|CHF|CAD|AUD|NZD|CNY|JPY|HKD|SGD|SEK|NOK|DKK|PLN|ZAR|BRL|MXN|KRW|Rs\.?|[$€£¥₹])(?: ?\})? ?([-+]?[\d.,\\(].*)$/

/** Reads a cleaned answer that is one number; null if it is anything else. */
export function parseQuantity(cleaned: string): Quantity | null {
  const assignment = assignmentPattern.exec(cleaned)
  const variable = assignment?.[1] ?? null
  const { amount, currency } = splitMoney(assignment?.[2] ?? cleaned)

  const quantity = (number: string | Rational | null, unit: string | null = currency): Quantity | null => {
    const value = typeof number === 'string' ? parseRational(number.trim()) : number
    return value && { value, isPercent: false, unit, variable }
  }

  const percent = splitPercent(amount)
  if (percent !== null) {
    const hundredths = quantity(percent, null)
    return hundredths && { ...hundredths, isPercent: true }
  }
  const withScale = splitScale(amount)
  if (withScale !== null) {
    const { number, scale, rest } = withScale
    const value = parseRational(number.trim())
    const unit = rest === '' ? null : splitUnit(`1 ${rest}`)
    if (value === null || (rest !== '' && unit === null)) return null
    return quantity({ ...value, numerator: value.numerator * scale }, unit?.unit ?? currency)
  }
  const ordinal = /^(\d+)(?:\^ ?\{? ?)?(?:\\text ?\{ ?)?(?:st|nd|rd|th)[} ]*$/.exec(amount)
  if (ordinal) return quantity(ordinal[1]!, null)
  const withUnit = splitUnit(amount)
  if (withUnit !== null) return quantity(withUnit.number, currency ?? withUnit.unit)
  const inWords = /^[a-z][a-z -]+$/i.test(amount) ? rationalInWords(amount) : null
  return inWords === null ? quantity(amount) : quantity(inWords, null)
}

/** Parts money into its amount and the name of its currency. */
export function splitMoney(text: string): { amount: string; currency: string | null } {
  const money = moneyPattern.exec(text)
  if (money === null) return { amount: text, currency: null }
  const [, sign, code, amount] = money as unknown as [string, string, string, string]
  return {
    amount: sign + amount,
    currency: currencyName(code) ?? currencyName(code.replace(/[ .]|^[A-Z]+(?= ?\$)/g, '')),
  }
}

/** A time of the day, of which the half may be left out: 3:20 PM. Null of what is none, such as 3:75. */
export function timeOfDay(text: string): { clock: string; half: string | null } | null {
  const match =
    /^0?((?:1?\d|2[0-4]):[0-5]\d(?::[0-5]\d)?) ?(?:\\text ?\{ ?)?(?:([ap])\.? ?m\.?)?[ }]*$/i.exec(text)
  return match && { clock: match[1]!, half: match[2]?.toLowerCase() ?? null }
}

/** What stands before a percent sign or the word; null without one. */
export function splitPercent(text: string): string | null {
  return /^(.*[\d})]) ?(?:%|percent|\\text ?\{ ?(?:percent|%) ?\})$/i.exec(text)?.[1] ?? null
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
