import { type Complex, type ComplexArithmetic, rational, whole } from './complex.ts'
import { type End, integralOf, limitOf, seriesOf } from './evaluate-calculus.ts'
import type { Evaluation } from './evaluation.ts'
import { type Expression, type FunctionName, infinityOf, operandsOf } from './expression.ts'
import {
  binomial,
  factorial,
  fromWhole,
  greatestCommonDivisor,
  leastCommonMultiple,
  magnitude,
  reduce,
  TooLarge,
  Undefined,
} from './rational.ts'

/** Functions, roots and powers are that many times as dear as a sum. */
const functionCost = 10
/** Of whole numbers with a common divisor or multiple to be found. */
const maximumWholeBits = 1_000n

/**
 * The value of an expression where its unknowns have the given values. Null where it has none (1/0, ln 0, 0/0), where it is not
 * known (a limit that does not settle), or where it would be too large or take more operations than are left: `failure` says which.
 */
export function evaluateExpression(
  expression: Expression,
  values: ReadonlyMap<string, Complex>,
  evaluation: Evaluation,
): Complex | null {
  try {
    return evaluate(expression, values, evaluation)
  } catch (error) {
    if (!(error instanceof TooLarge) && !(error instanceof Undefined)) throw error
    evaluation.failure = error instanceof TooLarge ? 'too large' : 'undefined'
    return null
  }
}

function evaluate(
  expression: Expression,
  values: ReadonlyMap<string, Complex>,
  evaluation: Evaluation,
): Complex {
  evaluation.spend(1)
  const value = evaluateKind(expression, values, evaluation)
  evaluation.note(value)
  return value
}

function evaluateKind(
  expression: Expression,
  values: ReadonlyMap<string, Complex>,
  evaluation: Evaluation,
): Complex {
  const { arithmetic } = evaluation
  const inner = (operand: Expression) => evaluate(operand, values, evaluation)
  switch (expression.kind) {
    case 'number':
      return rational(reduce(expression.value.numerator, expression.value.denominator))
    case 'constant':
      if (expression.name === 'Pi') return arithmetic.pi
      if (expression.name === 'ExponentialE') return arithmetic.e
      if (expression.name === 'ImaginaryUnit') return arithmetic.i
      throw new Undefined()
    case 'symbol': {
      const value = values.get(expression.name)
      if (value === undefined) throw new Undefined()
      return value
    }
    case 'sum':
      return expression.terms.map(inner).reduce((a, b) => arithmetic.add(a, b))
    case 'product':
      return expression.factors.map(inner).reduce((a, b) => arithmetic.multiply(a, b))
    case 'quotient':
      return arithmetic.divide(inner(expression.top), inner(expression.bottom))
    case 'power': {
      evaluation.spend(functionCost)
      const exponent = inner(expression.exponent)
      if (isE(expression.base)) return arithmetic.exp(exponent)
      const isReal = evaluation.hasRealRoots && isNumeric(expression.exponent)
      return arithmetic.power(inner(expression.base), exponent, isReal)
    }
    case 'root': {
      evaluation.spend(functionCost)
      const inverse = arithmetic.invert(inner(expression.degree))
      const isReal = evaluation.hasRealRoots && isNumeric(expression.degree)
      return arithmetic.power(inner(expression.radicand), inverse, isReal)
    }
    case 'function': {
      evaluation.spend(functionCost)
      const operands = expression.operands.map(inner)
      const [x, y] = operands as [Complex, Complex]
      return functionValues[expression.name]({ x, y, operands, evaluation, arithmetic })
    }
    case 'application':
      return arbitraryValue(expression.name, expression.operands.map(inner), evaluation)
    case 'series':
    case 'integral': {
      const [from, to] = [expression.from, expression.to].map(end => endOf(end, inner)) as [End, End]
      const body = bodyOf(expression.body, expression.variable, values)
      return expression.kind === 'series'
        ? seriesOf(expression.operation, from, to, evaluation, body)
        : integralOf(from, to, evaluation, body)
    }
    case 'limit': {
      const body = bodyOf(expression.body, expression.variable, values)
      return limitOf(endOf(expression.point, inner), expression.side, expression.body, evaluation, body)
    }
    case 'derivative':
      throw new Undefined()
    default:
      return expression satisfies never
  }
}

/** Whether an exponent is written as a number: an unknown one that happens to be 1/3 makes no root. */
function isNumeric(expression: Expression): boolean {
  const { kind } = expression
  if (kind === 'number') return true
  return (
    (kind === 'sum' || kind === 'product' || kind === 'quotient') && operandsOf(expression).every(isNumeric)
  )
}

