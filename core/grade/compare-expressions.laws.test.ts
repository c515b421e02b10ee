import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { compareExpressions } from './compare-expressions.ts'
import { type Complex, rational } from './complex.ts'
import { evaluateExpression } from './evaluate-expression.ts'
import { Evaluation } from './evaluation.ts'
import { type Expression, type FunctionName, integer, mapOperands, negated, partsOf } from './expression.ts'

const names = ['x', 'y']
const functions: FunctionName[] = ['Sin', 'Cos', 'Exp', 'Ln', 'Abs', 'Floor', 'Arctan']

const leaf: fc.Arbitrary<Expression> = fc.oneof(
  fc.integer({ min: -9, max: 12 }).map(integer),
  fc.constantFrom<Expression>({ kind: 'constant', name: 'Pi' }, { kind: 'constant', name: 'ExponentialE' }),
  ...names.map(name => fc.constant<Expression>({ kind: 'symbol', name })),
  ...names.map(name => fc.constant<Expression>({ kind: 'symbol', name })),
)

const { expression } = fc.letrec<{ expression: Expression }>(inner => {
  const operand = inner('expression')
  return {
    expression: fc.oneof(
      { maxDepth: 4, depthSize: 'small', withCrossShrink: true },
      leaf,
      fc.tuple(operand, operand).map(([a, b]): Expression => ({ kind: 'sum', terms: [a, b] })),
      fc.tuple(operand, operand).map(([a, b]): Expression => ({ kind: 'product', factors: [a, b] })),
      fc.tuple(operand, operand).map(([top, bottom]): Expression => ({ kind: 'quotient', top, bottom })),
      fc.tuple(operand, fc.integer({ min: -2, max: 3 })).map(([base, exponent]): Expression => {
        return { kind: 'power', base, exponent: integer(exponent) }
      }),
      fc.tuple(operand, fc.integer({ min: 2, max: 3 })).map(([radicand, degree]): Expression => {
        return { kind: 'root', radicand, degree: integer(degree) }
      }),
      fc.tuple(fc.constantFrom(...functions), operand).map(([name, inside]): Expression => {
        return { kind: 'function', name, operands: [inside] }
      }),
    ),
  }
})

/** The value of an expression in doubles, NaN where it is not real: written apart from what it checks. */
function doubleOf(expression: Expression, values: Record<string, number>): number {
  const inner = (operand: Expression) => doubleOf(operand, values)
  switch (expression.kind) {
    case 'number':
      return Number(expression.value.numerator) / Number(expression.value.denominator)
    case 'constant':
      return expression.name === 'Pi' ? Math.PI : Math.E
    case 'symbol':
      return values[expression.name]!
    case 'sum':
      return expression.terms.map(inner).reduce((a, b) => a + b)
    case 'product':
      return expression.factors.map(inner).reduce((a, b) => a * b)
    case 'quotient': {
      const bottom = inner(expression.bottom)
      return bottom === 0 ? Number.NaN : inner(expression.top) / bottom
    }
    case 'power': {
      const [base, exponent] = [inner(expression.base), inner(expression.exponent)]
      return base === 0 && exponent <= 0 ? Number.NaN : base ** exponent
    }
    case 'root': {
      const [radicand, degree] = [inner(expression.radicand), inner(expression.degree)]
      return Math.abs(degree % 2) === 1
        ? Math.sign(radicand) * Math.abs(radicand) ** (1 / degree)
        : radicand ** (1 / degree)
    }
    case 'function': {
      const operand = inner(expression.operands[0]!)
      const known: Partial<Record<FunctionName, (x: number) => number>> = {
        ...{ Sin: Math.sin, Cos: Math.cos, Exp: Math.exp, Abs: Math.abs, Floor: floorOf },
        ...{ Arctan: Math.atan, Ln: x => (x > 0 ? Math.log(x) : Number.NaN) },
      }
      return known[expression.name]!(operand)
    }
    default:
      throw new Error(`no double for ${expression.kind}`)
  }
}

/** NaN next to a whole number, where rounding decides. */
function floorOf(x: number): number {
  return Math.abs(x - Math.round(x)) < 1e-6 ? Number.NaN : Math.floor(x)
}

/** Points of which many lie where pieces of functions differ. */
const probes = [-30.3, -7.1, -2.6, -0.7, 0.4, 1.9, 3.3, 8.2, 41.7].flatMap(x =>
  [-11.4, -1.3, 0.6, 2.2, 13.8].map(y => ({ x, y })),
)

/** Whether doubles agree wherever both are real and no part is large, or so small that it may be an error of rounding. */
function agreeAsDoubles(a: Expression, b: Expression): boolean {
  return probes.every(point => {
    const [left, right] = [doubleOf(a, point), doubleOf(b, point)]
    if (!Number.isFinite(left) || !Number.isFinite(right)) return true
    const sizes = [a, b].flatMap(partsOf).map(part => Math.abs(doubleOf(part, point)))
    return sizes.some(size => size > 1e6 || (size > 0 && size < 1e-6)) || Math.abs(left - right) < 1e-6
  })
}

/** The expression with its part at that place replaced. */
function withPart(
  expression: Expression,
  place: number,
  replace: (part: Expression) => Expression,
): Expression {
  const target = partsOf(expression)[place]!
  let isDone = false
  const visit = (part: Expression): Expression => {
    if (isDone) return part
    if (part === target) {
      isDone = true
      return replace(part)
    }
    return mapOperands(part, visit)
  }
  return visit(expression)
}

