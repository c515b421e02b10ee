import { functionLetters, nameKind } from './answer-names.ts'
import type { AnswerStructure, Endpoint, Interval, Kind } from './answer-structure.ts'
import { compareConditions, rationalOfExpression } from './compare-expressions.ts'
import { difference } from './expression.ts'
import { parseExpression } from './parse-expression.ts'
import { readLine, toIntervals } from './parse-relation.ts'
import { timeOfDay } from './quantity.ts'
import type { Rational } from './rational.ts'

/** Whether two texts name the same value; the first is the answer's. */
export type CompareText = (a: string, b: string) => boolean

/**
 * Compares two structures by comparing their values: tuples and matrices in order, lists without it and sets without regard
 * to repetition too, intervals by ends and brackets, ratios by cross products, conditions up to a factor.
 */
export function compareStructures(a: AnswerStructure, b: AnswerStructure, compare: CompareText): boolean {
  return compareWhole(a, b, compare, true)
}

type CompareStructures = (a: AnswerStructure, b: AnswerStructure) => boolean

/** As above; `isOuter` where nothing stands around the structures. */
function compareWhole(
  a: AnswerStructure,
  b: AnswerStructure,
  compare: CompareText,
  isOuter: boolean,
): boolean {
  const inner: CompareStructures = (left, right) => compareWhole(left, right, compare, false)
  if (a.label && b.label && spaceless(a.label) !== spaceless(b.label)) return false
  if (a.kind === 'choice' || b.kind === 'choice') return compareChoices(a, b, inner)
  if (a.kind === 'intervals' || b.kind === 'intervals') {
    const [left, right] = [toIntervals(a), toIntervals(b)]
    if (left?.kind !== 'intervals' || right?.kind !== 'intervals') return false
    return compareIntervals(left, right, compare)
  }
  if (a.kind === 'value' && b.kind === 'value') return compareNamed(a, b, compare)
  if (a.kind === 'congruence' || b.kind === 'congruence') return compareCongruences(a, b, compare)
  if (a.kind === 'tuple' && b.kind === 'tuple') {
    return a.open === b.open && a.close === b.close && pairwise(a.items, b.items, inner)
  }
  if (namesItems(a) && namesItems(b)) return compareByName(a.items, b.items, inner)
  // Next to items without names, x = 1, y = 2 is a list in the order of the names.
  if (namesItems(a) && isUnnamed(b)) return pairwise(inOrder(a.items), b.items, inner)
  if (namesItems(b) && isUnnamed(a)) return pairwise(a.items, inOrder(b.items), inner)
  if (a.kind === 'set' && b.kind === 'set') return sameElements(a.items, b.items, inner, a.isList, b.isList)
  if (a.kind === 'matrix' && b.kind === 'matrix')
    return pairwise(a.rows, b.rows, (left, right) => pairwise(left, right, inner))
  if (a.kind === 'matrix' && b.kind === 'tuple') return compareVectors(a, b, inner)
  if (a.kind === 'tuple' && b.kind === 'matrix') return compareVectors(b, a, (x, y) => inner(y, x))
  if (a.kind === 'ratio' && b.kind === 'ratio') return compareRatios(a, b, compare)
  if (a.kind === 'ratio' || b.kind === 'ratio') return compareRatioWithFraction(a, b, compare)
  // {6} is the solution set of what has the solution 6.
  if (isOuter && isSingle(a) && b.kind !== 'set') return inner(a.items[0]!, b)
  if (isOuter && isSingle(b) && a.kind !== 'set') return inner(a, b.items[0]!)
  const [left, right] = [asCondition(a), asCondition(b)]
  return left && right ? sameCondition(left, right, compare) : false
}

function isSingle(structure: AnswerStructure): structure is Kind<'set'> {
  return structure.kind === 'set' && structure.items.length === 1
}