function isE(expression: Expression): boolean {
  return expression.kind === 'constant' && expression.name === 'ExponentialE'
}

function endOf(end: Expression, inner: (end: Expression) => Complex): End {
  const sign = infinityOf(end)
  if (sign !== 0) return sign > 0 ? 'infinite' : 'negative infinite'
  return inner(end)
}

/** The body as a function of the variable that is bound in it. */
function bodyOf(body: Expression, variable: string, values: ReadonlyMap<string, Complex>) {
  return (value: Complex, evaluation: Evaluation) =>
    evaluate(body, new Map(values).set(variable, value), evaluation)
}

/** A function's operands, of which most have one, and what computes with them. */
interface Call {
  x: Complex
  y: Complex
  operands: Complex[]
  evaluation: Evaluation
  arithmetic: ComplexArithmetic
}

const functionValues: Record<FunctionName, (call: Call) => Complex> = {
  Sin: ({ x, arithmetic }) => arithmetic.sin(x),
  Cos: ({ x, arithmetic }) => arithmetic.cos(x),
  Tan: call => ratio(call, 'Sin', 'Cos'),
  Cot: call => ratio(call, 'Cos', 'Sin'),
  Sec: ({ x, arithmetic }) => arithmetic.invert(arithmetic.cos(x)),
  Csc: ({ x, arithmetic }) => arithmetic.invert(arithmetic.sin(x)),
  Arcsin: ({ x, arithmetic }) => arithmetic.arcsin(x),
  Arccos: ({ x, arithmetic }) => arithmetic.arccos(x),
  Arctan: ({ x, arithmetic }) => arithmetic.arctan(x),
  Arccot: ({ x, arithmetic }) => arithmetic.subtract(arithmetic.arccos(whole(0)), arithmetic.arctan(x)),
  Arcsec: ({ x, arithmetic }) => arithmetic.arccos(arithmetic.invert(x)),
  Arccsc: ({ x, arithmetic }) => arithmetic.arcsin(arithmetic.invert(x)),
  Sinh: ({ x, arithmetic }) => arithmetic.sinh(x),
  Cosh: ({ x, arithmetic }) => arithmetic.cosh(x),
  Tanh: call => ratio(call, 'Sinh', 'Cosh'),
  Coth: call => ratio(call, 'Cosh', 'Sinh'),
  Sech: ({ x, arithmetic }) => arithmetic.invert(arithmetic.cosh(x)),
  Csch: ({ x, arithmetic }) => arithmetic.invert(arithmetic.sinh(x)),
  Arcsinh: ({ x, arithmetic }) => arithmetic.arcsinh(x),
  Arccosh: ({ x, arithmetic }) => arithmetic.arccosh(x),
  Arctanh: ({ x, arithmetic }) => arithmetic.arctanh(x),
  Ln: ({ x, arithmetic }) => arithmetic.ln(x),
  Log: call => ratio(call, 'Ln', 'Ln', call.y),
  Exp: ({ x, arithmetic }) => arithmetic.exp(x),
  Abs: ({ x, arithmetic }) => arithmetic.absolute(x),
  Sign: ({ x, arithmetic }) => whole(arithmetic.sign(x)),
  Floor: ({ x, arithmetic }) => arithmetic.floor(x),
  Ceil: ({ x, arithmetic }) => arithmetic.negate(arithmetic.floor(arithmetic.negate(x))),
  Factorial: ({ x, evaluation }) => factorialValue(x, evaluation),
  Binomial: ({ x, y, evaluation }) => binomialValue(x, y, evaluation),
  Gcd: ({ operands, arithmetic }) =>
    whole(operands.map(operand => wholeOf(operand, arithmetic)).reduce(greatestCommonDivisor)),
  Lcm: ({ operands, arithmetic }) =>
    whole(operands.map(operand => wholeOf(operand, arithmetic)).reduce(leastCommonMultiple)),
  Mod: ({ x, y, arithmetic }) =>
    arithmetic.subtract(x, arithmetic.multiply(y, arithmetic.floor(arithmetic.divide(x, y)))),
  Max: call => extreme(call, 1),
  Min: call => extreme(call, -1),
  Real: ({ x, arithmetic }) => arithmetic.realPart(x),
  Imaginary: ({ x, arithmetic }) => arithmetic.imaginaryPart(x),
  Conjugate: ({ x, arithmetic }) => arithmetic.conjugate(x),
  Argument: ({ x, arithmetic }) => arithmetic.argument(x),
}

