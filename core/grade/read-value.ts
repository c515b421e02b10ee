import { splitTopLevel, trimSpacing } from './latex-text.ts'
import type { ProseToken } from './prose-tokens.ts'

/** A run of tokens that is one value, or a list of them. */
export interface Run {
  first: number
  /** The token behind its last. */
  end: number
}

const relations = new Set(['=', '<', '>', '≤', '≥', '≠', '≈', '<=', '>=', '!=', '∈'])
const signs = new Set(['-', '−', '–', '+', '√', '∛', '|', '±', '+/-', '~', ...relations])
const maximumDepth = 10

/** The value that begins at a token, as long as it goes on: `h = 4 + 3√2`, `(3, 9)`, `1, 2 and 5`, `$x$ = 5`; null if none does. */
export function readRun(tokens: readonly ProseToken[], first: number): Run | null {
  if (isInsideUnit(tokens, first)) return null
  let end = readElement(tokens, first, 0)
  if (end === null) return null
  const firstEnd = end
  let isGlued = true
  for (;;) {
    let next = end
    while (isConnector(tokens[next]) && next < end + 2) next++
    if (next === end || tokens[next] === undefined) break
    const elementEnd = readElement(tokens, next, 0)
    if (elementEnd === null) break
    isGlued &&= !tokens[next]!.isSpaced && next === end + 1
    end = elementEnd
  }
  return { first, end: isGlued || endsList(tokens[end]) ? end : firstEnd }
}

