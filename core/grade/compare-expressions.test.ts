import { describe, expect, it } from 'vitest'
import { compareConditions, compareExpressions, numberOfExpression } from './compare-expressions.ts'
import { evaluateExpression } from './evaluate-expression.ts'
import { Evaluation } from './evaluation.ts'
import { difference, type Expression, type FunctionName, integer, negated } from './expression.ts'
import { parseExpression } from './parse-expression.ts'

type Written = Expression | string

const infinity: Expression = { kind: 'constant', name: 'PositiveInfinity' }

function read(written: Written): Expression {
  if (typeof written !== 'string') return written
  const expression = parseExpression(written)
  if (expression === null) throw new Error(`${written} is no expression`)
  return expression
}

const sum = (index: string, from: Written, to: Written, body: Written): Expression => {
  return {
    kind: 'series',
    operation: 'sum',
    variable: index,
    from: read(from),
    to: read(to),
    body: read(body),
  }
}
const product = (index: string, from: Written, to: Written, body: Written): Expression => {
  return { ...(sum(index, from, to, body) as Extract<Expression, { kind: 'series' }>), operation: 'product' }
}
const integral = (variable: string, from: Written, to: Written, body: Written): Expression => {
  return { kind: 'integral', variable, from: read(from), to: read(to), body: read(body) }
}
const limit = (point: Written, body: Written, side: 'below' | 'above' | 'both' = 'both'): Expression => {
  return { kind: 'limit', variable: 'x', point: read(point), side, body: read(body) }
}
const derivative = (body: Written, order = 1): Expression => {
  return { kind: 'derivative', variable: 'x', order, body: read(body) }
}
const apply = (name: string, ...operands: Written[]): Expression => {
  return { kind: 'application', name, operands: operands.map(read) }
}
const fn = (name: FunctionName, ...operands: Written[]): Expression => {
  return { kind: 'function', name, operands: operands.map(read) }
}
const plus = (...terms: Written[]): Expression => ({ kind: 'sum', terms: terms.map(read) })
const times = (...factors: Written[]): Expression => ({ kind: 'product', factors: factors.map(read) })

function bothWays(a: Written, b: Written): (boolean | null)[] {
  const verdicts = [compareExpressions(read(a), read(b)), compareExpressions(read(b), read(a))]
  for (const { by } of verdicts) expect(by).not.toBe('')
  return verdicts.map(({ equal }) => equal)
}

/** With a name, as the runner prints no trees with whole numbers in them. */
function named<Rest extends unknown[]>([a, b, ...rest]: [Written, Written, ...Rest]): [
  string,
  Written,
  Written,
  ...Rest,
] {
  const name = [a, b].map(side => (typeof side === 'string' ? side : nameOf(side))).join(' and ')
  return [name, a, b, ...rest]
}

function nameOf(expression: Expression): string {
  return JSON.stringify(expression, (_, value) => (typeof value === 'bigint' ? Number(value) : value))
}