/** A letter stands for its value: (D) 44 is 44, and D. */
function compareChoices(a: AnswerStructure, b: AnswerStructure, inner: CompareStructures): boolean {
  if (a.kind === 'choice' && b.kind === 'choice')
    return a.letter.toUpperCase() === b.letter.toUpperCase() ? inner(a.value, b.value) : false
  const [choice, other] = a.kind === 'choice' ? [a, b] : [b as Kind<'choice'>, a]
  const letter = other.kind === 'value' && other.name === null && letterOf(other.text)
  if (letter) return letter === choice.letter.toUpperCase()
  return a.kind === 'choice' ? inner(a.value, b) : inner(a, (b as Kind<'choice'>).value)
}

function letterOf(text: string): string | null {
  return /^(?:\\text ?\{ ?)?\(?([A-J])\)?(?: ?\})?$/.exec(text)?.[1] ?? null
}

/** Values with the names that they may have. A name that only one of them has is no difference. */
function compareNamed(a: Kind<'value'>, b: Kind<'value'>, compare: CompareText): boolean {
  if (a.name !== null && b.name !== null && spaceless(a.name) !== spaceless(b.name)) {
    const [left, right] = [asCondition(a), asCondition(b)]
    const areEquations = a.isEquation || b.isEquation || mentions(a.text, b.name) || mentions(b.text, a.name)
    return areEquations && left && right ? sameCondition(left, right, compare) : false
  }
  return compare(a.text, b.text)
}

/** Whether a name stands in a text: q = p + 3 is an equation of p too. */
function mentions(text: string, name: string): boolean {
  return new RegExp(`(?<![a-zA-Z\\\\])${name.replace(/[^\w]/g, '\\$&')}(?![a-zA-Z])`).test(text)
}

/** Items that all have names of their own: x = 1, y = 2. */
function namesItems(structure: AnswerStructure): structure is Kind<'set'> {
  if (structure.kind !== 'set' || structure.items.length < 2) return false
  const names = structure.items.map(nameOf)
  return !names.includes(null) && new Set(names).size === names.length
}

function nameOf(item: AnswerStructure): string | null {
  if (item.kind === 'value') return item.name && spaceless(item.name)
  if (item.label) return spaceless(item.label)
  return item.kind === 'congruence' && item.variable ? spaceless(item.variable) : null
}

function compareByName(
  a: readonly AnswerStructure[],
  b: readonly AnswerStructure[],
  inner: CompareStructures,
): boolean {
  const byName = (items: readonly AnswerStructure[]) =>
    [...items].sort((x, y) => (nameOf(x)! < nameOf(y)! ? -1 : 1))
  return pairwise(byName(a), byName(b), inner)
}

/** Items without names, or those of (x, y) = (1, 2). */
function isUnnamed(structure: AnswerStructure): structure is Kind<'set' | 'tuple'> {
  if (structure.kind === 'tuple') return structure.open === '(' && structure.close === ')'
  if (structure.kind !== 'set') return false
  return structure.items.every(item => item.kind === 'value' && item.name === null)
}

/** x, y, z and a, b, c have an order of their own, in which (1, 2) gives them; other names stand in the order as written. */
function inOrder(items: readonly AnswerStructure[]): AnswerStructure[] {
  const names = items.map(item => nameOf(item)!)
  const isUsual = [/^[xyzw]$/, /^[a-d]$/, /^([a-z])_\d$/].some(usual => names.every(name => usual.test(name)))
  if (!isUsual) return [...items]
  const rank = (item: AnswerStructure) => nameOf(item)!.replace('w', '~')
  return [...items].sort((x, y) => (rank(x) < rank(y) ? -1 : 1))
}

/** `y = 1 - x` names a value, and is an equation next to `x + y = 1`. */
function asCondition(structure: AnswerStructure): Kind<'condition'> | null {
  if (structure.kind === 'condition') return structure
  if (structure.kind === 'value' && structure.name !== null)
    return { kind: 'condition', sign: '=', left: structure.name, right: structure.text }
  return null
}

/** A row or a column is the vector of its items. */
function compareVectors(matrix: Kind<'matrix'>, tuple: Kind<'tuple'>, inner: CompareStructures): boolean {
  const { rows } = matrix
  if (tuple.open !== '(' || tuple.close !== ')' || (rows.length !== 1 && rows[0]!.length !== 1)) return false
  return pairwise(rows.flat(), tuple.items, inner)
}