/** Whether a number is that of a unit: the 3 of `cm^3`. */
function isInsideUnit(tokens: readonly ProseToken[], first: number): boolean {
  const [unit, sign] = [tokens[first - 2], tokens[first - 1]]
  return unit?.kind === 'word' && !sign!.isSpaced && /^[\^_/*]$/.test(sign!.text)
}

function isConnector(token: ProseToken | undefined): boolean {
  return token?.kind === 'separator' || (token?.kind === 'word' && /^(?:and|or)$/.test(token.text))
}

/** Whether what stands behind a list shows that its last value is no quantity of something else: `5 and 7 apples` is none. */
function endsList(token: ProseToken | undefined): boolean {
  if (token === undefined || /^(?:end|line|close|other|separator)$/.test(token.kind)) return true
  return /^(?:is|are|as|since|because|where|for|which|so|when|respectively|units?|degrees|cm|meters|dollars)$/i.test(
    token.text,
  )
}

function readElement(tokens: readonly ProseToken[], first: number, depth: number): number | null {
  let at = first
  let hasValue = false
  let hasOperator = false
  for (; at < tokens.length; at++) {
    const token = tokens[at]!
    const previous = at === first ? undefined : tokens[at - 1]
    if (token.kind === 'open') {
      const isGlued = !token.isSpaced && previous?.kind !== 'math'
      if (previous !== undefined && previous.kind !== 'operator' && !isGlued) break
      const close = groupEnd(tokens, at, depth)
      if (close === null) break
      hasValue = true
      at = close - 1
    } else if (!joins(tokens, at, previous, hasValue)) break
    hasOperator ||= token.kind === 'operator'
    hasValue ||=
      /^(?:math|number|command)$/.test(token.kind) || (token.kind === 'name' && isUnmistakable(token))
    hasValue ||= token.kind === 'name' && hasOperator
  }
  // An operator that nothing follows belongs to the prose.
  while (at > first && tokens[at - 1]!.kind === 'operator' && tokens[at - 1]!.text !== '|') at--
  return at > first && hasValue ? at : null
}

function isUnmistakable({ text }: ProseToken): boolean {
  return text.length > 1 || /[^a-zA-Z]/.test(text)
}

/** Whether a token other than an opening bracket carries the value on. */
function joins(
  tokens: readonly ProseToken[],
  at: number,
  previous: ProseToken | undefined,
  hasValue: boolean,
): boolean {
  const token = tokens[at]!
  const next = tokens[at + 1]
  const isFirst = previous === undefined || previous.kind === 'operator' || previous.kind === 'currency'
  switch (token.kind) {
    case 'math':
      return isFirst
    case 'command':
      return previous?.kind !== 'math' || /^\\(?:text|mathrm|q?quad)/.test(token.text)
    case 'currency':
      return previous === undefined || previous.kind === 'operator'
    case 'postfix':
      return previous !== undefined && (!token.isSpaced || /%/.test(token.text))
    case 'number':
      if (isFirst || previous.kind === 'command' || !token.isSpaced) return true
      // A mixed number, and thousands apart by a space.
      return (
        (previous.kind === 'number' && next?.text === '/' && !next.isSpaced) ||
        (previous.kind === 'number' && /^\d{3}$/.test(token.text) && /^\d{1,3}$/.test(previous.text)) ||
        (previous.kind === 'name' && isUnmistakable(previous)) ||
        isTimes(tokens[at - 1], tokens[at - 2])
      )
    case 'name': {
      if (isUnmistakable(token)) return true
      if (previous !== undefined && !token.isSpaced) return true
      const isBeforeOperator =
        next?.kind === 'operator'
          ? !/^[-–|~]$/.test(next.text) || (tokens[at + 2] !== undefined && tokens[at + 2]!.kind !== 'word')
          : (next?.kind === 'open' || next?.kind === 'postfix') && !next.isSpaced
      if (isBeforeOperator && !(/^[aAI]$/.test(token.text) && next?.text === '-')) return true
      if (previous?.kind === 'operator' || (isFirst && previous !== undefined)) return true
      // The unit of `14 m`, the factor of `5 x`, the x of `5 x 3`.
      if (previous?.kind !== 'number' && previous?.kind !== 'command') return false
      if (isTimes(token, previous) && next?.kind === 'number') return true
      return (
        !/^[aAI]$/.test(token.text) &&
        (next === undefined || /^(?:end|line|close|separator|name)$/.test(next.kind))
      )
    }
    case 'operator': {
      if (next === undefined || next.kind === 'word' || next.kind === 'line') return false
      if (previous?.kind === 'operator' && tokens[at - 2]?.kind === 'operator') return false
      if (previous === undefined) {
        if (!signs.has(token.text)) return false
        return relations.has(token.text) || !next.isSpaced
      }
      if (next.isSpaced && /^[aAI]$/.test(next.text) && tokens[at + 2]?.kind === 'word') return false
      if (token.text === '|') return !token.isSpaced || !next.isSpaced
      if (token.text === '-' || token.text === '–')
        return token.isSpaced === next.isSpaced || !next.isSpaced || hasValue
      return true
    }
    default:
      return false
  }
}

function isTimes(token: ProseToken | undefined, before: ProseToken | undefined): boolean {
  return token?.text === 'x' && token.isSpaced && before?.kind === 'number'
}

/** Behind the bracket that closes; null if it does not, or if there is prose inside. */
function groupEnd(tokens: readonly ProseToken[], open: number, depth: number): number | null {
  if (depth >= maximumDepth) return null
  for (let at = open + 1; at < tokens.length && at < open + 200; at++) {
    const token = tokens[at]!
    if (token.kind === 'close') return at + 1
    if (token.kind === 'open') {
      const end = groupEnd(tokens, at, depth + 1)
      if (end === null) return null
      at = end - 1
    } else if (/^(?:word|end|line|other)$/.test(token.kind) && !/^(?:mod|base|or|and)$/.test(token.text))
      return null
  }
  return null
}

/** The text of a run without its math delimiters and the white space of removed emphasis. */
export function textOf(text: string, tokens: readonly ProseToken[], { first, end }: Run): string {
  let result = ''
  for (let at = first; at < end; at++) {
    const token = tokens[at]!
    if (at > first) result += text.slice(tokens[at - 1]!.end, token.start)
    result += token.kind === 'math' ? trimSpacing(token.text) : token.kind === 'line' ? ' ' : token.text
  }
  return trimSpacing(result.replace(/ {2,}/g, ' '))
}

/** The name of a value, as it may stand left of an equals sign. */
const plainName = /^(?:\\[a-zA-Z]+ ?)?(?:[a-zA-Z]{1,3}|\\[a-zA-Z]+)?(?:_\{?\w{1,8}\}?)?'?(?:\(\w{1,3}\))?$/

/** What has letters in it and yet no unknown. */
const computation =
  /\\(?:[dt]?frac|sqrt|cdot|times|div|left|right|pi|binom)(?![a-zA-Z])|(?<=\d)\s[xX](?=\s\d)/g

/**
 * What a chain of equalities ends in: 57 of `147 - 90 = 57`, `x = 18` of `x = 3 \cdot 6 = 18`, the last row of an alignment, what
 * the last arrow leads to. An equation in unknowns, and a list of equations, stays as it is.
 */
export function lastSide(value: string): string {
  let text = value
  const rows =
    /\\begin\{(?:align(?:ed)?|gather(?:ed)?|split|equation)\*?\}([\s\S]*)\\end\{/.exec(text)?.[1] ?? text
  if (rows !== text || /^&|[^\\]&\s*=/.test(text)) {
    const filled = rows.split('\\\\').map(row => trimSpacing(row.replace(/ ?(?<!\\)&/g, ' ')))
    const last = filled.filter(row => row !== '').at(-1)
    if (last === undefined) return value
    text = last
  }
  text = trimSpacing(
    text.split(/\\(?:implies|(?:[Ll]ong)?[Rr]ightarrow|therefore)(?![a-zA-Z])|[⇒→∴]/).at(-1)!,
  )
  if (text === '' || /[<>!]=/.test(text)) return text || value
  // The commas of thousands part nothing.
  const list = text.replace(/,? (?:and|or) /g, ', ').replace(/(?<=\d),(?=\d{3}(?!\d))/g, thousands)
  const parts = splitTopLevel(list, new Set([',', ';']))?.parts
  if (parts === undefined) return text
  if (parts.length > 1)
    return parts.every(isComputed) ? lastSide(parts.at(-1)!.replaceAll(thousands, ',')) : text
  if (condition.test(text)) return text.replace(/^=\s*/, '')
  const sides = sidesOf(text)
  const last = sides.at(-1)!
  if (sides.length === 1 || last === '') return text
  const [left] = sides as [string]
  if (left === '' || isComputed(text)) return last
  if (sides.length === 2) return text
  return plainName.test(left) ? `${left} = ${last}` : last
}

const thousands = '\uE001'

/** Where an equals sign does not end a chain. */
const condition =
  /\\(?:q?quad|mid|begin)(?![a-zA-Z])|\\text[a-z]*\s?\{[^{}]*\b(?:or|and|if|when|for|where|at)\b/

function sidesOf(text: string): string[] {
  return splitTopLevel(text, new Set(['=']))?.parts ?? [text]
}

/** Whether a text says what something without unknowns is: `3 \cdot 6 = 18`. */
function isComputed(text: string): boolean {
  const [left, ...rest] = sidesOf(text) as [string, ...string[]]
  return rest.length > 0 && left !== '' && !/[a-zA-Zα-ωΑ-Ω]/.test(left.replace(computation, ''))
}
