import type { AnswerStructure, Endpoint, Interval } from './answer-structure.ts'
import { splitTopLevel, unbracket } from './split-top-level.ts'

const maximumDepth = 10
const maximumItems = 60

const notations: [RegExp, string][] = [
  [/\\(?:text|mathrm|mbox|textrm)\{\s*(or|and)\s*\}|\\(?:qquad|quad)\s*(or|and)\b/g, ' $1$2 '],
  [/\\(?:lor|vee)(?![a-z])/g, ' or '],
  [/\\([lg])eq?(?:slant)?(?![a-z])/g, '\\$1e '],
  [/≤|<=/g, '\\le '],
  [/≥|>=/g, '\\ge '],
  [/≠|\\neq(?![a-z])/g, '\\ne '],
  [/\\lt(?![a-z])/g, '<'],
  [/\\gt(?![a-z])/g, '>'],
  [/∪/g, '\\cup '],
  [/∞/g, '\\infty '],
  [/(?<=^|[(,[] ?)\+ ?(?=\\infty)/g, ''],
  [/∈/g, '\\in '],
  [/±|\\plusmn(?![a-z])|\+\/-/g, '\\pm '],
  [/⟨/g, '\\langle '],
  [/⟩/g, '\\rangle '],
  [/ℝ|\\(?:mathbb|mathbf|Bbb) ?\{? ?R\}?|\\R(?![a-z])/g, '(-\\infty,\\infty)'],
  [/\\lbrace(?![a-z])/g, '\\{'],
  [/\\rbrace(?![a-z])/g, '\\}'],
  [/\\(?:big|Big|bigg|Bigg)[lrm]?(?![a-z])/g, ''],
]

const commas = new Set([',', ';'])
const cups = new Set(['\\cup'])
const colons = new Set([':'])
const relations = new Set(['=', '<', '>', '\\le', '\\ge', '\\ne', '\\in'])
const flipped: Record<string, string> = {
  '<': '>',
  '>': '<',
  '\\le': '\\ge',
  '\\ge': '\\le',
  '=': '=',
  '\\ne': '\\ne',
}

/** An unknown, or what else stands before an equals sign to name what follows: x, x_1, f(x), AB, \angle ABC, (x, y). */
const named =
  /^(?:(?:\\angle ?|\\triangle ?)?[a-zA-Z]{1,4}(?:_\{?\w+\}?)?'?(?:\([a-z\d](?:, ?[a-z\d])*\))?|\\[a-z]+|\( ?[a-zA-Z](?:_\{?\w+\}?)?(?: ?, ?[a-zA-Z](?:_\{?\w+\}?)?)+ ?\)|\\(?:text|mathrm)\{[^{}]*\})$/

/** Takes a cleaned answer apart; null for what has no structure of these kinds, or too much of it. */
export function parseStructure(cleaned: string): AnswerStructure | null {
  let text = cleaned
  for (const [pattern, replacement] of notations) text = text.replace(pattern, replacement)
  return parse(text.trim(), 0)
}

function parse(text: string, depth: number): AnswerStructure | null {
  if (depth > maximumDepth || text === '') return null
  if (/^\\(?:emptyset|varnothing)$|^∅$|^\\\{ *\\\}$/.test(text)) return { kind: 'set', items: [] }
  return (
    parseAlternatives(text, depth) ??
    parseMatrix(text, depth) ??
    parseUnion(text, depth) ??
    parseList(text, depth) ??
    parseRelation(text, depth) ??
    parseBracketed(text, depth) ??
    parseRatio(text) ??
    parsePlusMinus(text, depth) ?? { kind: 'value', text, variable: null }
  )
}

/** `1 or 2`, `x < 1 or x > 2`. */
function parseAlternatives(text: string, depth: number): AnswerStructure | null {
  const parts = text.split(/,? (?:or|and) /)
  if (parts.length === 1) return null
  const texts = parts.flatMap(part => splitTopLevel(withoutThousands(part), commas)?.parts ?? [part])
  const items = parseAll(texts, depth)
  if (items === null) return null
  if (items.every(item => item.kind === 'intervals')) {
    return / and /.test(text) ? null : unite(items)
  }
  return setOf(items, texts)
}

function parseUnion(text: string, depth: number): AnswerStructure | null {
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
  const sets = items.map(item => (item.kind === 'set' ? pointsOf(item) : toIntervals(item)))
  if (items.every(item => item.kind === 'set'))
    return { kind: 'set', items: items.flatMap(item => item.items) }
  return sets.some(set => set === null) ? null : unite(sets as AnswerStructure[])
}

function pointsOf(set: AnswerStructure): AnswerStructure | null {
  if (set.kind !== 'set') return null
  const texts = set.items.map(item => (item.kind === 'value' ? item.text : null))
  if (texts.includes(null)) return null
  const ends = texts.map(value => ({ text: value!, isClosed: true }))
  return { kind: 'intervals', variable: null, intervals: ends.map(end => ({ low: end, high: end })) }
}

function unite(parts: AnswerStructure[]): AnswerStructure | null {
  const intervals = parts.flatMap(part => (part.kind === 'intervals' ? part.intervals : []))
  const variables = new Set(parts.map(part => (part.kind === 'intervals' ? part.variable : null)))
  return variables.size > 1 ? null : { kind: 'intervals', variable: [...variables][0] ?? null, intervals }
}

/** Items without brackets around them have no order. */
function parseList(text: string, depth: number): AnswerStructure | null {
  const split = splitTopLevel(withoutThousands(text), commas)
  if (split === null || split.parts.length === 1) return null
  const items = parseAll(split.parts, depth)
  return items && !items.some(item => item.kind === 'intervals' || item.kind === 'condition')
    ? setOf(items, split.parts)
    : null
}

/** 1,000 is a thousand where it stands in no bracket, as a list has spaces or shorter numbers. */
function withoutThousands(text: string): string {
  return /[([]|\\\{/.test(text)
    ? text
    : text.replace(/(?<![\d.,])\d{1,3}(?:,\d{3})+(?![\d,])/g, group => group.replaceAll(',', ''))
}

/** ±1 in a list stands for two elements; a set in braces is one. */
function setOf(items: AnswerStructure[], texts: string[]): AnswerStructure {
  const isBraced = (place: number) => /^(?:[^=]*=)? ?(?:\\[{ev]|∅)/.test(texts[place]!)
  return {
    kind: 'set',
    items: items.flatMap((item, place) => (item.kind === 'set' && !isBraced(place) ? item.items : [item])),
  }
}

function parseAll(texts: string[], depth: number): AnswerStructure[] | null {
  if (texts.length > maximumItems) return null
  const items = texts.map(text => parse(text, depth + 1))
  return items.some(item => item === null) ? null : (items as AnswerStructure[])
}

/** A matrix; \left[\begin{array}…\end{array}\right], in brackets of its own, is one too, and between bars a determinant. */
function parseMatrix(text: string, depth: number): AnswerStructure | null {
  const match =
    /^([([|]?) ?\\begin\{([pbBvV]?matrix|smallmatrix|array)\}(?:\{[clr| ]*\})?([\s\S]*)\\end\{\2\} ?([)\]|]?)$/.exec(
      text,
    )
  if (match === null) return null
  const [, open, kind, inside, close] = match as unknown as [string, string, string, string, string]
  if (inside.includes('\\begin') || !['', '()', '[]', '||'].includes(open + close)) return null
  const rows = inside
    .replace(/\\hline/g, '')
    .split(/\\\\(?:\[[^\]]*\])?/)
    .filter((row, place, all) => place < all.length - 1 || row.trim() !== '')
    .map(row =>
      parseAll(
        row.split('&').map(cell => cell.trim()),
        depth,
      ),
    )
  if (rows.some(row => row === null)) return null
  return {
    kind: 'matrix',
    isDeterminant: open === '|' || /^[vV]/.test(kind),
    rows: rows as AnswerStructure[][],
  }
}

function parseRelation(text: string, depth: number): AnswerStructure | null {
  const split = splitTopLevel(text, relations)
  if (split === null || split.found.length === 0 || split.parts.includes('')) return openInterval(text)
  const { parts, found } = split
  if (found.length === 2 && found.every(sign => sign !== '=')) return parseChain(parts, found)
  if (found.every(sign => sign === '=')) return parseEquation(parts, depth)
  if (found.length > 1) return null
  const [[left, right], [sign]] = [parts as [string, string], found as [string]]
  if (sign === '\\in') {
    const inner = named.test(left) ? parse(right, depth + 1) : null
    return inner && toIntervals(inner, left)
  }
  if (named.test(left) && !named.test(right)) return halfLine(left, sign, right)
  if (named.test(right) && !named.test(left)) return halfLine(right, flipped[sign]!, left)
  if (sign === '\\ne') return null
  const [larger, smaller] = sign === '<' || sign === '\\le' ? [right, left] : [left, right]
  return { kind: 'condition', sign: sign === '<' || sign === '>' ? '>' : '≥', left: larger, right: smaller }
}

/** 1 < x ≤ 2 */
function parseChain([first, middle, last]: string[], [left, right]: string[]): AnswerStructure | null {
  const isRising = (sign: string) => sign === '<' || sign === '\\le'
  if (!named.test(middle!) || isRising(left!) !== isRising(right!)) return null
  if (![left!, right!].every(sign => sign in flipped && sign !== '\\ne')) return null
  const [low, high]: Endpoint[] = [
    { text: first!, isClosed: left === '\\le' || left === '\\ge' },
    { text: last!, isClosed: right === '\\le' || right === '\\ge' },
  ]
  const interval = isRising(left!) ? { low: low!, high: high! } : { low: high!, high: low! }
  return { kind: 'intervals', variable: middle!, intervals: [interval] }
}

function parseEquation(parts: string[], depth: number): AnswerStructure | null {
  const last = parts.at(-1)!
  const [first] = parts
  const value = named.test(first!) ? last : parts.length === 2 && named.test(last) ? first! : null
  if (value !== null && !(named.test(last) && named.test(first!))) {
    const inner = parse(value, depth + 1)
    const name = value === last ? first! : last
    if (inner?.kind === 'value') return { ...inner, variable: name }
    return inner?.kind === 'tuple' ? withNames(inner, name) : inner
  }
  return parts.length === 2 ? { kind: 'condition', sign: '=', left: first!, right: last } : null
}

/** (x, y) = (1, 2): a tuple whose items have the names x and y. */
function withNames(tuple: Extract<AnswerStructure, { kind: 'tuple' }>, name: string): AnswerStructure {
  const names = unbracket(name)?.inner.split(',') ?? []
  if (names.length !== tuple.items.length) return tuple
  const items = tuple.items.map((item, place) =>
    item.kind === 'value' ? { ...item, variable: names[place]!.trim() } : item,
  )
  return { ...tuple, items }
}

function halfLine(variable: string, sign: string, end: string): AnswerStructure {
  const [below, above]: Endpoint[] = [
    { text: '-\\infty', isClosed: false },
    { text: '\\infty', isClosed: false },
  ]
  const endpoint = { text: end, isClosed: sign === '\\le' || sign === '\\ge' }
  const lower: Interval = { low: below!, high: endpoint }
  const upper: Interval = { low: endpoint, high: above! }
  const intervals = sign === '\\ne' ? [lower, upper] : sign === '<' || sign === '\\le' ? [lower] : [upper]
  return { kind: 'intervals', variable, intervals }
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
  if (bracketed === null) return null
  const { open, inner, close } = bracketed
  const parts = splitTopLevel(inner, commas)!.parts
  if (open === '\\{' && close === '\\}') {
    const builder = /^[a-zA-Z](?: ?\\in ?[^|:]*)? ?(?:\||\\mid|:) ?(.*)$/s.exec(inner)
    if (builder) {
      const condition = parse(builder[1]!.trim(), depth + 1)
      return condition?.kind === 'value' ? null : condition
    }
    const items = parseAll(parts, depth)
    return items && setOf(items, parts)
  }
  if (parts.length === 1) return null
  const items = parseAll(parts, depth)
  if (items === null) return null
  if (open === '\\langle' && close === '\\rangle') return { kind: 'tuple', open: '(', close: ')', items }
  if ((open !== '(' && open !== '[') || (close !== ')' && close !== ']')) return null
  return { kind: 'tuple', open, close, items }
}

function parseRatio(text: string): AnswerStructure | null {
  const terms = splitTopLevel(text, colons)?.parts ?? []
  // 3:05 is a time of the day, and 0:1 no ratio to compute with.
  const isTerm = (term: string) => term !== '' && !/^0(?!\.)|[a-z]{2}/i.test(term.replace(/\\[a-z]+/g, ''))
  return terms.length > 1 && terms.length < 6 && terms.every(isTerm) ? { kind: 'ratio', terms } : null
}

/** 1 ± √2 as its two values; several signs are all upper, then all lower ones. */
function parsePlusMinus(text: string, depth: number): AnswerStructure | null {
  if (!/\\(?:pm|mp)(?![a-z])/.test(text)) return null
  const written = (plus: string, minus: string) =>
    parse(text.replace(/\\pm(?![a-z])/g, plus).replace(/\\mp(?![a-z])/g, minus), depth + 1)
  const items = [written('+', '-'), written('-', '+')]
  return items.includes(null) ? null : { kind: 'set', items: items as AnswerStructure[] }
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
  if (low.variable !== null || high.variable !== null) return null
  const interval = {
    low: { text: low.text, isClosed: structure.open === '[' },
    high: { text: high.text, isClosed: structure.close === ']' },
  }
  return { kind: 'intervals', variable, intervals: [interval] }
}
