import { fromWhole, type Rational } from './rational.ts'

/** Constants by their names in MathJSON. */
export type ConstantName = 'Pi' | 'ExponentialE' | 'ImaginaryUnit' | 'PositiveInfinity'

/** Functions by their names in MathJSON; `Log` takes the number and the base. */
export type FunctionName =
  | ('Sin' | 'Cos' | 'Tan' | 'Cot' | 'Sec' | 'Csc')
  | ('Arcsin' | 'Arccos' | 'Arctan' | 'Arccot' | 'Arcsec' | 'Arccsc')
  | ('Sinh' | 'Cosh' | 'Tanh' | 'Coth' | 'Sech' | 'Csch' | 'Arcsinh' | 'Arccosh' | 'Arctanh')
  | ('Ln' | 'Log' | 'Exp' | 'Abs' | 'Sign' | 'Floor' | 'Ceil' | 'Factorial' | 'Binomial')
  | ('Gcd' | 'Lcm' | 'Mod' | 'Max' | 'Min' | 'Real' | 'Imaginary' | 'Conjugate' | 'Argument')

/** A mathematical expression that names one number, or a number that depends on unknowns. */
export type Expression =
  | { kind: 'number'; value: Rational }
  | { kind: 'constant'; name: ConstantName }
  | { kind: 'symbol'; name: string }
  | { kind: 'sum'; terms: Expression[] }
  | { kind: 'product'; factors: Expression[] }
  | { kind: 'quotient'; top: Expression; bottom: Expression }
  | { kind: 'power'; base: Expression; exponent: Expression }
  /** The principal root, which is real and negative for an odd degree and a negative number. */
  | { kind: 'root'; radicand: Expression; degree: Expression }
  | { kind: 'function'; name: FunctionName; operands: Expression[] }
  /** The value of a function that nobody defined: f(x + 1). */
  | { kind: 'application'; name: string; operands: Expression[] }
  /** A sum or product of the body over the whole numbers from `from` to `to`; the variable is bound in the body. */
  | {
      kind: 'series'
      operation: 'sum' | 'product'
      variable: string
      from: Expression
      to: Expression
      body: Expression
    }
  /** A definite integral over a real variable, which is bound in the body. */
  | { kind: 'integral'; variable: string; from: Expression; to: Expression; body: Expression }
  /** A limit as the variable, bound in the body, goes to a point: from below, from above, or from both sides. */
  | {
      kind: 'limit'
      variable: string
      point: Expression
      side: 'below' | 'above' | 'both'
      body: Expression
    }
  /** The derivative of that order of the body by the variable, which stays free. */
  | { kind: 'derivative'; variable: string; order: number; body: Expression }

/** A whole number as an expression. */
export const integer = (value: bigint | number): Expression => ({
  kind: 'number',
  value: fromWhole(BigInt(value)),
})

/** The sum of some terms. */
export const sum = (...terms: Expression[]): Expression => ({ kind: 'sum', terms })

/** The product of some factors. */
export const product = (...factors: Expression[]): Expression => ({ kind: 'product', factors })

/** top / bottom */
export const quotient = (top: Expression, bottom: Expression): Expression => ({
  kind: 'quotient',
  top,
  bottom,
})

/** base^exponent */
export const powerOf = (base: Expression, exponent: Expression): Expression => ({
  kind: 'power',
  base,
  exponent,
})

/** The value of a known function. */
export const functionOf = (name: FunctionName, ...operands: Expression[]): Expression => ({
  kind: 'function',
  name,
  operands,
})

/** A constant by its name. */
export const constant = (name: ConstantName): Expression => ({ kind: 'constant', name })

/** An unknown by its name. */
export const symbol = (name: string): Expression => ({ kind: 'symbol', name })

/** −x */
export const negated = (expression: Expression): Expression => product(integer(-1), expression)

/** a − b */
export const difference = (a: Expression, b: Expression): Expression => sum(a, negated(b))

/** An angle in radians of one in degrees: x·π/180. */
export function fromDegrees(degrees: Expression): Expression {
  return quotient(product(degrees, constant('Pi')), integer(180))
}

/** Marks names that no text can hold. */
const mark = '‹'

/** Where each kind of expression holds its operands, one or several. */
const operandFields = {
  number: [],
  constant: [],
  symbol: [],
  sum: ['terms'],
  product: ['factors'],
  quotient: ['top', 'bottom'],
  power: ['base', 'exponent'],
  root: ['radicand', 'degree'],
  function: ['operands'],
  application: ['operands'],
  series: ['from', 'to', 'body'],
  integral: ['from', 'to', 'body'],
  limit: ['point', 'body'],
  derivative: ['body'],
} as const satisfies Record<Expression['kind'], string[]>

/** An expression with every operand replaced. The variable that it binds, if any, is not. */
export function mapOperands(
  expression: Expression,
  map: (operand: Expression, field: string) => Expression,
): Expression {
  const mapped = { ...expression } as Record<string, unknown>
  for (const field of operandFields[expression.kind]) {
    const held = mapped[field] as Expression | Expression[]
    mapped[field] = Array.isArray(held) ? held.map(operand => map(operand, field)) : map(held, field)
  }
  return mapped as Expression
}

