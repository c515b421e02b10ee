import {
  difference,
  type Expression,
  type FunctionName,
  functionOf,
  integer,
  mapOperands,
  negated,
  partsOf,
  powerOf,
  product,
  quotient,
  substitute,
  sum,
} from './expression.ts'
import { Undefined } from './rational.ts'

/** Products and chains of higher derivatives grow with every order. */
const maximumOrder = 10
const maximumParts = 2_000

/** An expression with every derivative in it worked out. Throws Undefined for what has none or is not known. */
export function withoutDerivatives(expression: Expression): Expression {
  const inner = mapOperands(expression, withoutDerivatives)
  if (inner.kind !== 'derivative') return inner
  if (inner.order > maximumOrder) throw new Undefined()
  let result = inner.body
  for (let order = 0; order < inner.order; order++) {
    result = derivativeOf(result, inner.variable)
    if (partsOf(result).length > maximumParts) throw new Undefined()
  }
  return result
}

function derivativeOf(expression: Expression, variable: string): Expression {
  if (!dependsOn(expression, variable)) return integer(0)
  const inner = (operand: Expression) => derivativeOf(operand, variable)
  switch (expression.kind) {
    case 'symbol':
      return integer(1)
    case 'sum':
      return sum(...expression.terms.map(inner))
    case 'product':
      return sum(
        ...expression.factors.flatMap((factor, place, factors) =>
          dependsOn(factor, variable) ? product(...factors.with(place, inner(factor))) : [],
        ),
      )
    case 'quotient': {
      const { top, bottom } = expression
      if (!dependsOn(bottom, variable)) return quotient(inner(top), bottom)
      const above = difference(product(inner(top), bottom), product(top, inner(bottom)))
      return quotient(above, powerOf(bottom, integer(2)))
    }
    case 'power':
      return powerRule(expression.base, expression.exponent, variable)
    case 'root': {
      // (x^(1/n))′ = x^(1/n)·x′/(n·x), which holds for negative numbers and odd n too.
      const { radicand, degree } = expression
      if (dependsOn(degree, variable)) throw new Undefined()
      return quotient(product(expression, inner(radicand)), product(degree, radicand))
    }
    case 'function':
      return chainRule(expression.name, expression.operands, variable)
    case 'application': {
      const [operand, ...others] = expression.operands
      if (operand === undefined || others.length > 0) throw new Undefined()
      return product({ ...expression, name: `${expression.name}'` }, inner(operand))
    }
    case 'integral': {
      const { from, to, body } = expression
      if (dependsOn(body, variable)) throw new Undefined()
      const at = (end: Expression) => product(inner(end), substitute(body, expression.variable, end))
      return difference(at(to), at(from))
    }
    case 'series':
      if (
        expression.operation === 'product' ||
        [expression.from, expression.to].some(end => dependsOn(end, variable))
      )
        throw new Undefined()
      return { ...expression, body: inner(expression.body) }
    default:
      throw new Undefined()
  }
}

/** (u^v)′ = v·u^(v−1)·u′ for a constant v, u^v·(v′·ln u + v·u′/u) else. */
function powerRule(base: Expression, exponent: Expression, variable: string): Expression {
  if (!dependsOn(exponent, variable))
    return product(exponent, powerOf(base, difference(exponent, integer(1))), derivativeOf(base, variable))
  const growth = product(derivativeOf(exponent, variable), functionOf('Ln', base))
  const power = powerOf(base, exponent)
  if (!dependsOn(base, variable)) return product(power, growth)
  const change = quotient(product(exponent, derivativeOf(base, variable)), base)
  return product(power, sum(growth, change))
}

type Derivative = (operand: Expression) => Expression

const square = (operand: Expression) => powerOf(operand, integer(2))
const inverseRoot = (operand: Expression) => powerOf(operand, quotient(integer(-1), integer(2)))
const inverse = (operand: Expression) => powerOf(operand, integer(-1))

const derivatives: Partial<Record<FunctionName, Derivative>> = {
  Sin: x => functionOf('Cos', x),
  Cos: x => negated(functionOf('Sin', x)),
  Tan: x => square(functionOf('Sec', x)),
  Cot: x => negated(square(functionOf('Csc', x))),
  Sec: x => product(functionOf('Sec', x), functionOf('Tan', x)),
  Csc: x => negated(product(functionOf('Csc', x), functionOf('Cot', x))),
  Arcsin: x => inverseRoot(difference(integer(1), square(x))),
  Arccos: x => negated(inverseRoot(difference(integer(1), square(x)))),
  Arctan: x => inverse(sum(integer(1), square(x))),
  Arccot: x => negated(inverse(sum(integer(1), square(x)))),
  Sinh: x => functionOf('Cosh', x),
  Cosh: x => functionOf('Sinh', x),
  Tanh: x => square(functionOf('Sech', x)),
  Coth: x => negated(square(functionOf('Csch', x))),
  Sech: x => negated(product(functionOf('Sech', x), functionOf('Tanh', x))),
  Csch: x => negated(product(functionOf('Csch', x), functionOf('Coth', x))),
  Arcsinh: x => inverseRoot(sum(integer(1), square(x))),
  Arccosh: x => product(inverseRoot(difference(x, integer(1))), inverseRoot(sum(x, integer(1)))),
  Arctanh: x => inverse(difference(integer(1), square(x))),
  Ln: inverse,
  Exp: x => functionOf('Exp', x),
  Abs: x => functionOf('Sign', x),
}

function chainRule(name: FunctionName, operands: Expression[], variable: string): Expression {
  const [operand, base] = operands
  if (name === 'Log')
    return derivativeOf(quotient(functionOf('Ln', operand!), functionOf('Ln', base!)), variable)
  const derivative = derivatives[name]
  if (derivative === undefined) throw new Undefined()
  return product(derivative(operand!), derivativeOf(operand!, variable))
}

function dependsOn(expression: Expression, variable: string): boolean {
  return partsOf(expression).some(part => part.kind === 'symbol' && part.name === variable)
}
