import { type Approximation, type Complex, type ComplexArithmetic, rational, whole } from './complex.ts'
import type { Evaluation } from './evaluation.ts'
import { type Expression, partsOf } from './expression.ts'
import { TooLarge, Undefined } from './rational.ts'
import { magnitudeOf, type RealArithmetic, zeroReal } from './real.ts'

/** The body of a sum, an integral or a limit as a function of the variable that is bound in it. */
export type Body = (value: Complex, evaluation: Evaluation) => Complex

/** The end of a range. */
export type End = Complex | 'infinite' | 'negative infinite'

/** Longer finite sums are not computed. */
const maximumTerms = 5_000n
/** A term of an infinite series, with its part in the extrapolation. */
const termCost = 10
/** An estimate of an error is off by no more than this, as log2. */
const doubtBits = 12

/**
 * A sum or product over whole numbers. Infinite ones are summed until what is left is negligible, or extrapolated by Levin's
 * u-transform (D. Levin, "Development of non-linear transformations for improving convergence of sequences", 1973) where terms fall
 * as a power. Throws Undefined for what does not converge or settle.
 */
export function seriesOf(
  operation: 'sum' | 'product',
  from: End,
  to: End,
  evaluation: Evaluation,
  body: Body,
): Complex {
  const { arithmetic } = evaluation
  const first = typeof from === 'string' ? null : arithmetic.wholeNumber(from)
  if (first === null) throw new Undefined()
  if (to === 'infinite') return infiniteSeries(operation, first, evaluation, body)
  const last = typeof to === 'string' ? null : arithmetic.wholeNumber(to)
  // A sum without terms is 0; what goes backwards is no sum.
  if (last === null || last < first - 1n) throw new Undefined()
  if (last - first >= maximumTerms) throw new TooLarge()
  let result = whole(operation === 'sum' ? 0 : 1)
  for (let index = first; index <= last; index++) {
    const term = body(whole(index), evaluation)
    result = operation === 'sum' ? arithmetic.add(result, term) : arithmetic.multiply(result, term)
  }
  return result
}

function infiniteSeries(operation: 'sum' | 'product', first: bigint, outer: Evaluation, body: Body): Complex {
  // Extrapolation costs digits.
  const evaluation = outer.withBits(outer.bits + 220)
  const { arithmetic } = evaluation
  const terms: Complex[] = []
  const termAt = (place: number) => {
    evaluation.spend(termCost)
    const value = body(whole(first + BigInt(place)), evaluation)
    return operation === 'sum' ? value : arithmetic.ln(value)
  }
  for (let place = 0; place < 70; place++) terms.push(termAt(place))
  const total = decaysFast(terms, arithmetic)
    ? sumUntilNegligible(terms, termAt, evaluation, outer.bits)
    : extrapolated(terms, [termAt(1_000), termAt(2_000)], arithmetic)
  const result = operation === 'sum' ? total : arithmetic.exp(total)
  outer.arithmetic.hasAssumed ||= arithmetic.hasAssumed
  return result
}

function decaysFast(terms: Complex[], arithmetic: ComplexArithmetic): boolean {
  const [middle, last] = [terms[terms.length - 31]!, terms.at(-1)!].map(term => arithmetic.size(term))
  return last === Number.NEGATIVE_INFINITY || last! < middle! - 30 * 0.3
}

/** Adds terms that fall at least as a geometric sequence, until the rest as estimated from them is lost in rounding. */
function sumUntilNegligible(
  terms: Complex[],
  termAt: (place: number) => Complex,
  { arithmetic }: Evaluation,
  bits: number,
): Complex {
  let total = terms.reduce((a, b) => arithmetic.add(a, b))
  const sizes = terms.map(term => arithmetic.size(term))
  for (let place = terms.length; place < 2_000; place++) {
    const recent = sizes.slice(-10)
    const largest = Math.max(...recent)
    // How fast the terms fall, as log2 of the ratio of one to the next.
    const fall = (Math.max(...sizes.slice(-20, -10)) - largest) / 10
    if (largest === Number.NEGATIVE_INFINITY) return total
    const rest = largest - Math.log2(1 - 2 ** -Math.min(fall, 50))
    if (fall > 0.2 && rest < Math.max(arithmetic.size(total), -bits) - bits - doubtBits)
      return withError(total, rest + doubtBits, arithmetic)
    const term = termAt(place)
    sizes.push(arithmetic.size(term))
    total = arithmetic.add(total, term)
  }
  throw new Undefined()
}