const equal: Record<string, [Written, Written][]> = {
  'by identities of functions': [
    ['\\sin 2x', '2\\sin x\\cos x'],
    ['\\tan(x/2)', '\\frac{\\sin x}{1+\\cos x}'],
    ['\\sin^2 x+\\cos^2 x', '1'],
    ['\\log_2 x', '\\frac{\\ln x}{\\ln 2}'],
    ['\\frac{e^x-e^{-x}}{2}', '\\sinh x'],
    ['\\cosh^2x-\\sinh^2x', '1'],
    ['2^x\\cdot 3^x', '6^x'],
    ['(2^x)^y', '2^{xy}'],
    ['p^qp^r', 'p^{q+r}'],
    ['\\sin(\\arcsin x)', 'x'],
    ['\\tan(\\arctan x)', 'x'],
    ['e^{\\ln x}', 'x'],
    ['\\ln(x^2)', '2\\ln|x|'],
    [fn('Arcsinh', 'x'), '\\ln(x+\\sqrt{x^2+1})'],
    [fn('Coth', 'x'), '\\frac{\\cosh x}{\\sinh x}'],
  ],
  'where values are complex at some points': [
    ['\\cos(2i)', '\\cosh 2'],
    ['\\tan\\sqrt t', '\\frac{\\sin\\sqrt t}{\\cos\\sqrt t}'],
    ['7t^{5/2}', '7t^2\\sqrt t'],
    ['(-3)^{3/2}', '-3\\sqrt3 i'],
    ['\\sin^2\\sqrt t+\\cos^2\\sqrt t', '1'],
    ['\\cos(\\arcsin t)', '\\sqrt{1-t^2}'],
    ['\\pi t^{\\pi-1}', '\\frac{\\pi t^\\pi}{t}'],
    ['e^{t\\ln t}', 't^t'],
    ['y^{1/3}y^{1/4}', 'y^{7/12}'],
    ['\\frac{\\sin\\sqrt t\\cos\\sqrt t}{\\sqrt t}', '\\frac{\\sin(2\\sqrt t)}{2\\sqrt t}'],
    ['e^{i\\pi/3}', '\\frac12+\\frac{\\sqrt3}{2}i'],
    ['i^i', 'e^{-\\pi/2}'],
    ['\\sqrt{3+4i}', '2+i'],
    ['(1+i)^8', '16'],
    [times(fn('Conjugate', 'z'), 'z'), '|z|^2'],
    [fn('Argument', '1+i'), '\\pi/4'],
  ],
  'as numbers': [
    ['\\sqrt{5+2\\sqrt6}', '\\sqrt2+\\sqrt3'],
    ['\\cos(\\pi/5)', '\\frac{1+\\sqrt5}{4}'],
    ['4\\arctan(1/5)-\\arctan(1/239)', '\\pi/4'],
    ['\\sqrt[3]{2+\\sqrt5}+\\sqrt[3]{2-\\sqrt5}', '1'],
    ['(1/2)!', '\\frac{\\sqrt\\pi}{2}'],
    [fn('Gcd', '12', '18'), '6'],
    [fn('Lcm', '4', '6'), '12'],
    [fn('Mod', '-17', '5'), '3'],
    [fn('Max', '3', '\\pi'), '\\pi'],
  ],
  'under one reading of odd roots': [
    ['\\sqrt[3]{x^3}', 'x'],
    ['\\sqrt[3]{x}', 'x^{1/3}'],
    ['(x^2)^{1/3}', 'x^{2/3}'],
    ['(-8)^{1/3}', '-2'],
    ['\\sqrt[3]{-27x}', '-3\\sqrt[3]{x}'],
  ],
  'in pieces': [
    ['\\sqrt{x^2}', '|x|'],
    ['|xy|', '|x||y|'],
    ['-\\lfloor -x\\rfloor', '\\lceil x\\rceil'],
    ['\\lfloor 2x\\rfloor', '\\lfloor x\\rfloor+\\lfloor x+\\frac12\\rfloor'],
    [fn('Max', 'x', 'y'), plus('\\frac{x+y}{2}', times('\\frac12', '|x-y|'))],
    [fn('Sign', 'x'), '\\frac{|x|}{x}'],
  ],
  'at whole numbers': [
    ['\\binom{n}{r}', '\\binom{n}{n-r}'],
    ['\\binom{n}{r}+\\binom{n}{r+1}', '\\binom{n+1}{r+1}'],
    ['\\binom{n}{r}\\binom{r}{k}', '\\binom{n}{k}\\binom{n-k}{r-k}'],
    ['\\binom{x}{2}', '\\frac{x(x-1)}{2}'],
    ['\\frac{n!}{(n-2)!}', 'n(n-1)'],
    ['\\frac{(3n)!}{n!n!n!}', '\\binom{3n}{n}\\binom{2n}{n}'],
    ['(-1)^n', '\\cos(n\\pi)'],
    ['(-1)^{2n}', '1'],
  ],
  'as powers that are not multiplied out': [
    ['(b-x)^{5000}', '(x-b)^{5000}'],
    ['(a+1)^{60}(b+1)^{60}', '(b+1)^{60}(a+1)^{60}'],
    ['(2x-2b)^{100}', '2^{100}(b-x)^{100}'],
    ['(x+1)^{1000}', '(x+1)^{999}(x+1)'],
  ],
  'as values of functions that nobody defined': [
    [apply('f', '2x+x'), apply('f', '3x')],
    [apply('f', '\\sin^2x+\\cos^2x'), apply('f', '1')],
    [plus(apply('f', 'x'), '1'), plus('1', apply('f', 'x'))],
  ],
  'as sums and products': [
    [sum('k', '1', 'n', 'a_k'), sum('j', '1', 'n', 'a_j')],
    [sum('k', '1', '2', 'a_k'), 'a_1+a_2'],
    [sum('k', '1', 'n', 'a_k'), plus(sum('k', '1', 'n-1', 'a_k'), 'a_n')],
    [sum('k', '1', 'n', 'k'), 'n(n+1)/2'],
    [sum('k', '0', 'n', '\\binom{n}{k}'), '2^n'],
    [sum('k', '1', '1000', 'k'), '500500'],
    [sum('k', '0', infinity, '1/2^k'), '2'],
    [sum('k', '1', infinity, '1/k^2'), '\\pi^2/6'],
    [sum('k', '1', infinity, '\\frac{(-1)^{k+1}}{k}'), '\\ln 2'],
    [sum('k', '0', infinity, '\\frac{1}{k!}'), 'e'],
    [sum('k', '0', infinity, '\\frac{x^k}{k!}'), 'e^x'],
    [sum('k', '1', infinity, '\\frac{1}{k(k+1)}'), '1'],
    [
      sum('k', '0', infinity, '\\frac{k^2}{(k^2+1)(k^4+1)}'),
      sum('k', '1', infinity, '\\frac{k^2}{(k^2+1)(k^4+1)}'),
    ],
    [sum('k', '1', '2', sum('k', '1', '3', 'k')), '12'],
    [sum('k', '1', 'n', sum('j', '1', 'k', 'j')), '\\frac{n(n+1)(n+2)}{6}'],
    [sum('k', '1', 'n', sum('j', '1', 'k', 'a_jb_k')), sum('i', '1', 'n', sum('m', '1', 'i', 'a_mb_i'))],
    [sum('k', '1', '3', derivative('kx^k')), '1+4x+9x^2'],
    [sum('i', '1', 'n', 'i^2'), sum('k', '1', 'n', 'k^2')],
    [product('k', '1', '5', 'k'), '120'],
    [product('k', '1', 'n', 'k'), 'n!'],
    [product('k', '2', infinity, '1-\\frac1{k^2}'), '1/2'],
  ],
  'as integrals': [
    [integral('x', '0', '2', 'x'), '2'],
    [integral('x', '2', '0', 'x'), '-2'],
    [integral('x', '0', 't', 'ax^2+b'), '\\frac{at^3}{3}+bt'],
    [integral('x', '0', '\\pi', '\\sin x'), '2'],
    [integral('x', '0', '1', '\\frac{4}{1+x^2}'), '\\pi'],
    [integral('x', '0', '1', '\\frac{1}{\\sqrt x}'), '2'],
    [integral('x', '0', '1', '\\ln x'), '-1'],
    [integral('x', '0', infinity, 'e^{-x}'), '1'],
    [integral('x', negated(infinity), infinity, 'e^{-x^2}'), '\\sqrt\\pi'],
    [integral('x', '0', 't', '\\cos x'), '\\sin t'],
    [integral('x', '0', '1', apply('f', 'x')), integral('t', '0', '1', apply('f', 't'))],
  ],
  'as limits': [
    [limit('2', 'x^2'), '4'],
    [limit('2', '\\frac{x^2-4}{x-2}'), '4'],
    [limit('0', '\\frac{\\sin x}{x}'), '1'],
    [limit('0', '\\frac{x-\\sin x}{x^3}'), '1/6'],
    [limit('0', '\\frac{|x|}{x}', 'below'), '-1'],
    [limit('0', 'x\\ln x', 'above'), '0'],
    [limit(infinity, '(1+\\frac{y}{x})^x'), 'e^y'],
    [limit(infinity, '\\frac{e^x-1}{e^x+1}'), '1'],
    [limit(negated(infinity), 'e^x'), '0'],
    [limit(infinity, '\\sqrt{x^2+x}-x'), '1/2'],
    [limit('0', '\\lfloor x\\rfloor', 'below'), '-1'],
  ],
  'as derivatives': [
    [derivative('x^3'), '3x^2'],
    [derivative('x^x'), 'x^x(\\ln x+1)'],
    [derivative('e^{x^2}', 2), '(4x^2+2)e^{x^2}'],
    [derivative('\\sqrt[3]{x}'), '\\frac{1}{3\\sqrt[3]{x^2}}'],
    [derivative('\\frac{x}{x+1}'), '\\frac{1}{(x+1)^2}'],
    [derivative(apply('f', 'x^2')), times('2x', apply("f'", 'x^2'))],
    [derivative(integral('t', '0', 'x', 'e^{t^2}')), 'e^{x^2}'],
  ],
  'as infinities': [[infinity, infinity]],
}