/** x ≡ 8 and x ≡ 21 are one class modulo 13; next to a number, a congruence is its residue. */
function compareCongruences(a: AnswerStructure, b: AnswerStructure, compare: CompareText): boolean {
  if (a.kind === 'congruence' && b.kind === 'congruence') {
    if (a.variable && b.variable && spaceless(a.variable) !== spaceless(b.variable)) return false
    const whole = [a.residue, b.residue, a.modulus, b.modulus].every(text => /^-?\d{1,30}$/.test(text))
    // Both are compared, since the last one that is decides by which rule the whole is.
    if (!whole) return [compare(a.residue, b.residue), compare(a.modulus, b.modulus)].every(Boolean)
    const modulus = BigInt(a.modulus)
    if (modulus === 0n || modulus !== BigInt(b.modulus)) return false
    return (BigInt(a.residue) - BigInt(b.residue)) % modulus === 0n
  }
  const [congruence, other] = a.kind === 'congruence' ? [a, b] : [b as Kind<'congruence'>, a]
  if (other.kind !== 'value') return false
  const line = readLine(other.text)
  if (line !== null) {
    // n = 31k + 18 with a whole k.
    const whole = (fraction: string) => /^\((-?\d+)\)\/\(1\)$/.exec(fraction)?.[1]
    const [scale, offset] = [whole(line.scale), whole(line.offset)]
    const { residue, modulus } = congruence
    if (!scale || !offset || !/^-?\d{1,30}$/.test(residue) || !/^\d{1,30}$/.test(modulus)) return false
    const step = BigInt(modulus)
    if (step === 0n || (BigInt(scale) !== step && BigInt(scale) !== -step)) return false
    return (BigInt(offset) - BigInt(residue)) % step === 0n
  }
  if (other.name !== null && congruence.variable && spaceless(other.name) !== spaceless(congruence.variable))
    return false
  return a.kind === 'congruence'
    ? compare(congruence.residue, other.text)
    : compare(other.text, congruence.residue)
}