const mutations: ((part: Expression) => Expression)[] = [
  negated,
  part => ({ kind: 'sum', terms: [part, integer(1)] }),
  part => ({ kind: 'product', factors: [part, integer(2)] }),
  part => ({ kind: 'function', name: 'Abs', operands: [part] }),
  part => ({ kind: 'function', name: 'Floor', operands: [part] }),
  part => (part.kind === 'function' ? { ...part, name: part.name === 'Sin' ? 'Cos' : 'Sin' } : negated(part)),
  part => (part.kind === 'quotient' ? { ...part, top: part.bottom, bottom: part.top } : negated(part)),
  part => (part.kind === 'power' ? { ...part, exponent: integer(4) } : negated(part)),
  part => (part.kind === 'symbol' ? { ...part, name: part.name === 'x' ? 'y' : 'x' } : negated(part)),
]

const rewrites: ((part: Expression) => Expression)[] = [
  part => negated(negated(part)),
  part => ({ kind: 'sum', terms: [integer(3), part, integer(-3)] }),
  part => ({ kind: 'quotient', top: { kind: 'product', factors: [integer(6), part] }, bottom: integer(6) }),
  part => ({ kind: 'function', name: 'Ln', operands: [{ kind: 'function', name: 'Exp', operands: [part] }] }),
  part => (part.kind === 'sum' ? { ...part, terms: [...part.terms].reverse() } : part),
  part => (part.kind === 'product' ? { ...part, factors: [...part.factors].reverse() } : part),
  part => ({
    kind: 'sum',
    terms: [
      part,
      ...(['Sin', 'Cos'] as const).map(
        (name): Expression => ({
          kind: 'power',
          base: { kind: 'function', name, operands: [{ kind: 'symbol', name: 'x' }] },
          exponent: integer(2),
        }),
      ),
      integer(-1),
    ],
  }),
]

const place = fc.nat({ max: 30 })

describe('whether expressions are equal', () => {
  it('is so of each with itself, and the same both ways', () => {
    fc.assert(
      fc.property(expression, expression, (a, b) => {
        expect(compareExpressions(a, a).equal).not.toBe(false)
        expect(compareExpressions(a, b).equal).toBe(compareExpressions(b, a).equal)
      }),
      { numRuns: 200 },
    )
  })

  it('is never found of a mutated expression where doubles differ', () => {
    fc.assert(
      fc.property(expression, place, fc.constantFrom(...mutations), (whole, at, mutate) => {
        const mutant = withPart(whole, at % partsOf(whole).length, mutate)
        if (compareExpressions(whole, mutant).equal === true) expect(agreeAsDoubles(whole, mutant)).toBe(true)
      }),
      { numRuns: 1_000 },
    )
  })

  it('is never denied of an expression that is written otherwise', () => {
    fc.assert(
      fc.property(expression, place, fc.constantFrom(...rewrites), (whole, at, rewrite) => {
        const rewritten = withPart(whole, at % partsOf(whole).length, rewrite)
        // ln e^z is z only within a strip, which complex values leave.
        const isReal = !partsOf(whole).some(
          part => part.kind === 'root' || (part.kind === 'function' && part.name === 'Ln'),
        )
        fc.pre(isReal || rewrite !== rewrites[3])
        const { equal, by } = compareExpressions(whole, rewritten)
        expect(equal === false ? by : 'not denied').toBe('not denied')
      }),
      { numRuns: 600 },
    )
  })
})

describe('values of expressions', () => {
  const values = new Map<string, Complex>(
    names.map((name, index) => [name, rational({ numerator: BigInt(7 * index - 5), denominator: 3n })]),
  )

  it('are those of the parts, added and multiplied, up to their errors', () => {
    fc.assert(
      fc.property(expression, expression, (a, b) => {
        const evaluation = new Evaluation({ bits: 200, budget: { operations: 1e6 } })
        const { arithmetic } = evaluation
        const of = (whole: Expression) => evaluateExpression(whole, values, evaluation)
        const [left, right] = [of(a), of(b)]
        fc.pre(left !== null && right !== null)
        for (const [whole, expected] of [
          [of({ kind: 'sum', terms: [b, a] }), arithmetic.add(left, right)],
          [of({ kind: 'product', factors: [b, a] }), arithmetic.multiply(left, right)],
          [of({ kind: 'sum', terms: [a, b, negated(a)] }), right],
        ] as const) {
          expect(whole).not.toBeNull()
          const gap = arithmetic.subtract(whole!, expected)
          expect(arithmetic.size(gap)).toBeLessThanOrEqual(arithmetic.errorOf(gap) + 1)
        }
      }),
      { numRuns: 300 },
    )
  })

  it('are those of doubles, where these are real', () => {
    fc.assert(
      fc.property(expression, whole => {
        const evaluation = new Evaluation({ bits: 200, budget: { operations: 1e6 } })
        const value = evaluateExpression(whole, values, evaluation)
        const expected = doubleOf(whole, { x: -5 / 3, y: 2 / 3 })
        const sizes = partsOf(whole).map(part => Math.abs(doubleOf(part, { x: -5 / 3, y: 2 / 3 })))
        fc.pre(value !== null && sizes.every(size => size < 1e6 && (size === 0 || size > 1e-6)))
        expect(evaluation.arithmetic.toDouble(value)).toBeCloseTo(expected, 4)
      }),
      { numRuns: 300 },
    )
  })
})
