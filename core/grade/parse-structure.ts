import { type AnswerStructure, allOrNull, type Kind, plainValue, setOf, tupleOf } from './answer-structure.ts'
import { splitTopLevel, unbracket } from './latex-text.ts'
import { parseMatrix } from './parse-matrix.ts'
import {
  complementOf,
  intersect,
  isRounding,
  numberOf,
  parseCongruence,
  parseRelation,
  pointsOf,
  toIntervals,
  unite,
} from './parse-relation.ts'
import { timeOfDay } from './quantity.ts'

const maximumDepth = 10
const maximumItems = 60

const notations: [RegExp, string][] = [
  // What says it again says nothing more.
  [
    /(?<=\S),? ?(?:\\text ?\{ ?,? ?)?(?:i\.e\.?|that is|or equivalently|equivalently),? ?(?:\} ?)?-?[\d\\].*$/s,
    '',
  ],
  [/\\text ?\{ ?,? ?(or|and)(?: else)? ?\}/g, ' $1 '],
  [/(?<=^|[(,[] ?)\+ ?(?=\\infty)/g, ''],
  [
    /\\mathbb\{R\}(?!\^)|(?:\\text ?\{ ?)?\ball (?:the )?real(?:s| numbers?)\b(?: ?\})?/g,
    '(-\\infty,\\infty)',
  ],
]

/** Words that say that there is nothing. */
const nothing =
  /^(?:\\emptyset|\\\{ *\\\}|(?:\\text ?\{)?(?:there (?:is|are) )?no (?:real |integer |such )?(?:solutions?|roots?|values?)(?: exists?)?\}?|(?:the )?empty set)$/i
/** Words between statements: V = 6 at t = 11. */
const joins = /(?:\\text ?\{ ?| )(?:at|when|where|with|if|for|and|given(?: that)?|as|while)(?: ?\}| )/g

/** Signs that part the items of a list, in the order of their strength; `∨` and `∧` stand for the words. */
const separators = new Set([',', ';', '\n', '∨', '∧'])
const cups = new Set(['\\cup'])
const colons = new Set([':'])

/** Takes a cleaned answer apart; null for what has no structure of these kinds, or too much of it. */
export function parseStructure(cleaned: string): AnswerStructure | null {
  let text = cleaned
  for (const [pattern, replacement] of notations) text = text.replace(pattern, replacement)
  return parse(text.trim(), 0)
}

function parse(text: string, depth: number): AnswerStructure | null {
  if (depth > maximumDepth || text === '') return null
  if (nothing.test(text)) return setOf([], false)
  return (
    parseChoice(text, depth) ??
    parseCases(text, depth) ??
    parseList(text, depth) ??
    parseCongruence(text) ??
    parseUnion(text, depth) ??
    parseRelation(text, part => parse(part, depth + 1)) ??
    parseMatrix(text) ??
    parseBracketed(text, depth) ??
    parseRatio(text) ??
    parsePlusMinus(text, depth) ??
    parseVector(text) ??
    plainValue(withoutComment(text))
  )
}

function parseAll(texts: readonly string[], depth: number): AnswerStructure[] | null {
  if (texts.length > maximumItems) return null
  return allOrNull(texts.map(text => parse(text, depth + 1)))
}

/** What is said in brackets of a value says it again: 5/3 (approximately 1.67). */
function withoutComment(text: string): string {
  const comment =
    /(?<=\S) ?(?:\(|\\text ?\{ ?\() ?(?:\\approx|\\text ?\{ ?)?(?:approx\w*\.?|about|roughly|or|i\.?e\.?|that is|exactly|rounded)?(?=[^()]*\)[} ]*$)[^()]*\)[} ]*$/i
  const again = /^(.+?) ?\((-?\d*\.?\d+)(%)?\)$/.exec(text)
  if (again) {
    const number = numberOf(again[1]!)
    const isPercent =
      again[3] !== undefined && number !== null && Math.abs(100 * number - Number(again[2])) < 1e-9
    if (number !== null && (isPercent || isRounding(again[2]!, number))) return again[1]!
  }
  const match = comment.exec(text)
  if (match === null || !/approx|about|roughly|\bor\b|i\.?e\.?|that is|exactly|rounded/i.test(match[0]))
    return text
  return text.slice(0, match.index)
}

/** (D) 44, \text{(D) }44, D) 44 */
function parseChoice(text: string, depth: number): AnswerStructure | null {
  if (depth > 0) return null
  const match =
    /^(?:\\text ?\{ ?(?:\(([A-Ja-j])\)|([A-J])[).:]) ?\}|\(([A-Ja-j])\)(?= )|([A-J])[).:](?= )) ?(\S.*)$/s.exec(
      text,
    )
  if (match === null) return null
  const rest = match[5]!
  // Of several choices none is the answer's alone.
  if (/\([A-Ja-j]\)/.test(rest)) return null
  if (/^[-+*/^=<>_!,]|^(?:and|or)\b|^\\(?:cdot|times|le|ge|cup)(?![a-z])/.test(rest)) return null
  const value = parse(rest, depth + 1)
  const letter = (match[1] ?? match[2] ?? match[3] ?? match[4])!
  return value && { kind: 'choice', letter, value }
}

