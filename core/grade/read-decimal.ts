import type { Expression } from './expression.ts'
import { parseRational, type Rational } from './rational.ts'
import { NotAnExpression } from './token-cursor.ts'

/** The exact value of a decimal's digits. Throws NotAnExpression where it is none. */
export function readDecimal(text: string): Rational {
  const value = parseRational(text.replace(/\.$/, ''))
  if (value === null) throw new NotAnExpression()
  return value
}

/** A decimal whose last digits repeat for ever: 0.1\overline{6} = 0.1 + 6/90. Throws NotAnExpression where it is none. */
export function repeatingDecimal(text: string, period: string): Expression {
  const decimals = /^\d*\.(\d*)$/.exec(text)?.[1]
  if (decimals === undefined) throw new NotAnExpression()
  const scale = 10n ** BigInt(decimals.length)
  const value = { numerator: BigInt(period), denominator: scale * (10n ** BigInt(period.length) - 1n) }
  return {
    kind: 'sum',
    terms: [
      { kind: 'number', value: readDecimal(text) },
      { kind: 'number', value },
    ],
  }
}

/** A decimal whose last digits go on as the dots say, where they show how: 0.444... is 4/9. Throws NotAnExpression where not. */
export function continuedDecimal(text: string): Expression {
  const [, start, decimals] = /^(\d*\.)(\d+)$/.exec(text) ?? []
  if (decimals === undefined) throw new NotAnExpression()
  for (let length = 1; 2 * length <= decimals.length; length++) {
    const period = decimals.slice(-length)
    if (decimals.slice(-2 * length, -length) !== period) continue
    const rest = decimals.slice(0, -length)
    return repeatingDecimal(`${start}${rest}`, period)
  }
  throw new NotAnExpression()
}
