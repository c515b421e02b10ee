import { partsOf, unknownsOf } from './bound-variables.ts'
import type { Expression, FunctionName } from './expression.ts'
import { add, multiply, one, reduce, zero } from './fraction.ts'
import type { Rational } from './rational.ts'

/** A value for each unknown. */
export type Point = ReadonlyMap<string, Rational>

/** What an unknown may stand for: any real number, any whole one, or one that is not negative, as under a factorial. */
type Domain = 'real' | 'whole' | 'natural'

/** Functions that agree with others on one side of some number only. */
const piecewise = new Set<FunctionName>([
  ...(['Abs', 'Sign', 'Floor', 'Ceil', 'Mod', 'Max', 'Min', 'Gcd', 'Lcm', 'Real', 'Imaginary'] as const),
  ...([
    'Conjugate',
    'Argument',
    'Arcsin',
    'Arccos',
    'Arctan',
    'Arccot',
    'Arcsec',
    'Arccsc',
    'Arccosh',
  ] as const),
  ...(['Ln', 'Log', 'Arcsinh', 'Arctanh', 'Factorial', 'Binomial'] as const),
])

/** Points of no special kind, close to 0, where most expressions have values of moderate size. */
const genericPoints = 12
/** Further points near to and beyond the constants, for expressions that are made of pieces. */
const specialPoints = 48
const discretePoints = 80
/** More constants are not taken from the text. */
const maximumConstants = 12
const largestConstant = 1e12

/**
 * Points at which two expressions are compared, the same at every call. Unknowns take negative and positive values in all
 * combinations; where an expression is made of pieces (roots, |x|, ⌊x⌋, maxima) also whole ones, large ones, and such as lie near to
 * and beyond each constant of either text, its negative, its tenfold, its square, and sums and products of two. Unknowns under
 * factorials, in binomials and in bounds of sums are whole and not negative, some below and some above the constants;
 * exponents of negative numbers are whole.
 */
export function samplePoints(a: Expression, b: Expression): Point[] {
  const parts = [...partsOf(a), ...partsOf(b)]
  const names = [...new Set([...unknownsOf(a), ...unknownsOf(b)])].sort()
  if (names.length === 0) return [new Map()]
  const domains = domainsOf(parts)
  const constants = constantsOf(parts)
  const random = pseudoRandom()
  const isDiscrete = names.some(name => domains.has(name))
  const draw = (pools: readonly Rational[][]): Point =>
    new Map(names.map((name, place) => [name, pick(pools[place]!, random)]))
  const pool = (real: readonly Rational[]) =>
    names.map(name => poolOf(domains.get(name) ?? 'real', real, constants))
  const points: Point[] = []
  for (let count = 0; count < genericPoints; count++)
    points.push(new Map(names.map(name => [name, genericValue(domains.get(name) ?? 'real', random)])))
  if (isDiscrete) {
    const pools = pool(generic)
    for (let count = 0; count < discretePoints; count++) points.push(draw(pools))
  }
  if (parts.some(isPiecewise)) {
    const special = specialValues(constants)
    const pools = pool(special)
    // Each special value once for each unknown, beside any of the others.
    const count = Math.max(specialPoints, special.length)
    for (let at = 0; at < count; at++) {
      const drawn = new Map(draw(pools))
      const name = names[at % names.length]!
      const own = pools[at % names.length]!
      drawn.set(name, own[Math.floor(at / names.length) % own.length]!)
      points.push(drawn)
    }
  }
  return points
}

function isPiecewise(part: Expression): boolean {
  if (part.kind === 'function') return piecewise.has(part.name)
  if (part.kind === 'root') return true
  return part.kind === 'power' && !(part.exponent.kind === 'number' && part.exponent.value.denominator === 1n)
}