/** Levin's u-transform of the partial sums; the error is how far its last orders disagree. */
function extrapolated(all: Complex[], far: [Complex, Complex], arithmetic: ComplexArithmetic): Complex {
  const start = all.findIndex(term => !arithmetic.isZero(term))
  const terms = all.slice(Math.max(0, start))
  const signs = terms.map(term => arithmetic.sign(term))
  const isAlternating = signs.every((sign, place) => place === 0 || sign === -signs[place - 1]!)
  const isOfOneSign = signs.every(sign => sign === signs[0])
  const decay = arithmetic.size(far[0]) - arithmetic.size(far[1])
  // The transform gives sums to series that have none: Σ 1/√n.
  if (!(isAlternating && decay > 0.05) && !(isOfOneSign && decay > 1.05)) throw new Undefined()
  const sums: Complex[] = []
  for (const term of terms) sums.push(arithmetic.add(sums.at(-1) ?? whole(0), term))
  const values = [5, 3, 1].map(back => levin(terms, sums, terms.length - back, arithmetic))
  const last = values.pop()!
  const gaps = values.map(value => arithmetic.size(arithmetic.subtract(value, last)))
  return withError(last, Math.max(...gaps) + doubtBits, arithmetic)
}

function levin(terms: Complex[], sums: Complex[], order: number, arithmetic: ComplexArithmetic): Complex {
  let [top, bottom] = [whole(0), whole(0)]
  let choice = 1n
  for (let place = 0; place <= order; place++) {
    const power = BigInt(place + 1) ** BigInt(order - 1)
    const remainder = arithmetic.multiply(whole(place + 1), terms[place]!)
    const weight = arithmetic.divide(whole((place % 2 === 0 ? 1n : -1n) * choice * power), remainder)
    top = arithmetic.add(top, arithmetic.multiply(weight, sums[place]!))
    bottom = arithmetic.add(bottom, weight)
    choice = (choice * BigInt(order - place)) / BigInt(place + 1)
  }
  return arithmetic.divide(top, bottom)
}

/**
 * An integral by the double exponential rule (H. Takahasi and M. Mori, "Double exponential formulas for numerical integration", 1974),
 * which takes integrable singularities at the ends and infinite ranges. The error is how far the last two step widths disagree, where
 * the true one is far smaller.
 */
export function integralOf(from: End, to: End, outer: Evaluation, body: Body): Complex {
  if (from === to && typeof from === 'string') throw new Undefined()
  if (from === 'infinite' || to === 'negative infinite')
    return outer.arithmetic.negate(integralOf(to, from, outer, body))
  if (from === 'negative infinite' && to !== 'infinite')
    return integralOf(outer.arithmetic.negate(to), 'infinite', outer, (value, inner) =>
      body(inner.arithmetic.negate(value), inner),
    )
  // How small or large the body is close to the ends says nothing of the integral.
  const evaluation = outer.withBits(outer.bits)
  const { arithmetic } = evaluation
  const isSegment = from !== 'negative infinite' && to !== 'infinite'
  const nodeAt =
    from === 'negative infinite'
      ? wholeLine(arithmetic)
      : to === 'infinite'
        ? halfLine(from, arithmetic)
        : segment(from, to as Complex, arithmetic)
  const reach = Math.asinh(((evaluation.bits + 20) * Math.LN2) / Math.PI)
  let total = whole(0)
  let previous: Complex | null = null
  let cut = Number.NEGATIVE_INFINITY
  for (let level = firstLevel; level <= lastLevel; level++) {
    const step = 2 ** -level
    const last = Math.ceil(reach / step)
    for (let place = -last; place <= last; place++) {
      if (level > firstLevel && place % 2 === 0) continue
      evaluation.spend(isSegment ? segmentCost : infiniteCost)
      const isMiddle = place === 0
      const part = partAt(nodeAt(place * step), isMiddle ? outer : evaluation, body)
      total = arithmetic.add(total, part)
      // What lies beyond is about as large.
      if (Math.abs(place) === last && level === firstLevel) cut = Math.max(cut, arithmetic.size(part))
    }
    const integral = arithmetic.multiply(rational({ numerator: 1n, denominator: BigInt(1 / step) }), total)
    if (previous !== null && level > firstLevel + 1) {
      const gap = arithmetic.size(arithmetic.subtract(integral, previous))
      if (gap < -evaluation.bits * 0.6 || level === lastLevel) {
        outer.arithmetic.hasAssumed ||= arithmetic.hasAssumed
        return withError(integral, Math.max(gap, cut + doubtBits), arithmetic)
      }
    }
    previous = integral
  }
  throw new Undefined()
}

