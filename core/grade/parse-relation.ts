import { nameKind, symbol } from './answer-names.ts'
import {
  type AnswerStructure,
  allOrNull,
  type Endpoint,
  type Interval,
  type Kind,
  setOf,
} from './answer-structure.ts'
import { numberOfExpression, rationalOfExpression } from './compare-expressions.ts'
import { integer, substitute } from './expression.ts'
import { splitTopLevel } from './latex-text.ts'
import { parseExpression } from './parse-expression.ts'
import { equalRationals, type Rational } from './rational.ts'

/** Reads a part of an answer. */
type Parse = (text: string) => AnswerStructure | null

const relations = new Set(['=', '<', '>', '\\le', '\\ge', '\\ne', '\\in', '\\approx'])
const flipped: Record<string, string> = {
  ...{ '<': '>', '>': '<', '\\le': '\\ge', '\\ge': '\\le', '=': '=', '\\ne': '\\ne' },
}

/** Each inequality of a chain is compared with each of another one. */
const longestChain = 20

/** A chain of equations or inequalities; null of a text without a relation. */
export function parseRelation(text: string, parse: Parse): AnswerStructure | null {
  const split = splitTopLevel(text, relations)
  if (split === null || split.found.length === 0 || split.parts.includes('')) return null
  const { parts, found } = withoutApproximation(split)
  if (found.length === 0) return parse(parts[0]!)
  if (found.every(sign => sign === '=')) return parseEquation(parts, parse)
  if (found.length === 1) return parseInequality(parts[0]!, found[0]!, parts[1]!, parse)
  if (
    found.length > longestChain ||
    found.some(sign => !(sign in flipped) || sign === '=' || sign === '\\ne')
  )
    return null
  const conditions = allOrNull(
    found.map((sign, place) => parseInequality(parts[place]!, sign, parts[place + 1]!, parse)),
  )
  return conditions && (intersect(conditions) ?? setOf(conditions))
}

/** An exact value before its approximation is the value; `x ≈ 0.38` has no other. */
function withoutApproximation({ parts, found }: NonNullable<ReturnType<typeof splitTopLevel>>) {
  const at = found.indexOf('\\approx')
  if (at === -1) return { parts, found }
  const isName = at === 0 && nameKind(parts[0]!) !== null && numberOf(parts[0]!) === null
  if (isName) return { parts, found: found.map(sign => (sign === '\\approx' ? '=' : sign)) }
  return { parts: parts.slice(0, at + 1), found: found.slice(0, at) }
}