function domainsOf(parts: readonly Expression[]): Map<string, Domain> {
  const domains = new Map<string, Domain>()
  const restrict = (expression: Expression, domain: Domain) => {
    for (const name of unknownsOf(expression)) if (domains.get(name) !== 'natural') domains.set(name, domain)
  }
  for (const part of parts) {
    if (part.kind === 'function' && part.name === 'Factorial') restrict(part.operands[0]!, 'natural')
    if (part.kind === 'function' && part.name === 'Binomial') {
      // x over 2 is a polynomial in x.
      const [total, chosen] = part.operands as [Expression, Expression]
      if (unknownsOf(chosen).size > 0) for (const operand of [total, chosen]) restrict(operand, 'natural')
    }
    if (part.kind === 'function' && (part.name === 'Gcd' || part.name === 'Lcm'))
      for (const operand of part.operands) restrict(operand, 'whole')
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

/** The rational numbers in a text, and such as are made of two of them. */
function constantsOf(parts: readonly Expression[]): Rational[] {
  const constants = new Map<string, Rational>()
  const keep = (value: Rational) => {
    const { numerator, denominator } = reduce(
      value.numerator < 0n ? -value.numerator : value.numerator,
      value.denominator,
    )
    const size = Number(numerator) / Number(denominator)
    if (size > 0 && size < largestConstant && denominator < 1_000_000n)
      constants.set(`${numerator}/${denominator}`, { numerator, denominator })
  }
  for (const part of parts) {
    if (constants.size >= maximumConstants) break
    if (part.kind === 'number') keep(part.value)
  }
  const written = [...constants.values()]
  for (const a of written.slice(0, 4))
    for (const b of written.slice(0, 4)) {
      keep(add(a, b))
      keep(multiply(a, b))
      keep(multiply(a, { numerator: b.denominator, denominator: b.numerator }))
    }
  return [...constants.values()]
}

const generic: Rational[] = [
  ...[
    [12_347, 100_003],
    [98_711, 100_003],
    [173_207, 100_003],
    [271_829, 100_003],
    [531_457, 100_003],
  ],
  ...[
    [771_121, 100_003],
    [1_721_579, 100_003],
    [3_713_341, 100_003],
    [10_137_001, 100_003],
  ],
].flatMap(([numerator, denominator]) => withSigns(fraction(numerator!, denominator!)))

const wholes = [1, 2, 3, 4, 5, 7, 10, 12].map(value => fraction(value, 1))

/** Real values near to and beyond the constants, whole ones included. */
function specialValues(constants: readonly Rational[]): Rational[] {
  const values = [...generic, ...wholes.flatMap(withSigns)]
  for (const constant of constants.slice(0, 2 * maximumConstants)) {
    const tenfold = multiply(constant, fraction(10, 1))
    const square = multiply(constant, constant)
    for (const value of [
      ...[constant, add(constant, one), add(constant, fraction(-1, 1))],
      ...[add(constant, fraction(1_237, 100_003)), add(constant, fraction(-1_237, 100_003))],
      ...[add(constant, fraction(51_237, 100_003)), add(constant, fraction(-51_237, 100_003))],
      ...[add(tenfold, fraction(331, 1_009)), add(square, fraction(331, 1_009))],
    ])
      values.push(...withSigns(value))
  }
  return values
}

function poolOf(domain: Domain, real: readonly Rational[], constants: readonly Rational[]): Rational[] {
  if (domain === 'real') return [...real]
  const values = [...wholes]
  for (const constant of constants) {
    // Factorials of larger numbers are not computed.
    if (constant.denominator !== 1n || constant.numerator > 400n) continue
    for (const distance of [0, 1, 2, 5, 13, 29]) values.push(add(constant, fraction(distance, 1)))
    if (constant.numerator > 1n) values.push(add(constant, fraction(-1, 1)))
  }
  return domain === 'natural' ? values : values.flatMap(withSigns)
}

function genericValue(domain: Domain, random: () => number): Rational {
  const isNegative = random() < 0.5
  const value =
    domain === 'real'
      ? fraction(100_003 + Math.floor(random() * 2_899_999), 1_000_003)
      : fraction(1 + Math.floor(random() * 14), 1)
  return isNegative && domain !== 'natural' ? withSigns(value)[1]! : value
}

function withSigns(value: Rational): Rational[] {
  return [value, { ...value, numerator: -value.numerator }]
}

function fraction(numerator: number, denominator: number): Rational {
  return { numerator: BigInt(numerator), denominator: BigInt(denominator) }
}

function pick(pool: readonly Rational[], random: () => number): Rational {
  return pool[Math.floor(random() * pool.length)] ?? zero
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