/** A ratio of two and a fraction written as one. 1/2 in a line may be the number one half, which 1:2 is not. */
function compareRatioWithFraction(a: AnswerStructure, b: AnswerStructure, compare: CompareText): boolean {
  const [ratio, other] = a.kind === 'ratio' ? [a, b] : [b as Kind<'ratio'>, a]
  if (ratio.terms.length !== 2 || other.kind !== 'value') return false
  if (timeOfDay(other.text)?.clock === ratio.terms.join(':')) return true
  if (!/^[-(]*\\frac(?![a-z])/.test(other.text)) return false
  return compare(`(${ratio.terms[0]})/(${ratio.terms[1]})`, other.text)
}

/** 3:4 = 6:8, as 3·8 = 4·6. */
function compareRatios(a: Kind<'ratio'>, b: Kind<'ratio'>, compare: CompareText): boolean {
  const [first, other] = [a.terms[0], b.terms[0]]
  return pairwise(a.terms.slice(1), b.terms.slice(1), (left, right) =>
    compare(`(${left})(${other})`, `(${right})(${first})`),
  )
}

function sameCondition(a: Kind<'condition'>, b: Kind<'condition'>, compare: CompareText): boolean {
  if (a.sign !== b.sign) return false
  const letters = functionLetters(`${a.left}=${a.right}`, `${b.left}=${b.right}`)
  const [leftA, rightA, leftB, rightB] = [a.left, a.right, b.left, b.right].map(side =>
    parseExpression(side, letters),
  )
  if (!leftA || !rightA || !leftB || !rightB) {
    if (nameKind(a.left) === null || nameKind(b.left) === null)
      return spaceless(a.left) === spaceless(b.left) && spaceless(a.right) === spaceless(b.right)
    return spaceless(a.left) === spaceless(b.left) ? compare(a.right, b.right) : false
  }
  const signMatters = a.sign === '>' || a.sign === '≥'
  return compareConditions(difference(leftA, rightA), difference(leftB, rightB), signMatters).equal === true
}

function compareIntervals(a: Kind<'intervals'>, b: Kind<'intervals'>, compare: CompareText): boolean {
  if (a.variable !== null && b.variable !== null && a.variable !== b.variable) return false
  const sameEnd = (left: Endpoint, right: Endpoint) =>
    isClosed(left) === isClosed(right) && compare(left.text, right.text)
  return sameElements(
    mergeIntervals(a.intervals),
    mergeIntervals(b.intervals),
    (left: Interval, right: Interval) =>
      [sameEnd(left.low, right.low), sameEnd(left.high, right.high)].every(Boolean),
  )
}

/** Infinity belongs to no interval, whatever its bracket. */
function isClosed({ text, isClosed }: Endpoint): boolean {
  return isClosed && !text.includes('\\infty')
}

function pairwise<T>(a: readonly T[], b: readonly T[], compare: (a: T, b: T) => boolean): boolean {
  return a.length === b.length && a.every((item, place) => compare(item, b[place]!))
}

/**
 * Whether both hold the same items. A list says how often each occurs: next to another list as often as there, next to a set once.
 */
function sameElements<T>(
  a: readonly T[],
  b: readonly T[],
  compare: (a: T, b: T) => boolean,
  isListA = false,
  isListB = false,
): boolean {
  const matches = a.map(left => b.map(right => compare(left, right)))
  const rows = matches.map(row => row.filter(Boolean).length)
  const columns = b.map((_, at) => matches.filter(row => row[at]).length)
  if (rows.includes(0) || columns.includes(0)) return false
  // Equality being transitive, an item has as many partners as it occurs on the other side.
  if (isListA && isListB)
    return a.length === b.length && rows.every((count, at) => count === columns[matches[at]!.indexOf(true)])
  return !(isListA && columns.some(count => count > 1)) && !(isListB && rows.some(count => count > 1))
}

function spaceless(text: string): string {
  return text.replace(/[\s{}]/g, '')
}

interface Placed {
  interval: Interval
  low: number | Rational
  high: number | Rational
}

/**
 * The same points in the fewest intervals: (0, 1) ∪ [1, 2) is (0, 2). Intervals with an end that is neither rational nor
 * infinite stay as they are, all of them.
 */
function mergeIntervals(intervals: readonly Interval[]): Interval[] {
  const placed: Placed[] = []
  for (const interval of intervals) {
    const [low, high] = [place(interval.low), place(interval.high)]
    if (low === null || high === null || order(low, high) > 0) return [...intervals]
    placed.push({ interval, low, high })
  }
  placed.sort(
    (a, b) => order(a.low, b.low) || Number(b.interval.low.isClosed) - Number(a.interval.low.isClosed),
  )
  const merged: Placed[] = []
  for (const next of placed) {
    const last = merged.at(-1)
    const gap = last ? order(next.low, last.high) : 1
    const touches = gap < 0 || (gap === 0 && (last!.interval.high.isClosed || next.interval.low.isClosed))
    if (!last || !touches) merged.push(next)
    else merged[merged.length - 1] = join(last, next)
  }
  return merged.map(({ interval }) => interval)
}

function join(a: Placed, b: Placed): Placed {
  const further = order(a.high, b.high)
  const isClosed = (further >= 0 && a.interval.high.isClosed) || (further <= 0 && b.interval.high.isClosed)
  const { high, interval } = further >= 0 ? a : b
  return { interval: { low: a.interval.low, high: { ...interval.high, isClosed } }, low: a.low, high }
}

function place({ text }: Endpoint): number | Rational | null {
  if (/^-? ?\\infty$/.test(text))
    return text.startsWith('-') ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY
  const expression = parseExpression(text)
  return expression && rationalOfExpression(expression)
}

/** Negative, 0 or positive as a lies below, at or above b. */
function order(a: number | Rational, b: number | Rational): number {
  if (typeof a === 'number' || typeof b === 'number') {
    const [left, right] = [a, b].map(end => (typeof end === 'number' ? end : 0)) as [number, number]
    return left === right ? 0 : left - right
  }
  const [left, right] = [a.numerator * b.denominator, b.numerator * a.denominator]
  return left < right ? -1 : left > right ? 1 : 0
}
