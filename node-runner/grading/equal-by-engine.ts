import {
  type ComputeEngine,
  type Expression,
  isFunction,
  isNumber,
  type MathJsonExpression,
} from '@cortex-js/compute-engine'
import type { AlgebraVerdict } from '../../core/grade/algebra.ts'

/** Decimal digits of the numeric check: more than the digits that a question may hold, and room for cancellation. */
const precisionDigits = 120
/** Two values agree if they differ by less than 10^−80 of the larger, which no two different short expressions do by chance. */
const agreementDigits = 80
/**
 * Parts of an expression must be as large as 10^−39 to 10^39, or 0, for agreement to say anything: then none is lost at 80 digits
 * beside another, as sin x is in e^200 + sin x.
 */
const greatestMagnitude = 1e39
const wantedPoints = 12
const triedPoints = 40

/**
 * Compares two expressions, first by their values to 120 digits: at one point without unknowns, else at 12 where both have
 * a value, complex ones included. Unknowns are positive at three points of four and negative at the fourth, so that √(x²) is
 * not x; they are whole where there is a factorial or binomial. One difference settles it. Where all values agree, the engine tries
 * to prove it; equality without a proof is told as such.
 */
export function equalByEngine(engine: ComputeEngine, a: unknown, b: unknown): AlgebraVerdict {
  engine.precision = precisionDigits
  const [left, right] = [engine.box(a as MathJsonExpression), engine.box(b as MathJsonExpression)]
  const unknowns = [...new Set([...left.unknowns, ...right.unknowns])]
  const wanted = unknowns.length === 0 ? 1 : wantedPoints
  const isDiscrete = /"(?:Factorial|Binomial)"/.test(JSON.stringify([a, b]))
  let agreed = 0
  for (let point = 0; point < (unknowns.length === 0 ? 1 : triedPoints) && agreed < wanted; point++) {
    const values = Object.fromEntries(
      unknowns.map((name, place) => [
        name,
        isDiscrete ? engine.box(3 + point + 5 * place) : genericValue(engine, point, place),
      ]),
    )
    const sides = [left.subs(values), right.subs(values)] as const
    const agreement = agree(engine, sides[0].N(), sides[1].N())
    if (agreement === 'unequal') return { equal: false, by: 'numerically' }
    if (agreement === 'agree' && sides.every(side => isOfOneScale(engine, side))) agreed++
  }
  if (agreed < wanted) return { equal: null, by: 'as algebra found no values to compare' }
  if (engine.box(['Subtract', left, right]).simplify().is(0)) return { equal: true, by: 'by algebra' }
  return { equal: true, by: `numerically at ${agreed} point${agreed === 1 ? '' : 's'}` }
}

/** A rational between 0.1 and 3 of no special kind, the same at every call; every fourth point is negative. */
function genericValue(engine: ComputeEngine, point: number, place: number): Expression {
  const mixed = (point * 7_919 + place * 104_729 + 12_345) * 1_103_515_245
  const numerator = 100_003 + (mixed % 2_899_999)
  return engine.box(['Divide', point % 4 === 3 ? -numerator : numerator, 1_000_003])
}

function agree(engine: ComputeEngine, a: Expression, b: Expression): 'agree' | 'unequal' | 'no value' {
  const [left, right] = [partsOf(engine, a), partsOf(engine, b)]
  if (left === null || right === null) return 'no value'
  const size = Math.max(...[...left, ...right].map(part => Math.abs(part.re)))
  if (!Number.isFinite(size)) return 'no value'
  return left.every((part, place) => isNegligible(engine, part, right[place]!, size)) ? 'agree' : 'unequal'
}

/** Whether no part of an expression without unknowns could vanish beside another. */
function isOfOneScale(engine: ComputeEngine, expression: Expression): boolean {
  const parts = partsOf(engine, expression.N())
  const size = parts === null ? 1 : Math.max(...parts.map(part => Math.abs(part.re)))
  if (size !== 0 && !(size <= greatestMagnitude && size >= 1 / greatestMagnitude)) return false
  return !isFunction(expression) || expression.ops.every(part => isOfOneScale(engine, part))
}

/** Real and imaginary part; null of what is no finite number. */
function partsOf(engine: ComputeEngine, value: Expression): [Expression, Expression] | null {
  if (value.isFinite !== true || !isNumber(value)) return null
  return [engine.box(['Real', value]).N(), engine.box(['Imaginary', value]).N()]
}

function isNegligible(engine: ComputeEngine, a: Expression, b: Expression, size: number): boolean {
  const difference = Math.abs(engine.box(['Subtract', a, b]).N().re)
  return difference <= size * 10 ** -agreementDigits
}