const unequal: Record<string, [Written, Written][]> = {
  'as factorials and binomials': [
    ['\\frac{n!}{(n-30)!}', '\\frac{6n!}{(n-30)!}'],
    ['\\binom{n}{r}', '\\binom{n}{r+2}'],
    ['\\binom{k}{n}', '7\\binom{k}{n}'],
    ['\\binom{n}{r}', '0'],
    ['\\frac{n!}{r!(n-r)!}', '\\frac{n!}{(n-r)!}'],
    ['\\binom{m}{j}+\\binom{m}{j+1}', '\\binom{m+1}{j}'],
    ['\\binom{n}{r}\\binom{r}{k}', '\\binom{n}{k}\\binom{n-k}{r-k+1}'],
    ['(2n)!', '2n!'],
    ['\\binom{1000}{500}', '\\binom{1000}{500}+1'],
  ],
  'on one side of a number': [
    ['|x-8|', '8-x'],
    ['|y+7|', 'y+7'],
    ['|x^2-25|', '25-x^2'],
    ['|x-1000000|', '1000000-x'],
    ['|x-10^6|', '10^6-x'],
    ['|x-e^{10}|', 'e^{10}-x'],
    ['|\\ln x-8|', '8-\\ln x'],
    ['|\\log_{10}x-4|', '4-\\log_{10}x'],
    ['|\\sqrt[3]x-9|', '9-\\sqrt[3]x'],
    ['|2^x-1000|', '1000-2^x'],
    ['|x-12\\cdot 34|', '408-x'],
    ['|xy-600|', '600-xy'],
    ['|x-y^2-7|', '7+y^2-x'],
    ['|2x-9|', '9-2x'],
    ['|x^3-1000|', '1000-x^3'],
    ['\\sqrt{(t-9)^2}', '9-t'],
    ['\\sqrt{(x-y-50)^2}', '50+y-x'],
    ['\\sqrt{x^2}', 'x'],
    ['\\sqrt[4]{x^4}', 'x'],
    ['|x-7|+|x-3|', '4'],
    ['|\\sin x|', '\\sin|x|'],
    ['\\arcsin(\\sin x)', 'x'],
    ['\\ln(x^2)', '2\\ln x'],
    ['\\sqrt{ab}', '\\sqrt a\\sqrt b'],
    [fn('Min', 'x', 'y', 'z'), fn('Min', 'x', 'y')],
    [fn('Sign', 'x'), '1'],
    [derivative('|x|'), '1'],
  ],
  'between whole numbers, or at them': [
    ['\\lfloor\\frac n6\\rfloor', '\\lfloor\\frac n8\\rfloor'],
    ['\\lfloor\\sqrt n\\rfloor', '\\lfloor\\sqrt[3]n\\rfloor'],
    ['\\lfloor x\\rfloor', 'x'],
    ['\\lfloor x\\rfloor', '\\lceil x\\rceil-1'],
    ['\\lfloor x/1000\\rfloor', '\\lfloor x/1001\\rfloor'],
    ['\\lfloor x/1000\\rfloor', '0'],
    ['\\lfloor 2x\\rfloor', '2\\lfloor x\\rfloor'],
  ],
  'for negative bases': [
    ['(p^q)^r', 'p^{qr}'],
    ['(x^2)^y', 'x^{2y}'],
    ['(b-x)^{5001}', '(x-b)^{5001}'],
    ['(-1)^n', '1'],
    ['x^{1/3}', '-x^{1/3}'],
  ],
  'by less than meets the eye': [
    ['e^{200}+\\sin x', 'e^{200}+\\cos x'],
    ['10^{100}+\\sin 1', '10^{100}'],
    ['\\sin 1+10^{-90}', '\\sin 1'],
    ['\\cos(10^{-50})', '1'],
    ['\\pi+10^{-50}', '\\pi'],
    ['\\frac{3141592653589793238462643}{1000000000000000000000000}', '\\pi'],
    ['\\sqrt{5+2\\sqrt6}', '\\sqrt2+\\sqrt3+10^{-30}'],
    ['e^{\\pi\\sqrt{163}}', '262537412640768744'],
    ['\\tanh 100', '1'],
    ['\\log_{10}8', '\\log_2 8'],
    ['1+i', '1-i'],
    ['\\sin(10^{22}x)', '\\cos(10^{22}x)'],
    [sum('k', '1', infinity, '1/k^2'), '\\pi^2/6+10^{-18}'],
  ],
  'as values of functions that nobody defined': [
    [apply('f', 'x+y'), plus(apply('f', 'x'), apply('f', 'y'))],
    [apply('f', '3x'), times('3', apply('f', 'x'))],
    [apply('f', 'x'), apply('g', 'x')],
    [apply('f', 'x', 'y'), apply('f', 'y', 'x')],
    [fn('Abs', apply('f', 'x')), apply('f', 'x')],
    [apply('f', '10^{-30}'), apply('f', '0')],
    [sum('k', '1', 'n', 'a_k'), sum('k', '1', 'n', 'b_k')],
    [sum('k', '1', 'n', 'a_k'), sum('k', '0', 'n', 'a_k')],
    [sum('k', '1', 'n', sum('j', '1', 'k', 'a_jb_k')), sum('k', '1', 'n', sum('j', '1', 'k', 'a_kb_j'))],
  ],
  'as complex numbers': [[fn('Conjugate', 'z'), 'z']],
  'as infinities': [
    [infinity, negated(infinity)],
    [infinity, '5'],
  ],
}