/** The rows of `cases`: each a value with its condition, or a statement. */
function parseCases(text: string, depth: number): AnswerStructure | null {
  const match =
    /^(.*?=)? ?(?:\\\{)? ?\\begin ?\{(?:cases|array|rcases|dcases)\}(?:\{[clr ]*\})?(.*)\\end ?\{(?:cases|array|rcases|dcases)\}\.?$/s.exec(
      text,
    )
  if (match === null || (match[1] === undefined && !/^(?:\\\{)? ?\\begin ?\{[rd]?cases\}|^\\\{/.test(text)))
    return null
  if (match[2]!.includes('\\begin')) return null
  const rows = match[2]!
    .split(/\\\\(?:\[[^\]]*\])?/)
    .map(row => row.split('&').map(cell => withoutWords(cell)))
    .filter(row => row.some(cell => cell !== ''))
  const items = rows.map(cells => {
    const filled = cells.filter(cell => cell !== '')
    const inner = parseAll(filled, depth)
    return inner?.length === 1 ? inner[0]! : inner && tupleOf(inner)
  })
  const all = allOrNull(items)
  return all === null || all.length === 0 ? null : setOf(all)
}

function withoutWords(cell: string): string {
  return cell
    .replace(/\\text ?\{ ?,? ?(?:if|for|when|where)? ?([^{}]*)\}/g, '$1')
    .replace(/^,|[,;.]$/g, '')
    .replace(/^ ?(?:if|for|when|where)\b/, '')
    .trim()
}

/** Items without brackets around them have no order: 1, 2; 1 and 2; x < 1 or x > 2; a row each. */
function parseList(text: string, depth: number): AnswerStructure | null {
  const split = splitTopLevel(wordsAsSigns(withoutThousands(text)), separators)
  if (split === null || split.parts.length === 1) return null
  const texts = split.parts.filter(part => part !== '')
  if (texts.length === 1) return parse(texts[0]!, depth + 1)
  const spread = spreadCongruence(texts) ?? spreadExclusion(texts) ?? texts
  const items = parseAll(spread, depth)
  if (items === null) return null
  const isEither = split.found.includes('∨')
  const isBoth = split.found.includes('∧')
  const isUnbounded =
    /\\infty/.test(text) && items.every(item => item.kind === 'tuple' || item.kind === 'intervals')
  if (isUnbounded || items.every(item => item.kind === 'intervals')) {
    if (isEither) return isBoth ? null : unite(items)
    const isOfOne = items.every(item => item.kind === 'intervals' && item.variable !== null)
    const both = isOfOne ? intersect(items) : null
    if (both !== null && !(both.kind === 'set' && !isBoth)) return both
    const united = unite(items)
    if (united !== null) return united
  }
  // The second of two numbers is the first again: 5/3 or 1.67.
  if (isEither && texts.length === 2 && texts[0] !== texts[1]) {
    const [first, second] = (isDecimal(texts[0]!) ? texts.toReversed() : texts) as [string, string]
    const number = numberOf(first)
    if (number !== null && isRounding(second, number) && !isDecimal(first)) return parse(first, depth + 1)
  }
  // Of numbers it says the same, of things that happen it does not: A or B, x = 1 or y = 2.
  if (isEither && areEvents(items)) return plainValue(text)
  return listOf(items, spread)
}

/** Whether two items are letters that stand for something that happens, or values of different unknowns. */
function areEvents(items: readonly AnswerStructure[]): boolean {
  const [first, second] = items
  if (first?.kind !== 'value' || second?.kind !== 'value' || items.length > 2) return false
  if (first.name !== null || second.name !== null) return first.name !== second.name
  return [first, second].every(({ text }) => /^(?:[A-Za-z]|\\[a-z]+)$/.test(text))
}

function isDecimal(text: string): boolean {
  return /^-?[\d.]+$/.test(text)
}

/** `or` and `and` between items as signs; other words only between two equations: V = 6 at t = 11. */
function wordsAsSigns(text: string): string {
  const signed = text
    .replace(/[,;]? (?:or|OR)(?= |$)[,;]?/g, ' ∨')
    .replace(/[,;]? (?:and|AND|&)(?= )[,;]?/g, ' ∧')
    .replace(/, ?(?=[∨∧])/g, '')
  if ((signed.match(/=/g)?.length ?? 0) < 2) return signed
  return signed.replace(joins, (word, place: number) => {
    const [before, after] = [signed.slice(0, place), signed.slice(place + word.length)]
    return /=[^=]*$/.test(before) && /^[^=]*=/.test(after) ? ' ∧ ' : word
  })
}

/** x ≡ 1, 3 (mod 8) */
function spreadCongruence(texts: readonly string[]): string[] | null {
  const head = /^(.*\\equiv)/.exec(texts[0]!)?.[1]
  const tail = /(\\pmod.*|\(? ?\\?(?:b?mod)(?![a-z]).*)$/.exec(texts.at(-1)!)?.[1]
  if (!head || !tail || texts.slice(1).some(text => text.includes('\\equiv'))) return null
  return texts.map(
    (text, at) => `${at === 0 ? '' : head} ${text}${at === texts.length - 1 ? '' : ` ${tail}`}`,
  )
}

/** x ≠ 2, 3 */
function spreadExclusion(texts: readonly string[]): string[] | null {
  const head = /^(.* ?\\ne) /.exec(texts[0]!)?.[1]
  if (!head || texts.slice(1).some(text => numberOf(text) === null)) return null
  return texts.map((text, at) => (at === 0 ? text : `${head} ${text}`))
}

/** 1,000 is a thousand where it stands in no bracket, as a list has spaces or shorter numbers. */
function withoutThousands(text: string): string {
  return /[([]|\\\{/.test(text)
    ? text
    : text.replace(/(?<![\d.,])\d{1,3}(?:,\d{3})+(?![\d,])/g, group => group.replaceAll(',', ''))
}

/** ±1 in a list stands for two items; a set in braces is one. */
function listOf(items: AnswerStructure[], texts: readonly string[], isList = true): AnswerStructure {
  const isBraced = (at: number) => /^(?:[^=]*=)? ?(?:\\[{ev]|∅)/.test(texts[at]!)
  const spread = items.map((item, at) => (item.kind === 'set' && !isBraced(at) ? withLabel(item) : item))
  return setOf(spread.flat(), isList)
}

/** The items of a set, each with the name that stands before all: x = ±1. */
function withLabel({ items, label }: Kind<'set'>): AnswerStructure[] {
  return items.map(item => (item.kind === 'value' && label ? { ...item, name: item.name ?? label } : item))
}

function parseUnion(text: string, depth: number): AnswerStructure | null {
  const without = splitTopLevel(text, new Set(['\\setminus']))
  const sides =
    without?.parts.length === 2
      ? without.parts
      : /^((?:[a-zA-Z] ?\\in ?)?\(-\\infty, ?\\infty\)) ?- ?(\\\{.*\\\})$/s.exec(text)?.slice(1)
  if (sides !== undefined) {
    const [whole, removed] = sides as [string, string]
    const isOfAll = /^(?:[a-zA-Z] ?\\in ?)?\(-\\infty, ?\\infty\)$/.test(whole)
    const points = isOfAll ? parse(removed, depth + 1) : null
    return points && complementOf(points)
  }
  if (!text.includes('\\cup')) return null
  const membership = /^([a-zA-Z]) ?\\in(?![a-z])(.*)$/s.exec(text)
  if (membership) {
    const inner = parse(membership[2]!.trim(), depth + 1)
    return inner?.kind === 'intervals' ? { ...inner, variable: membership[1]! } : inner
  }
  const parts = text.split(/\\cup(?![a-z])/).map(part => part.trim())
  if (splitTopLevel(text.replace(/[[\]()]/g, ''), cups)?.parts.length !== parts.length) return null
  const items = parseAll(parts, depth)
  if (items === null) return null
  if (items.every(item => item.kind === 'set'))
    return { kind: 'set', isList: false, items: items.flatMap(item => item.items) }
  const sets = allOrNull(items.map(item => (item.kind === 'set' ? pointsOf(item) : toIntervals(item))))
  return sets && unite(sets)
}

/** An interval in the notation ]0, 1[, which is (0, 1). */
function openInterval(text: string): AnswerStructure | null {
  const match = /^([\](])([^()[\]]*),([^()[\]]*)([[)])$/.exec(text)
  if (match === null || !/[[\]]/.test(match[1]! + match[4]!)) return null
  const [low, high] = [match[2]!, match[3]!].map(end => ({ text: end.trim(), isClosed: false }))
  return { kind: 'intervals', variable: null, intervals: [{ low: low!, high: high! }] }
}

function parseBracketed(text: string, depth: number): AnswerStructure | null {
  const bracketed = unbracket(text)
  if (bracketed === null) return openInterval(text)
  const { open, inner, close } = bracketed
  const parts = splitTopLevel(inner, new Set([',', ';']))!.parts
  if (open === '\\{' && close === '\\}') {
    const builder = /^[a-zA-Z](?: ?\\in ?[^|:]*)? ?(?:\||\\mid|:) ?(.*)$/s.exec(inner)
    if (builder) {
      const condition = parse(builder[1]!.trim(), depth + 1)
      return condition?.kind === 'value' ? null : condition
    }
    const items = parseAll(parts, depth)
    return items && listOf(items, parts, false)
  }
  const isVector = open === '\\langle' && close === '\\rangle'
  if (parts.length === 1) return isVector ? null : withinBrackets(open, inner, close, depth)
  if (!isVector && ((open !== '(' && open !== '[') || (close !== ')' && close !== ']'))) return null
  // (±3, 8) is two points.
  if (/\\(?:pm|mp)(?![a-z])/.test(inner)) return parsePlusMinus(text, depth)
  const items = parseAll(parts, depth)
  if (items === null) return null
  return isVector
    ? tupleOf(items)
    : { kind: 'tuple', open: open as '(' | '[', close: close as ')' | ']', items }
}

/** Brackets around something with a structure of its own say nothing: ((1, 2)). */
function withinBrackets(open: string, inner: string, close: string, depth: number): AnswerStructure | null {
  if (open !== '(' || close !== ')') return null
  const structure = parse(inner, depth + 1)
  return structure === null || structure.kind === 'value' || structure.kind === 'choice' ? null : structure
}

function parseRatio(text: string): AnswerStructure | null {
  const isSpelled = / to |\\text ?\{ ?to ?\}/.test(text)
  const spelled = text.replace(/(?<=\w|\}) ?(?:\\text ?\{ ?to ?\}| to ) ?(?=[\w\\])/g, ':')
  const terms = splitTopLevel(spelled.replace(/(?<=[\w}]) ?\\colon ?/g, ':'), colons)?.parts ?? []
  // 0:1 is no ratio to compute with.
  const isTerm = (term: string) => term !== '' && !/^0(?!\.)|[a-z]{2}/i.test(term.replace(/\\[a-z]+/g, ''))
  if (terms.length < 2 || terms.length > 5 || !terms.every(isTerm)) return null
  if (!isSpelled && timeOfDay(text) !== null) return null
  return { kind: 'ratio', terms }
}

/** 1 ± √2 as its two values; several signs are all upper, then all lower ones. */
function parsePlusMinus(text: string, depth: number): AnswerStructure | null {
  if (!/\\(?:pm|mp)(?![a-z])/.test(text)) return null
  const written = (plus: string, minus: string) =>
    parse(text.replace(/\\pm(?![a-z])/g, plus).replace(/\\mp(?![a-z])/g, minus), depth + 1)
  const items = allOrNull([written('+', '-'), written('-', '+')])
  return items && setOf(items)
}

/** 3i + 8j with unit vectors as (3, 8). */
function parseVector(text: string): AnswerStructure | null {
  if (!/\\unit[jk]/.test(text)) return null
  const split = splitTopLevel(text, new Set(['+', '-']))
  if (split === null) return null
  const cells: Record<string, string> = {}
  for (const [at, term] of split.parts.entries()) {
    if (term === '' && at === 0) continue
    const units = term.match(/\\unit[ijk]/g) ?? []
    if (units.length !== 1) return null
    const axis = units[0]!.at(-1)!
    const factor = term.replace(/\\unit[ijk] ?/, '').trim() || '1'
    if (axis in cells) return null
    cells[axis] = at > 0 && split.found[at - 1] === '-' ? `-(${factor})` : factor
  }
  const axes = 'k' in cells ? ['i', 'j', 'k'] : ['i', 'j']
  return tupleOf(axes.map(axis => plainValue(cells[axis] ?? '0')))
}
