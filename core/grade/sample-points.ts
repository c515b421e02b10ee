import { type Complex, rational } from './complex.ts'
import { evaluateExpression } from './evaluate-expression.ts'
import { Evaluation } from './evaluation.ts'
import { type Expression, type FunctionName, operandsOf, partsOf, unknownsOf } from './expression.ts'
import { add, fromWhole, multiply, one, opposite, type Rational, reduce } from './rational.ts'
import { toDouble } from './real.ts'

/** A value for each unknown. */
export type Point = ReadonlyMap<string, Complex>

/** What an unknown may stand for: a number, one that is real, one that is whole, one that is also not negative. */
type Domain = 'complex' | 'real' | 'whole' | 'natural'

/** Functions that agree with others on one side of some number only. */
const piecewise = new Set<FunctionName>(
  (
    'Abs Sign Floor Ceil Mod Max Min Gcd Lcm Real Imaginary Conjugate Argument Ln Log Factorial Binomial ' +
    'Arcsin Arccos Arctan Arccot Arcsec Arccsc Arcsinh Arccosh Arctanh'
  ).split(' ') as FunctionName[],
)

/** What functions take where they take anything special. */
const domainsOfOperands: Partial<Record<FunctionName, Domain>> = {
  ...{ Factorial: 'natural', Gcd: 'whole', Lcm: 'whole' },
  ...{ Real: 'complex', Imaginary: 'complex', Conjugate: 'complex', Argument: 'complex' },
}

/** Points of no special kind, close to 0, where most expressions have values of moderate size. */
const genericPoints = 12
/** More of them for expressions that take few values. */
const stepPoints = 60
/** Further points near to and beyond the constants, for expressions that are made of pieces. */
const leastSpecialPoints = 48
const mostSpecialPoints = 160
const discretePoints = 80
/** More constants are not taken from the text. */
const maximumConstants = 12
const largestConstant = 10n ** 120n

/**
 * Points at which two expressions are compared, the same at every call. Unknowns take negative and positive values in all
 * combinations; where an expression is made of pieces (roots, |x|, ⌊x⌋, maxima) also whole ones, large ones, and such as lie
 * near to and beyond each constant of either text, its negative, its tenfold, its square and cube, its power of e, and sums,
 * products and powers of two. Unknowns under factorials, in binomials and in bounds of sums are whole and not negative, some
 * below and some above the constants; exponents of negative numbers are whole. What is conjugated, or taken a part or the
 * angle of, is complex. `spare` are points of small whole numbers, for where values elsewhere are too large to compare.
 */
export function samplePoints(a: Expression, b: Expression): { points: Point[]; spare: Point[] } {
  const parts = [...partsOf(a), ...partsOf(b)]
  const names = [...new Set([...unknownsOf(a), ...unknownsOf(b)])].sort()
  if (names.length === 0) return { points: [new Map()], spare: [] }
  const domains = domainsOf(parts)
  const constants = constantsOf(parts)
  const random = pseudoRandom()
  const isDiscrete = [...domains.values()].some(domain => domain === 'whole' || domain === 'natural')
  const draw = (pools: readonly Complex[][]): Point =>
    new Map(names.map((name, place) => [name, pick(pools[place]!, random)]))
  const pool = (real: readonly Rational[]) =>
    names.map(name => poolOf(domains.get(name) ?? 'real', real, constants))
  const points: Point[] = []
  const wanted = parts.some(isStep) ? genericPoints + stepPoints : genericPoints
  for (let count = 0; count < wanted; count++)
    points.push(new Map(names.map(name => [name, genericValue(domains.get(name) ?? 'real', random)])))
  if (isDiscrete) {
    const pools = pool(generic.flatMap(withSigns))
    for (let count = 0; count < discretePoints; count++) points.push(draw(pools))
  }
  if (parts.some(isPiecewise)) {
    const special = specialValues(constants)
    const pools = pool(special)
    // Each special value once for each unknown, beside any of the others.
    const count = Math.min(Math.max(leastSpecialPoints, special.length * names.length), mostSpecialPoints)
    for (let at = 0; at < count; at++) {
      const drawn = new Map(draw(pools))
      const name = names[at % names.length]!
      const own = pools[at % names.length]!
      drawn.set(name, own[Math.floor(at / names.length) % own.length]!)
      points.push(drawn)
    }
  }
  const spares = pool(wholes.flatMap(withSigns))
  const spare = Array.from({ length: genericPoints }, () => draw(spares))
  return { points, spare }
}

