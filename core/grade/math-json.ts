import type { Expression } from './expression.ts'

/** Expressions with more digits than this in all could agree to the precision of a numeric check without being equal. */
const maximumDigits = 60

/** Two expressions as MathJSON, in which the unknowns are named alike; null if they hold more than 60 digits. */
export function algebraQuestion(a: Expression, b: Expression): [string, string] | null {
  const names = new Map<string, string>()
  const question: [string, string] = [JSON.stringify(mathJson(a, names)), JSON.stringify(mathJson(b, names))]
  return question.every(text => (text.match(/\d/g)?.length ?? 0) <= maximumDigits) ? question : null
}

function mathJson(expression: Expression, names: Map<string, string>): unknown {
  const inner = (operand: Expression) => mathJson(operand, names)
  switch (expression.kind) {
    case 'number': {
      const { numerator, denominator } = expression.value
      const above = wholeNumber(numerator)
      return denominator === 1n ? above : ['Divide', above, wholeNumber(denominator)]
    }
    case 'constant':
      return expression.name
    case 'symbol': {
      const name =
        names.get(expression.name) ??
        `v${'abcdefghijklmnopqrstuvwxyz'[names.size % 26]}${'_'.repeat(names.size / 26)}`
      names.set(expression.name, name)
      return name
    }
    case 'sum':
      return ['Add', ...expression.terms.map(inner)]
    case 'product':
      return ['Multiply', ...expression.factors.map(inner)]
    case 'quotient':
      return ['Divide', inner(expression.top), inner(expression.bottom)]
    case 'power':
      return ['Power', inner(expression.base), inner(expression.exponent)]
    case 'root':
      return ['Root', inner(expression.radicand), inner(expression.degree)]
    case 'function':
      // Of tanh 100 alone a numeric check could not see how little it differs from 1.
      if (expression.name === 'Tanh')
        return ['Divide', ...['Sinh', 'Cosh'].map(name => [name, ...expression.operands.map(inner)])]
      return [expression.name, ...expression.operands.map(inner)]
    case 'application':
    case 'series':
    case 'integral':
    case 'limit':
    case 'derivative':
      throw new TypeError(`no MathJSON is made of a ${expression.kind}`)
    default:
      return expression satisfies never
  }
}

function wholeNumber(value: bigint): number | { num: string } {
  return Number.isSafeInteger(Number(value)) ? Number(value) : { num: String(value) }
}
