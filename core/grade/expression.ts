import type { Rational } from './rational.ts'

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
  /** A sum or product of the body over the whole numbers from `from` to `to`; `index` is bound in the body. */
  | {
      kind: 'series'
      operation: 'sum' | 'product'
      index: string
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
export function integer(value: bigint | number): Expression {
  return { kind: 'number', value: { numerator: BigInt(value), denominator: 1n } }
}

/** −x */
export function negated(expression: Expression): Expression {
  return { kind: 'product', factors: [integer(-1), expression] }
}

/** a − b */
export function difference(a: Expression, b: Expression): Expression {
  return { kind: 'sum', terms: [a, negated(b)] }
}

/** An angle in radians of one in degrees: x·π/180. */
export function fromDegrees(degrees: Expression): Expression {
  const pi: Expression = { kind: 'constant', name: 'Pi' }
  return { kind: 'quotient', top: { kind: 'product', factors: [degrees, pi] }, bottom: integer(180) }
}