/** Nodes of infinite ranges are computed anew each time. */
const [segmentCost, infiniteCost] = [5, 40]
/** Step widths from 1/4 to 1/64. */
const [firstLevel, lastLevel] = [2, 6]

interface Node {
  point: Complex
  weight: Complex
  /** Whether the node is so close to an end that it counts for nothing. */
  isEnd: boolean
}

/** The body times the weight of the node. */
function partAt(node: Node, evaluation: Evaluation, body: Body): Complex {
  try {
    return evaluation.arithmetic.multiply(node.weight, body(node.point, evaluation))
  } catch (error) {
    if (error instanceof Undefined && node.isEnd) return whole(0)
    throw error
  }
}

/** A double as the fraction that it is. */
function double(value: number): Complex {
  return rational({ numerator: BigInt(Math.round(value * 2 ** 12)), denominator: 4_096n })
}

/** x = tanh(π/2·sinh t), moved to the segment. */
function segment(from: Complex, to: Complex, arithmetic: ComplexArithmetic) {
  const width = arithmetic.subtract(to, from)
  return (at: number): Node => {
    const { distance, slope } = segmentNode(Math.abs(at), arithmetic)
    const moved = arithmetic.multiply(width, distance)
    return {
      point: at < 0 ? arithmetic.add(from, moved) : arithmetic.subtract(to, moved),
      weight: arithmetic.multiply(width, slope),
      isEnd: arithmetic.size(distance) < -arithmetic.reals.bits / 2,
    }
  }
}

/** Nodes take longer to compute than most bodies, and are the same for all segments. */
const segmentNodes = new WeakMap<RealArithmetic, Map<number, { distance: Complex; slope: Complex }>>()

/** The distance of a node from the nearer end of (0, 1), 1/(1 + e^(π·|sinh t|)), and its derivative by t. */
function segmentNode(at: number, arithmetic: ComplexArithmetic): { distance: Complex; slope: Complex } {
  const known = segmentNodes.get(arithmetic.reals) ?? new Map<number, { distance: Complex; slope: Complex }>()
  segmentNodes.set(arithmetic.reals, known)
  let node = known.get(at)
  if (node === undefined) {
    const t = double(at)
    const grown = arithmetic.exp(arithmetic.multiply(arithmetic.pi, arithmetic.sinh(t)))
    const distance = arithmetic.invert(arithmetic.add(whole(1), grown))
    const slope = arithmetic.multiply(
      arithmetic.multiply(arithmetic.pi, arithmetic.cosh(t)),
      arithmetic.multiply(distance, arithmetic.multiply(distance, grown)),
    )
    node = { distance, slope }
    known.set(at, node)
  }
  return node
}

/** π/2·sinh t, and its derivative by t. */
function infiniteNode(at: number, arithmetic: ComplexArithmetic): { angle: Complex; slope: Complex } {
  const t = double(at)
  const quarter = arithmetic.multiply(arithmetic.pi, rational({ numerator: 1n, denominator: 2n }))
  return {
    angle: arithmetic.multiply(quarter, arithmetic.sinh(t)),
    slope: arithmetic.multiply(quarter, arithmetic.cosh(t)),
  }
}

/** x = from + e^(π/2·sinh t) */
function halfLine(from: Complex, arithmetic: ComplexArithmetic) {
  return (at: number): Node => {
    const { angle, slope } = infiniteNode(at, arithmetic)
    const distance = arithmetic.exp(angle)
    const weight = arithmetic.multiply(slope, distance)
    const isEnd = Math.abs(arithmetic.size(distance)) > arithmetic.reals.bits / 2
    return { point: arithmetic.add(from, distance), weight, isEnd }
  }
}

/** x = sinh(π/2·sinh t) */
function wholeLine(arithmetic: ComplexArithmetic) {
  return (at: number): Node => {
    const { angle, slope } = infiniteNode(at, arithmetic)
    const point = arithmetic.sinh(angle)
    const weight = arithmetic.multiply(slope, arithmetic.cosh(angle))
    return { point, weight, isEnd: arithmetic.size(point) > arithmetic.reals.bits / 2 }
  }
}