const unknown: [Written, Written, RegExp][] = [
  ['9^{9^{9^9}}', '9^{9^{9^9}}+1', /too large/],
  ['(10^{10^{10}})!', '5', /too large/],
  ['2^{100000}', '2^{100000}+1', /too large/],
  [sum('k', '1', '10^{12}', 'k'), '5', /too large/],
  [sum('k', '1', '10^9', sum('j', '1', '10^9', 'j+k')), '5', /too large/],
  ['0^0', '1', /has no value/],
  ['\\frac{\\sin x}{x-x}', '\\frac{\\cos x}{x-x}', /has no value/],
  [sum('k', '1', infinity, '1/k'), '5', /./],
  [sum('k', '1', infinity, '\\frac{1}{\\sqrt k}'), '-1.460354508809586812889499152515', /./],
  [sum('k', '0', infinity, '(-1)^k'), '1/2', /./],
  [sum('k', '1', infinity, '2^k'), '-2', /./],
  [integral('x', '0', '1', '\\frac1x'), '5', /./],
  [integral('x', '-1', '1', '\\frac1{x^2}'), '-2', /./],
  [limit('0', '\\frac1x'), '5', /has no value/],
  [limit('0', '\\frac{|x|}{x}'), '1', /has no value/],
  [limit('0', '\\sin(1/x)'), '0', /has no value/],
  [limit(infinity, '\\sin x'), '0', /has no value/],
]