/** Whether an expression takes few values, each over an interval, so that many points tell the same. */
function isStep(part: Expression): boolean {
  return part.kind === 'function' && ['Sign', 'Floor', 'Ceil', 'Mod'].includes(part.name)
}

function isPiecewise(part: Expression): boolean {
  if (part.kind === 'function') return piecewise.has(part.name)
  if (part.kind === 'root') return true
  if (part.kind !== 'power') return false
  const { base, exponent } = part
  const isWhole = exponent.kind === 'number' && exponent.value.denominator === 1n
  const isPositive =
    base.kind === 'constant'
      ? base.name !== 'ImaginaryUnit'
      : base.kind === 'number' && base.value.numerator > 0n
  return !isWhole && !isPositive
}

function domainsOf(parts: readonly Expression[]): Map<string, Domain> {
  const domains = new Map<string, Domain>()
  // What restricts most counts.
  const order: Domain[] = ['real', 'complex', 'whole', 'natural']
  const restrict = (expression: Expression, domain: Domain) => {
    for (const name of unknownsOf(expression))
      if (order.indexOf(domain) > order.indexOf(domains.get(name) ?? 'real')) domains.set(name, domain)
  }
  for (const part of parts) {
    const domain = part.kind === 'function' ? domainsOfOperands[part.name] : undefined
    if (domain) for (const operand of operandsOf(part)) restrict(operand, domain)
    if (part.kind === 'function' && part.name === 'Binomial') {
      // x over 2 is a polynomial in x.
      const [total, chosen] = part.operands as [Expression, Expression]
      if (unknownsOf(chosen).size > 0) for (const operand of [total, chosen]) restrict(operand, 'natural')
    }
    if (part.kind === 'series') for (const end of [part.from, part.to]) restrict(end, 'natural')
    if (part.kind === 'power' && isNegativeNumber(part.base)) restrict(part.exponent, 'whole')
    if (part.kind === 'application' && part.name.endsWith('_'))
      for (const operand of part.operands) restrict(operand, 'natural')
  }
  return domains
}

function isNegativeNumber(expression: Expression): boolean {
  if (expression.kind === 'number') return expression.value.numerator < 0n
  if (expression.kind === 'quotient')
    return (
      isNegativeNumber(expression.top) !== isNegativeNumber(expression.bottom) &&
      unknownsOf(expression).size === 0
    )
  if (expression.kind !== 'product' || unknownsOf(expression).size > 0) return false
  return expression.factors.filter(isNegativeNumber).length % 2 === 1
}

interface Constants {
  written: Rational[]
  /** Sums, products, quotients and powers of two of them, cubes, powers of e. */
  derived: Rational[]
}

/** The sizes of the real numbers in a text, and such as are made of two of them. */
function constantsOf(parts: readonly Expression[]): Constants {
  const written = new Map<string, Rational>()
  for (const part of parts) {
    if (written.size >= maximumConstants) break
    const value = part.kind === 'number' ? part.value : constantValue(part)
    if (value) keep(written, value)
  }
  const derived = new Map<string, Rational>()
  const first = [...written.values()].slice(0, 4)
  for (const a of first)
    for (const b of first) {
      keep(derived, add(a, b))
      keep(derived, multiply(a, b))
      keep(derived, multiply(a, { numerator: b.denominator, denominator: b.numerator }))
      if (b.denominator === 1n && b.numerator <= 40n && a.denominator === 1n)
        keep(derived, fromWhole(a.numerator ** b.numerator))
    }
  // Where ∛x and ln x reach them.
  for (const constant of first) {
    const { numerator, denominator } = constant
    keep(derived, { numerator: numerator ** 3n, denominator: denominator ** 3n })
    const size = Number(numerator) / Number(denominator)
    if (size < 25) keep(derived, fraction(Math.round(Math.exp(size) * 1_000), 1_000))
  }
  for (const key of written.keys()) derived.delete(key)
  return { written: [...written.values()], derived: [...derived.values()] }
}