function parseEquation(parts: string[], parse: Parse): AnswerStructure | null {
  const apart = statements(parts)
  if (apart !== null) {
    const items = allOrNull(apart.map(item => parseEquation(item, parse)))
    return items && setOf(items)
  }
  const [first, ...rest] = parts.map(part => part.replace(/^\{([^{}]*)\}$/, '$1')) as [string, ...string[]]
  const last = parts.at(-1)!
  const [kind, lastKind] = [nameKind(first), nameKind(last)]
  if (parts.length === 2) {
    // 5 = x, and \pi r^2 = A
    if (lastKind !== null && (kind === null || (lastKind === 'plain' && kind !== 'plain')))
      return named(last, first, parse)
    // x = y is an equation, unless the right side is a point, a constant or a word.
    const areUnknowns = kind === 'plain' && lastKind === 'plain'
    if (areUnknowns && !/^\\?[A-Z(\\]|^\\text|^[A-Za-z]{3,}/.test(last)) return condition('=', first, last)
  }
  if (kind !== null) {
    const value = agreed(rest)
    // a = b = 3 names both.
    const names = [first, ...rest.slice(0, -1).filter(part => nameKind(part) === 'plain')]
    return value === null ? null : named(names.join(' = '), value, parse)
  }
  const isNumeric = parts.every((part, at) => numberOf(part) !== null && part !== parts[at - 1])
  const value = isNumeric ? agreed(parts) : null
  if (value !== null) return parse(value)
  return parts.length === 2 ? condition('=', first, last) : null
}

function named(name: string, text: string, parse: Parse): AnswerStructure | null {
  const inner = parse(text)
  if (inner === null) return null
  if (inner.kind === 'value') {
    const kind = nameKind(name)
    if (kind === 'plain' || name.includes(' = ')) return { ...inner, name: inner.name ?? name }
    const isNumber = numberOf(inner.text) !== null || !/[a-zA-Z]/.test(inner.text.replace(/\\[a-zA-Z]+/g, ''))
    return kind === 'quantity' || isNumber ? { ...inner, name, isEquation: true } : condition('=', name, text)
  }
  return inner.kind === 'tuple' && name.startsWith('(') ? withNames(inner, name) : { ...inner, label: name }
}

/** (x, y) = (1, 2): a tuple whose items have the names x and y. */
function withNames(tuple: Kind<'tuple'>, name: string): AnswerStructure {
  const names = /^\((.*)\)$/.exec(name)?.[1]?.split(',') ?? []
  if (names.length !== tuple.items.length) return tuple
  const items = tuple.items.map((item, place) =>
    item.kind === 'value' ? { ...item, name: names[place]!.trim() } : item,
  )
  return { ...tuple, items }
}

/** `x = 4 y = 9`, cut by its equals signs, as two equations; null of one chain. */
function statements(parts: string[]): string[][] | null {
  if (parts.length < 3) return null
  const found: string[][] = []
  let current = [parts[0]!]
  for (const part of parts.slice(1, -1)) {
    const inside = new RegExp(String.raw`^(.*\S) (${symbol}|\|.*\|)$`).exec(part)
    if (inside === null || (numberOf(inside[1]!) === null && !/\d/.test(inside[1]!))) return null
    found.push([...current, inside[1]!])
    current = [inside[2]!]
  }
  return [...found, [...current, parts.at(-1)!]]
}

/**
 * The value that a chain of equals signs ends in. Of numbers that agree the first, which is exact where the last is its rounding;
 * null where numbers contradict each other, as in 2 + 3 = 6. With unknowns before, the last.
 */
function agreed(parts: string[]): string | null {
  const last = parts.at(-1)!
  if (parts.length === 1) return last
  const numbers = parts.map(numberOf)
  const known = numbers.filter(number => number !== null)
  if (known.length < parts.length) return last
  const [first] = known as [number]
  const agrees = (number: number, place: number) =>
    Math.abs(number - first) <= 1e-11 * Math.max(1, Math.abs(first)) || isRounding(parts[place]!, first)
  return known.every(agrees) ? parts[0]! : null
}

/** Whether a decimal is a number rounded to the decimals that it has. */
export function isRounding(text: string, value: number): boolean {
  const decimals = /^-?\d*\.(\d+)$/.exec(text.trim())?.[1]
  return decimals !== undefined && Math.abs(Number(text) - value) <= 0.500_001 * 10 ** -decimals.length
}

/** The real number that a text names, in double precision; null where it names none. */
export function numberOf(text: string): number | null {
  const expression = parseExpression(text)
  return expression && numberOfExpression(expression)
}

function condition(sign: string, left: string, right: string): Kind<'condition'> {
  if (sign === '=' || sign === '\\ne')
    return { kind: 'condition', sign: sign === '=' ? '=' : '≠', left, right }
  const [larger, smaller] = sign === '<' || sign === '\\le' ? [right, left] : [left, right]
  return { kind: 'condition', sign: sign === '<' || sign === '>' ? '>' : '≥', left: larger, right: smaller }
}

function parseInequality(left: string, sign: string, right: string, parse: Parse): AnswerStructure | null {
  if (sign === '\\in') {
    if (nameKind(left) === null) return null
    const inner = parse(right)
    return inner && toIntervals(inner, left)
  }
  const isName = (text: string) => nameKind(text) === 'plain' && !/^\\text|^[A-Za-z]{5,}/.test(text)
  if (isName(left) && !isName(right)) return halfLine(left, sign, right)
  if (isName(right) && !isName(left)) return halfLine(right, flipped[sign]!, left)
  const solved = solve(left, sign, right) ?? solve(right, flipped[sign]!, left)
  return solved ?? condition(sign, left, right)
}

/** An inequality of one unknown that is linear, or linear between bars, against a number; null of any other. */
function solve(left: string, sign: string, right: string): AnswerStructure | null {
  if (/[a-zA-Z]/.test(right.replace(/\\[a-zA-Z]+/g, ''))) return null
  const absolute = /^\|([^|]+)\|$/.exec(left)
  if (absolute === null) {
    const line = readLine(left)
    return (
      line &&
      halfLine(
        line.variable,
        line.slope > 0 ? sign : flipped[sign]!,
        `((${right})-(${line.offset}))/(${line.scale})`,
      )
    )
  }
  const inner = absolute[1]!
  const bound = numberOf(right)
  if (bound === null || bound < 0 || readLine(inner) === null) return null
  const [upper, lower] = [solve(inner, sign, right), solve(inner, flipped[sign]!, `-(${right})`)]
  if (upper === null || lower === null) return null
  return sign === '<' || sign === '\\le' || sign === '\\ne'
    ? intersect([upper, lower])
    : unite([upper, lower])
}

/** a·x + b with rational a and b: its unknown, the sign of a, and both as texts. */
export function readLine(
  text: string,
): { variable: string; slope: number; scale: string; offset: string } | null {
  const variables = new Set(text.replace(/\\[a-zA-Z]+/g, ' ').match(/[a-zA-Z]/g) ?? [])
  const expression = parseExpression(text)
  const [variable] = variables
  if (expression === null || variables.size !== 1 || variable === undefined) return null
  const at = (value: number) => rationalOfExpression(substitute(expression, variable, integer(value)))
  const values = allOrNull([0, 1, 2, -7].map(at))
  if (values === null) return null
  const [zero, one, two, other] = values as [Rational, Rational, Rational, Rational]
  const slope = minus(one, zero)
  const sevenfold = { ...slope, numerator: 7n * slope.numerator }
  const isLine = equalRationals(slope, minus(two, one)) && equalRationals(sevenfold, minus(zero, other))
  if (slope.numerator === 0n || !isLine) return null
  const fraction = ({ numerator, denominator }: Rational) => `(${numerator})/(${denominator})`
  return { variable, slope: slope.numerator > 0n ? 1 : -1, scale: fraction(slope), offset: fraction(zero) }
}

/** The difference, which is not reduced. */
function minus(a: Rational, b: Rational): Rational {
  return {
    numerator: a.numerator * b.denominator - b.numerator * a.denominator,
    denominator: a.denominator * b.denominator,
  }
}

function intervalsOf(intervals: Interval[], variable: string | null = null): Kind<'intervals'> {
  return { kind: 'intervals', variable, intervals }
}

const below: Endpoint = { text: '-\\infty', isClosed: false }
const above: Endpoint = { text: '\\infty', isClosed: false }

function halfLine(variable: string, sign: string, end: string): AnswerStructure {
  const endpoint = { text: end, isClosed: sign === '\\le' || sign === '\\ge' }
  const lower: Interval = { low: below, high: endpoint }
  const upper: Interval = { low: endpoint, high: above }
  const intervals = sign === '\\ne' ? [lower, upper] : sign === '<' || sign === '\\le' ? [lower] : [upper]
  return intervalsOf(intervals, variable)
}

/** A pair as the interval that it may stand for; null for what is no interval. */
export function toIntervals(
  structure: AnswerStructure,
  variable: string | null = null,
): AnswerStructure | null {
  if (structure.kind === 'intervals') return { ...structure, variable: structure.variable ?? variable }
  if (structure.kind === 'set') return variable === null ? null : structure
  if (structure.kind !== 'tuple' || structure.items.length !== 2) return null
  const [low, high] = structure.items
  if (low?.kind !== 'value' || high?.kind !== 'value') return null
  if (low.name !== null || high.name !== null) return null
  const interval = {
    low: { text: low.text, isClosed: structure.open === '[' },
    high: { text: high.text, isClosed: structure.close === ']' },
  }
  return intervalsOf([interval], variable)
}

/** Single points as closed intervals; null of what is no set of numbers. */
export function pointsOf(structure: AnswerStructure): Kind<'intervals'> | null {
  if (structure.kind !== 'set') return null
  const texts = allOrNull(structure.items.map(item => (item.kind === 'value' ? item.text : null)))
  const ends = texts?.map(text => ({ text, isClosed: true }))
  return ends ? intervalsOf(ends.map(end => ({ low: end, high: end }))) : null
}

/** All intervals of several parts; null where they are of different unknowns. */
export function unite(parts: readonly AnswerStructure[]): AnswerStructure | null {
  const known = parts.map(part => toIntervals(part))
  if (!known.every(part => part?.kind === 'intervals')) return null
  const intervals = known as Kind<'intervals'>[]
  const variables = new Set(intervals.map(({ variable }) => variable).filter(name => name !== null))
  if (variables.size > 1) return null
  return intervalsOf(
    intervals.flatMap(part => part.intervals),
    [...variables][0],
  )
}

/** What several conditions on one unknown leave; null where they are no such conditions, or their ends are no numbers. */
export function intersect(parts: readonly AnswerStructure[]): AnswerStructure | null {
  const whole = unite(parts)
  if (whole?.kind !== 'intervals') return null
  let [left = [], ...others] = parts.map(part => (toIntervals(part) as Kind<'intervals'>).intervals)
  for (const right of others) {
    const overlaps = allOrNull(left.flatMap(a => right.map(b => overlap(a, b))))
    if (overlaps === null) return null
    left = overlaps.filter(both => both !== 'none')
  }
  if (left.length === 0) return setOf([], false)
  return { ...whole, intervals: left }
}

function overlap(a: Interval, b: Interval): Interval | 'none' | null {
  const [aLow, bLow, aHigh, bHigh] = [a.low, b.low, a.high, b.high].map(place)
  if (aLow == null || bLow == null || aHigh == null || bHigh == null) return null
  const low = aLow > bLow ? a.low : bLow > aLow ? b.low : a.low.isClosed ? b.low : a.low
  const high = aHigh < bHigh ? a.high : bHigh < aHigh ? b.high : a.high.isClosed ? b.high : a.high
  const gap = Math.min(aHigh, bHigh) - Math.max(aLow, bLow)
  if (gap < 0 || (gap === 0 && !(low.isClosed && high.isClosed))) return 'none'
  return { low, high }
}

/** Where an end lies, infinite ones included; null of one that is no number. */
export function place({ text }: Endpoint): number | null {
  if (/^[-+]? ?\\infty$/.test(text.trim()))
    return text.trim().startsWith('-') ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY
  return numberOf(text)
}

/** All numbers but some: ℝ \ {6}; null where these are no numbers. */
export function complementOf(points: AnswerStructure): AnswerStructure | null {
  const known = pointsOf(points)?.intervals.map(({ low }) => ({ text: low.text, isClosed: false }))
  if (!known || known.length === 0) return null
  const placed = known.map(end => ({ end, at: place(end) }))
  if (placed.some(({ at }) => at === null)) return null
  const ends = placed.sort((a, b) => a.at! - b.at!).map(({ end }) => end)
  return intervalsOf([below, ...ends].map((low, at) => ({ low, high: ends[at] ?? above })))
}

/** x ≡ 8 (mod 13), with or without what stands left of the sign. */
export function parseCongruence(text: string): AnswerStructure | null {
  const match =
    /^(?:(.*?) ?(?:\\equiv|=) ?)?([^=]+?) ?(?:\\pmod|\(? ?\\?(?:mod|bmod)(?![a-z])|\(? ?\\text ?\{ ?\(? ?mod(?:ulo)? ?\}) ?\{?([^{}()]+)\}? ?\)?$/.exec(
      text,
    )
  if (match === null) return null
  const [, variable, residue, modulus] = match
  if (variable === undefined && !/pmod|\(/.test(text)) return null
  return { kind: 'congruence', variable: variable || null, residue: residue!, modulus: modulus!.trim() }
}
