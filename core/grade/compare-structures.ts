import type { AnswerStructure, Endpoint, Interval } from './answer-structure.ts'
import { compareConditions } from './compare-expressions.ts'
import { difference } from './expression.ts'
import { mergeIntervals } from './merge-intervals.ts'
import { parseExpression } from './parse-expression.ts'
import { toIntervals } from './parse-structure.ts'

/** True, false, or null while it hangs on values that are not yet compared. */
export type Truth = boolean | null

/** Whether two texts name the same value. */
export type CompareText = (a: string, b: string) => Truth

type Kind<K extends AnswerStructure['kind']> = Extract<AnswerStructure, { kind: K }>

/**
 * Compares two structures by comparing their values: tuples and matrices in order, sets without it and without regard
 * to repetition, intervals by ends and brackets, ratios by cross products, conditions up to a factor.
 */
export function compareStructures(a: AnswerStructure, b: AnswerStructure, compare: CompareText): Truth {
  const inner = (left: AnswerStructure, right: AnswerStructure) => compareStructures(left, right, compare)
  if (a.kind === 'intervals' || b.kind === 'intervals') {
    const [left, right] = [toIntervals(a), toIntervals(b)]
    return left?.kind === 'intervals' && right?.kind === 'intervals'
      ? compareIntervals(left, right, compare)
      : false
  }
  if (a.kind === 'value' && b.kind === 'value') {
    const isOther =
      a.variable !== null && b.variable !== null && spaceless(a.variable) !== spaceless(b.variable)
    return isOther ? false : compare(a.text, b.text)
  }
  if (a.kind === 'tuple' && b.kind === 'tuple') {
    return a.open === b.open && a.close === b.close ? pairwise(a.items, b.items, inner) : false
  }
  // Next to items without names, x = 1, y = 2 is a list in the order of the names.
  if (namesItems(a) && isList(b)) return pairwise(byName(a.items), b.items, inner)
  if (namesItems(b) && isList(a)) return pairwise(a.items, byName(b.items), inner)
  if (a.kind === 'set' && b.kind === 'set') return sameElements(a.items, b.items, inner)
  if (a.kind === 'matrix' && b.kind === 'matrix') {
    if (a.isDeterminant !== b.isDeterminant) return false
    return pairwise(a.rows, b.rows, (left, right) => pairwise(left, right, inner))
  }
  if (a.kind === 'ratio' && b.kind === 'ratio') return compareRatios(a, b, compare)
  const [left, right] = [asCondition(a), asCondition(b)]
  return left && right ? sameCondition(left, right) : false
}

/** x = 1, y = 2 */
function namesItems(structure: AnswerStructure): structure is Kind<'set'> {
  if (structure.kind !== 'set' || structure.items.length < 2) return false
  const names = structure.items.map(item => (item.kind === 'value' ? item.variable : null))
  return !names.includes(null) && new Set(names).size === names.length
}

/** Items without names, or those of (x, y) = (1, 2). */
function isList(structure: AnswerStructure): structure is Kind<'set' | 'tuple'> {
  if (structure.kind === 'tuple') return structure.open === '(' && structure.close === ')'
  if (structure.kind !== 'set') return false
  return structure.items.every(item => item.kind === 'value' && item.variable === null)
}

/** In the order of the alphabet, in which (1, 2) gives x and y. */
function byName(items: readonly AnswerStructure[]): AnswerStructure[] {
  const name = (item: AnswerStructure) => (item.kind === 'value' && item.variable) || ''
  return [...items].sort((a, b) => (name(a) < name(b) ? -1 : 1))
}

/** `y = 1 - x` names a value, and is an equation next to `x + y = 1`. */
function asCondition(structure: AnswerStructure): Kind<'condition'> | null {
  if (structure.kind === 'condition') return structure
  if (structure.kind !== 'value' || structure.variable === null) return null
  return { kind: 'condition', sign: '=', left: structure.variable, right: structure.text }
}

/** 3:4 = 6:8, as 3·8 = 4·6. */
function compareRatios(a: Kind<'ratio'>, b: Kind<'ratio'>, compare: CompareText): Truth {
  const [first, other] = [a.terms[0], b.terms[0]]
  return pairwise(a.terms.slice(1), b.terms.slice(1), (left, right) =>
    compare(`(${left})(${other})`, `(${right})(${first})`),
  )
}

function sameCondition(a: Kind<'condition'>, b: Kind<'condition'>): boolean {
  if (a.sign !== b.sign) return false
  const [leftA, rightA, leftB, rightB] = [a.left, a.right, b.left, b.right].map(parseExpression)
  if (!leftA || !rightA || !leftB || !rightB) return a.left === b.left && a.right === b.right
  return (
    compareConditions(difference(leftA, rightA), difference(leftB, rightB), a.sign !== '=').equal === true
  )
}

function compareIntervals(a: Kind<'intervals'>, b: Kind<'intervals'>, compare: CompareText): Truth {
  if (a.variable !== null && b.variable !== null && a.variable !== b.variable) return false
  const sameEnd = (left: Endpoint, right: Endpoint) =>
    isClosed(left) === isClosed(right) ? compare(left.text, right.text) : false
  return sameElements(
    mergeIntervals(a.intervals),
    mergeIntervals(b.intervals),
    (left: Interval, right: Interval) => and(sameEnd(left.low, right.low), sameEnd(left.high, right.high)),
  )
}

/** Infinity belongs to no interval, whatever its bracket. */
function isClosed({ text, isClosed }: Endpoint): boolean {
  return isClosed && !text.includes('\\infty')
}

function pairwise<T>(a: readonly T[], b: readonly T[], compare: (a: T, b: T) => Truth): Truth {
  if (a.length !== b.length) return false
  return a.reduce<Truth>(
    (truth, item, place) => (truth === false ? false : and(truth, compare(item, b[place]!))),
    true,
  )
}

function sameElements<T>(a: readonly T[], b: readonly T[], compare: (a: T, b: T) => Truth): Truth {
  const truths = a.map(left => b.map(right => compare(left, right)))
  const isCovered = (row: Truth[]): Truth => row.reduce(or, false)
  const rows = truths.map(isCovered)
  const columns = b.map((_, place) => isCovered(truths.map(row => row[place]!)))
  return [...rows, ...columns].reduce(and, true)
}

function and(a: Truth, b: Truth): Truth {
  if (a === false || b === false) return false
  return a === null || b === null ? null : true
}

function or(a: Truth, b: Truth): Truth {
  if (a === true || b === true) return true
  return a === null || b === null ? null : false
}

function spaceless(text: string): string {
  return text.replace(/[\s{}]/g, '')
}