/** A number that is written as an expression, 10^6 or e², to some digits; null of what depends on unknowns or is not real. */
function constantValue(expression: Expression): Rational | null {
  if (expression.kind === 'symbol' || unknownsOf(expression).size > 0) return null
  const evaluation = new Evaluation({ bits: 64, budget: { operations: 2_000 } })
  const value = evaluateExpression(expression, new Map(), evaluation)
  if (value === null || value.rational !== null) return value?.rational ?? null
  const size = value.im.mantissa === 0n ? toDouble(value.re) : Number.NaN
  return Math.abs(size) < 1e12 ? fraction(Math.round(size * 1_000), 1_000) : null
}

function keep(constants: Map<string, Rational>, { numerator, denominator }: Rational): void {
  const top = numerator < 0n ? -numerator : numerator
  if (top === 0n || top > largestConstant * denominator || denominator > largestConstant) return
  const value = reduce(top, denominator)
  constants.set(`${value.numerator}/${value.denominator}`, value)
}

const generic = [12_347, 98_711, 173_207, 271_829, 531_457, 771_121, 1_721_579, 3_713_341, 10_137_001].map(
  numerator => fraction(numerator, 100_003),
)

const wholes = [1, 2, 3, 4, 5, 7, 10, 12].map(value => fraction(value, 1))

/** Real values near to and beyond the constants, whole ones included. */
function specialValues({ written, derived }: Constants): Rational[] {
  const values: Rational[] = []
  for (const constant of written) {
    const tenfold = multiply(constant, fraction(10, 1))
    const square = multiply(constant, constant)
    values.push(
      ...[constant, add(constant, one), add(constant, fraction(-1, 1))],
      ...[add(constant, fraction(1_237, 100_003)), add(constant, fraction(-1_237, 100_003))],
      ...[add(constant, fraction(51_237, 100_003)), add(constant, fraction(-51_237, 100_003))],
      ...[add(tenfold, fraction(331, 1_009)), add(square, fraction(331, 1_009))],
    )
  }
  const near = derived.map(constant => add(constant, fraction(1_237, 100_003)))
  return [...values, ...generic, ...wholes, ...near].flatMap(withSigns)
}

function poolOf(domain: Domain, real: readonly Rational[], constants: Constants): Complex[] {
  if (domain === 'real') return real.map(rational)
  if (domain === 'complex')
    return real.map((value, place) => complexOf(value, real[(place * 7 + 3) % real.length]!))
  const values = [...wholes]
  for (const constant of [...constants.written, ...constants.derived]) {
    // Factorials of larger numbers are not computed.
    if (constant.denominator !== 1n || constant.numerator > 400n) continue
    for (const distance of [0, 1, 2, 5, 13, 29]) values.push(add(constant, fraction(distance, 1)))
    if (constant.numerator > 1n) values.push(add(constant, fraction(-1, 1)))
  }
  return (domain === 'natural' ? values : values.flatMap(withSigns)).map(rational)
}

function genericValue(domain: Domain, random: () => number): Complex {
  const isNegative = random() < 0.5
  const value =
    domain === 'real' || domain === 'complex'
      ? fraction(100_003 + Math.floor(random() * 2_899_999), 1_000_003)
      : fraction(1 + Math.floor(random() * 14), 1)
  const signed = isNegative && domain !== 'natural' ? withSigns(value)[1]! : value
  return domain === 'complex'
    ? complexOf(signed, fraction(Math.round(random() * 400) - 200, 97))
    : rational(signed)
}

/** A complex number near to x + iy whose parts are binary fractions, so that it is exact. */
function complexOf(x: Rational, y: Rational): Complex {
  const [re, im] = [x, y].map(({ numerator, denominator }) => {
    return { mantissa: (numerator << 30n) / denominator, exponent: -30 }
  })
  return { rational: null, re: re!, im: im!, error: Number.NEGATIVE_INFINITY }
}

function withSigns(value: Rational): Rational[] {
  return [value, opposite(value)]
}

function fraction(numerator: number, denominator: number): Rational {
  return { numerator: BigInt(numerator), denominator: BigInt(denominator) }
}

function pick(pool: readonly Complex[], random: () => number): Complex {
  return pool[Math.floor(random() * pool.length)]!
}

/** Numbers in [0, 1), the same at every call (mulberry32). */
function pseudoRandom(): () => number {
  let state = 0x9e3779b9
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}