/** The expressions that an expression is made of, in the order in which they are written. */
export function operandsOf(expression: Expression): Expression[] {
  const held = expression as unknown as Record<string, Expression | Expression[]>
  return operandFields[expression.kind].flatMap(field => held[field]!)
}

/** An expression and all its parts, outer ones first. */
export function partsOf(expression: Expression): Expression[] {
  const parts = [expression]
  for (let at = 0; at < parts.length; at++) parts.push(...operandsOf(parts[at]!))
  return parts
}

/** The variable that is bound in the body. */
function boundVariable(expression: Expression): string | null {
  return 'variable' in expression && expression.kind !== 'derivative' ? expression.variable : null
}

/** The unknowns of an expression whose bound variables have names of their own. */
export function unknownsOf(expression: Expression): Set<string> {
  const [unknowns, bound] = [new Set<string>(), new Set<string>()]
  for (const part of partsOf(expression)) {
    const variable = boundVariable(part)
    if (variable !== null) bound.add(variable)
    if (part.kind === 'symbol') unknowns.add(part.name)
  }
  return new Set([...unknowns].filter(name => !bound.has(name)))
}

/** An expression with something else for a symbol; bound variables must have names of their own. */
export function substitute(expression: Expression, name: string, value: Expression): Expression {
  if (expression.kind === 'symbol') return expression.name === name ? value : expression
  return mapOperands(expression, operand => substitute(operand, name, value))
}

/**
 * Two expressions in which bound variables are named by how deep they are bound, so that their names say nothing, and what is
 * indexed by one (a_k in a sum over k) is the value of a function: a(k), and a(3) for a_3 and a(n) for a_n beside it.
 */
export function withCanonicalNames(a: Expression, b: Expression): [Expression, Expression] {
  const sequences = new Set<string>()
  const left = canonical(a, new Map(), 0, sequences)
  const right = canonical(b, new Map(), 0, sequences)
  return sequences.size === 0 ? [left, right] : [indexed(left, sequences), indexed(right, sequences)]
}

function canonical(
  expression: Expression,
  names: ReadonlyMap<string, string>,
  depth: number,
  sequences: Set<string>,
): Expression {
  const outside = (operand: Expression) => canonical(operand, names, depth, sequences)
  // Where i is an index it is no imaginary unit.
  const index =
    expression.kind === 'constant' && expression.name === 'ImaginaryUnit' ? names.get('i') : undefined
  if (index !== undefined) return symbol(index)
  if (expression.kind === 'symbol') {
    const name = names.get(expression.name)
    if (name !== undefined) return symbol(name)
    const element = splitIndex(expression.name)
    const bound = element && names.get(element.index)
    if (!element || bound === undefined || bound === null) return expression
    sequences.add(element.sequence)
    return { kind: 'application', name: element.sequence, operands: [symbol(bound)] }
  }
  const variable = boundVariable(expression)
  if (variable === null) {
    const mapped = mapOperands(expression, outside)
    if (mapped.kind !== 'derivative') return mapped
    return { ...mapped, variable: names.get(mapped.variable) ?? mapped.variable }
  }
  const name = `${mark}${depth}`
  const inside = new Map(names).set(variable, name)
  const renamed = mapOperands(expression, (operand, field) =>
    field === 'body' ? canonical(operand, inside, depth + 1, sequences) : outside(operand),
  )
  return { ...renamed, variable: name } as Expression
}

function indexed(expression: Expression, sequences: ReadonlySet<string>): Expression {
  if (expression.kind !== 'symbol') return mapOperands(expression, operand => indexed(operand, sequences))
  const index = splitIndex(expression.name)
  if (index === null || !sequences.has(index.sequence)) return expression
  const operand = /^\d+$/.test(index.index) ? integer(BigInt(index.index)) : symbol(index.index)
  return { kind: 'application', name: index.sequence, operands: [operand] }
}

/** The a and k of a_k; with its underscore, a names no other function. */
function splitIndex(name: string): { sequence: string; index: string } | null {
  const match = /^(.+_)\{?(\w+)\}?$/.exec(name)
  return match && { sequence: match[1]!, index: match[2]! }
}

/** 1 or −1 if an expression is ∞ or −∞, as the end of a range; 0 for all others. */
export function infinityOf(expression: Expression): -1 | 0 | 1 {
  if (expression.kind === 'constant') return expression.name === 'PositiveInfinity' ? 1 : 0
  if (expression.kind !== 'product') return 0
  const signs = expression.factors.map(infinityOf)
  const [infinite, ...others] = signs.filter(sign => sign !== 0)
  const numbers = expression.factors.filter((_, place) => signs[place] === 0)
  if (infinite === undefined || others.length > 0) return 0
  let sign: -1 | 1 = infinite
  for (const factor of numbers) {
    if (factor.kind !== 'number' || factor.value.numerator === 0n) return 0
    if (factor.value.numerator < 0n) sign = sign === 1 ? -1 : 1
  }
  return sign
}