/** The quotient of two functions of one operand, or of one and of `other`. */
function ratio(call: Call, above: FunctionName, below: FunctionName, other = call.x): Complex {
  const [a, b] = [functionValues[above](call), functionValues[below]({ ...call, x: other })]
  for (const part of [a, b]) call.evaluation.note(part)
  return call.arithmetic.divide(a, b)
}

function extreme({ operands, arithmetic }: Call, wanted: 1 | -1): Complex {
  return operands.reduce((best, next) =>
    arithmetic.sign(arithmetic.subtract(next, best)) === wanted ? next : best,
  )
}

function wholeOf(value: Complex, arithmetic: ComplexArithmetic): bigint {
  const number = arithmetic.wholeNumber(value)
  if (number === null) throw new Undefined()
  if (magnitude(number) >> maximumWholeBits > 0n) throw new TooLarge()
  return number
}

/** n! of whole numbers, and Γ(n + 1) halfway between them: (−1/2)! = √π. */
function factorialValue(operand: Complex, evaluation: Evaluation): Complex {
  const { arithmetic } = evaluation
  const number = arithmetic.wholeNumber(operand)
  if (number !== null) return factorialOfWhole(number, evaluation)
  const half = arithmetic.wholeNumber(arithmetic.subtract(operand, halves(1n)))
  if (half === null) throw new Undefined()
  // (n + 1/2)! = (2n + 2)!·√π / (4^(n + 1)·(n + 1)!)
  if (half < -1n) throw new Undefined()
  const above = factorialOfWhole(2n * half + 2n, evaluation)
  const below = arithmetic.multiply(
    arithmetic.wholePower(whole(4), half + 1n),
    factorialOfWhole(half + 1n, evaluation),
  )
  return arithmetic.multiply(arithmetic.divide(above, below), arithmetic.sqrt(arithmetic.pi))
}

function halves(numerator: bigint): Complex {
  return rational({ numerator, denominator: 2n })
}

function factorialOfWhole(number: bigint, evaluation: Evaluation): Complex {
  evaluation.spend(Number(number < 0n || number > 1_000n ? 0n : number) / 10)
  return rational(factorial(fromWhole(number)))
}

function binomialValue(total: Complex, chosen: Complex, evaluation: Evaluation): Complex {
  const { arithmetic } = evaluation
  const k = wholeOf(chosen, arithmetic)
  evaluation.spend(Number(k > 2_000n || k < 0n ? 0n : k) / 5)
  const n = arithmetic.wholeNumber(total)
  const top = n === null ? total : whole(n)
  if (top.rational !== null) return rational(binomial(top.rational, fromWhole(k)))
  if (k < 0n) throw new Undefined()
  if (k > 200n) throw new TooLarge()
  let product = whole(1)
  for (let step = 0n; step < k; step++) {
    const factor = arithmetic.divide(arithmetic.subtract(total, whole(step)), whole(step + 1n))
    product = arithmetic.multiply(product, factor)
  }
  return product
}

/** A number that depends on the name, the operands up to their last digits, and the seed, and else on nothing. */
function arbitraryValue(name: string, operands: Complex[], evaluation: Evaluation): Complex {
  const { arithmetic, seed } = evaluation
  const hash = hashOf([name, seed, ...operands.map(operand => fingerprint(operand, evaluation))].join(' '))
  const numerator = 100_003n + BigInt(hash % 2_899_999)
  const value = rational({ numerator: hash % 7 < 3 ? -numerator : numerator, denominator: 1_000_003n })
  // As an approximation, since the operands may be some.
  return arithmetic.approximate(value)
}

/** One text for values that agree but for their last 30 bits. */
function fingerprint(value: Complex, { arithmetic, bits }: Evaluation): string {
  const scale = bits - 30
  const { re, im, error } = arithmetic.approximate(value)
  if (error > -scale - 8 || arithmetic.size(value) > bits) throw new TooLarge()
  return [re, im]
    .map(({ mantissa, exponent }) => {
      const shift = BigInt(exponent + scale)
      if (shift < -BigInt(2 * bits)) return 0n
      return shift >= 0n ? mantissa << shift : (mantissa + (1n << (-shift - 1n))) >> -shift
    })
    .join(',')
}

/** FNV-1a, 32 bits. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193) >>> 0
  return hash
}