const discontinuous = new Set('Floor Ceil Sign Mod Argument Gcd Lcm Factorial Binomial'.split(' '))
/** Precision enough for a limit whose terms cancel to the fourth power of the smallest step. */
const limitBits = 1_200
/** Steps 2^−60, 2^−120 and 2^−240 from the point, or so far out. */
const limitSteps = [60, 120, 240]
/** Where powers of e grow too large for these: 2^6 to 2^8. */
const smallSteps = [6, 7, 8]

/**
 * A limit: the value at the point where the body is continuous, else what the values close to it settle at. Throws Undefined if they
 * do not, as at a jump.
 */
export function limitOf(
  point: End,
  side: 'below' | 'above' | 'both',
  expression: Expression,
  outer: Evaluation,
  body: Body,
): Complex {
  const value = typeof point === 'string' ? null : valueThere(point, expression, outer, body)
  if (value !== null) return value
  const evaluation = outer.withBits(limitBits)
  const sides = typeof point === 'string' ? [1] : side === 'both' ? [1, -1] : [side === 'above' ? 1 : -1]
  const limits = sides.map(sign => settled(point, sign, evaluation, body))
  const [limit, other] = limits as [Approximation, Approximation | undefined]
  if (other === undefined) return limit
  const gap = evaluation.arithmetic.size(evaluation.arithmetic.subtract(limit, other))
  const error = Math.max(limit.error, other.error)
  if (gap > error + 2) throw new Undefined()
  return { ...limit, error }
}

function valueThere(point: Complex, expression: Expression, outer: Evaluation, body: Body): Complex | null {
  for (const part of partsOf(expression))
    if (part.kind === 'function' && discontinuous.has(part.name)) return null
  const evaluation = outer.withBits(outer.bits)
  try {
    const value = body(point, evaluation)
    return evaluation.arithmetic.hasAssumed ? null : value
  } catch (error) {
    if (error instanceof Undefined) return null
    throw error
  }
}

function settled(point: End, sign: number, evaluation: Evaluation, body: Body): Approximation {
  const at = (steps: number[]) =>
    steps.map(step => body(nearby(point, sign, step, evaluation.arithmetic), evaluation))
  try {
    return convergent(at(limitSteps), evaluation.arithmetic)
  } catch (error) {
    const isFar = typeof point === 'string'
    if (!isFar || !(error instanceof TooLarge || error instanceof Undefined)) throw error
    return convergent(at(smallSteps), evaluation.arithmetic)
  }
}

function nearby(point: End, sign: number, step: number, arithmetic: ComplexArithmetic): Complex {
  // No round number, which sines and powers of −1 would take for a special one.
  const odd = { numerator: 1_234_577n, denominator: 1_000_003n }
  const power = 2n ** BigInt(step)
  if (point === 'infinite') return rational({ ...odd, numerator: odd.numerator * power })
  if (point === 'negative infinite') return rational({ ...odd, numerator: -odd.numerator * power })
  const [numerator, denominator] = [BigInt(sign) * odd.numerator, odd.denominator * power]
  return arithmetic.add(point, rational({ numerator, denominator }))
}

/** What three values at steps h, h² and h⁴ settle at, if they do so at least as h^(3/4)·constant. */
function convergent([first, second, third]: Complex[], arithmetic: ComplexArithmetic): Approximation {
  const gaps = [arithmetic.subtract(first!, second!), arithmetic.subtract(second!, third!)]
  const limit = arithmetic.approximate(third!)
  const sizes = gaps.map(gap => Math.max(arithmetic.size(gap), arithmetic.errorOf(gap)))
  const [before, after] = sizes as [number, number]
  if (after === Number.NEGATIVE_INFINITY) return { ...limit, error: Math.max(limit.error, -limitBits) }
  if (before > -8 || after > 1.5 * before) throw new Undefined()
  return { ...limit, error: Math.max(limit.error, 1.6 * after) }
}

/** A value with a further error, and 0 if it is lost in it. */
function withError(value: Complex, error: number, arithmetic: ComplexArithmetic): Complex {
  const approximation = arithmetic.approximate(value)
  const bound = Math.max(approximation.error, error) + 1
  const isReal = approximation.im.mantissa !== 0n && magnitudeOf(approximation.im) < bound
  return { ...approximation, im: isReal ? zeroReal : approximation.im, error: bound }
}