describe.each(Object.keys(equal))('equal %s', kind => {
  it.each(equal[kind]!.map(named))('%s', (_, a, b) => expect(bothWays(a, b)).toEqual([true, true]))
})

describe.each(Object.keys(unequal))('unequal %s', kind => {
  it.each(unequal[kind]!.map(named))('%s', (_, a, b) => expect(bothWays(a, b)).toEqual([false, false]))
})

it.each(unknown.map(named))('not known: %s', (_, a, b, rule) => {
  expect(bothWays(a, b)).toEqual([null, null])
  expect(compareExpressions(read(a), read(b)).by).toMatch(rule)
})

it('takes no more steps than it is allowed', () => {
  const budget = { operations: 10_000 }
  const evaluation = new Evaluation({ bits: 140, budget })
  const nested = sum('k', '1', '4000', sum('j', '1', '4000', '\\sin(k+j)'))
  expect(evaluateExpression(nested, new Map(), evaluation)).toBeNull()
  expect(evaluation.failure).toBe('too large')
  // The last step may cost some tens.
  expect(budget.operations).toBeGreaterThan(-100)
  expect(compareExpressions(nested, integer(5))).toEqual({ equal: null, by: 'as it takes too many steps' })
})

it('says by what it tells', () => {
  const rule = (a: string, b: string) => compareExpressions(read(a), read(b)).by
  expect(rule('(x+1)^2', 'x^2+2x+1')).toBe('by expansion')
  expect(rule('\\sin 2x', '2\\sin x\\cos x')).toBe('numerically at 12 points')
  expect(rule('\\sin x', '\\cos x')).toBe('numerically')
  expect(rule('\\cos(\\pi/5)', '\\frac{1+\\sqrt5}{4}')).toMatch(/^numerically to \d{2} digits$/)
})

describe('conditions', () => {
  const compare = (a: string, b: string, signMatters = false) =>
    compareConditions(read(a), read(b), signMatters).equal

  it.each([
    ['(y-\\sqrt{4-x^2})(y+\\sqrt{4-x^2})', 'x^2+y^2-4'],
    ['4-2x', 'x-2'],
    ['\\sqrt2x-2', 'x-\\sqrt2'],
    ['\\sin 2x', '\\sin x\\cos x'],
  ])('%s = 0 is %s = 0', (a, b) => expect(compare(a, b)).toBe(true))

  it.each([
    ['x^2-4', 'x-2'],
    ['x', 'x^2'],
    ['e^x(y-x)', 'y-x'],
    ['x-1', 'x+1'],
  ])('%s = 0 is not %s = 0', (a, b) => expect(compare(a, b)).toBe(false))

  it('keep their sign where it matters', () => {
    expect(compare('2x-4', 'x-2', true)).toBe(true)
    expect(compare('4-2x', 'x-2', true)).toBe(false)
    expect(compare('\\sqrt2(2-x)', 'x-2', true)).toBe(false)
  })
})

it('gives the doubles next to numbers', () => {
  const number = (written: Written) => numberOfExpression(read(written))
  expect(number('\\pi')).toBe(Math.PI)
  expect(number('\\frac13')).toBe(1 / 3)
  expect(number('\\sin\\pi')).toBe(0)
  expect(number('\\sqrt[3]{-8}')).toBe(-2)
  expect(number(negated(infinity))).toBe(Number.NEGATIVE_INFINITY)
  expect(number('\\sqrt{-1}')).toBeNull()
  expect(number('x')).toBeNull()
  expect(number(difference(read('x'), read('x')))).toBeNull()
  expect(number(sum('k', '1', '4', 'k'))).toBe(10)
  expect(number({ kind: 'quotient', top: integer(1), bottom: integer(0) })).toBeNull()
})
