import { findMath, type MathSegment } from './latex-text.ts'

/** One piece of a text in prose, plain notation and LaTeX. */
export interface ProseToken {
  /**
   * A math segment, a number with what is glued to it, an unknown or a function's name, a LaTeX command with its arguments, an
   * operator, what stands behind an operand (% ° ! ²), a currency, brackets, a comma or semicolon, any other word, the end of a
   * sentence, a line break, anything else.
   */
  kind:
    | 'math'
    | 'number'
    | 'name'
    | 'command'
    | 'operator'
    | 'postfix'
    | 'currency'
    | 'open'
    | 'close'
    | 'separator'
    | 'word'
    | 'end'
    | 'line'
    | 'other'
  /** Of a math segment its content, else the text itself. */
  text: string
  start: number
  end: number
  /** Whether white space stands before it. */
  isSpaced: boolean
}

type Kind = ProseToken['kind']

const functionNames =
  'arcsin|arccos|arctan|sinh|cosh|tanh|sin|cos|tan|cot|sec|csc|log|ln|exp|sqrt|cbrt|pi|theta|alpha|beta|infinity|gcd|lcm'
const units = 'cm|mm|km|kg|mg|ml|mL|ft|in|hrs?|mph|lbs?|oz|min|sec|am|pm|AM|PM|kW|mi'
const digits = String.raw`\d{0,20}\.\d{0,20}\\overline ?\{\d{1,40}\}|(?:\d{1,3}(?:(?:,|\{,\}|,\\!)\d{3})+(?!\d)|\d+)(?:\.\d+(?:\.\.\.|…)?)?|\.\d+|\d*[½¼¾⅐-⅞]`

/** What a token begins with, in the order in which it is tried. */
const lexemes: [Kind, RegExp][] = [
  // A number inside a word: 18-year-old, 4B, QX4B, H2O.
  ['word', new RegExp(String.raw`\d[\d,.]{0,20}-(?!(?:${functionNames})\b)[A-Za-z]{2,}[\w-]*`, 'y')],
  [
    'number',
    new RegExp(
      String.raw`(?:${digits})(?:[eE][-+]?\d{1,6}|(?:st|nd|rd|th)|(?:${units})(?:\^?[23²³])?)(?![A-Za-z\d])`,
      'y',
    ),
  ],
  [
    'word',
    new RegExp(
      String.raw`\d{1,20}(?!(?:${functionNames})|[a-z]{1,3}(?![A-Za-z\d]))(?:[A-Za-z]+[A-Za-z\d]*)`,
      'y',
    ),
  ],
  ['number', new RegExp(digits, 'y')],
  ['word', /[ap]\.m\.|(?:e\.g|i\.e|etc|vs|approx|resp)\./iy],
  [
    'name',
    new RegExp(
      String.raw`(?:${functionNames})(?=[({^_\d\\]|\s?(?:[\d√(]|[a-zA-Z]\b)|$)|(?:pi|infinity|theta)\b`,
      'y',
    ),
  ],
  [
    'name',
    /[A-Z]{2,4}(?=\s?=)|[a-zA-Z]\d(?=\s?=)|[a-zA-Z](?![\p{L}\d'’])'?|[a-zA-Z](?=')'(?=[(\s=])|[α-ωΑ-Ω∞∅ℝ]/uy,
  ],
  ['word', /[\p{L}\p{M}][\p{L}\p{M}\d'’]*(?:-[\p{L}\d]+)*/uy],
  ['postfix', /\\?%|°|[²³¹⁰⁴-⁹ⁿ₀-₉]+/y],
  ['postfix', /!+(?=[\s+\-*/=)^,.;!?]|$)/y],
  ['end', /[.?!…]+(?=["'”’)*\]]*(?:\s|$))/y],
  ['currency', /\\?\$(?=\s?[\d.\\-])|[€£¥]|\\\$/y],
  ['open', /\\\{|[([⟨]/y],
  ['close', /\\\}|[)\]}⟩]/y],
  ['separator', /[,;]/y],
  ['other', /[=-]+>|[→⇒⟶⟹]/y],
  ['operator', /<=|>=|!=|\+\/-|[-+*/^_=<>≤≥≠≈±×÷·⋅√∛|∪∩∈~−–]/y],
  ['operator', /(?<=\d\s?):(?=\s?\d)/y],
  ['line', /\\\\/y],
]
const space = /(?:[ \t\r\u00A0]|\\[,;:! ])+/y
const command = /\\[a-zA-Z]+\*?/y

/** Takes a text of bounded length apart. */
export function tokeniseProse(text: string): { tokens: ProseToken[]; isOpen: boolean } {
  const { segments, isOpen } = findMath(text)
  const tokens: ProseToken[] = []
  let at = 0
  let isSpaced = false
  let segment = 0
  const push = (kind: Kind, end: number, content?: string) => {
    tokens.push({ kind, text: content ?? text.slice(at, end), start: at, end, isSpaced })
    at = end
    isSpaced = false
  }
  while (at < text.length) {
    const found: MathSegment | undefined = segments[segment]
    if (found !== undefined && found.start <= at) {
      segment++
      if (found.start === at) push('math', found.end, found.content)
      continue
    }
    const blank = matchAt(space, text, at)
    if (blank !== null) {
      at += blank.length
      isSpaced = true
    } else if (text[at] === '\n') push('line', at + 1)
    else {
      const name = matchAt(command, text, at)
      if (name !== null) {
        const end = argumentsEnd(text, at + name.length)
        const kind = /^\\f?(?:rame)?box/.test(name) ? 'other' : 'command'
        push(end === null ? 'open' : kind, end ?? at + name.length)
        continue
      }
      if (text[at] === '{') {
        const end = groupEnd(text, at)
        push(end === null ? 'open' : 'command', end ?? at + 1)
        continue
      }
      const lexeme = lexemes.find(([, pattern]) => matchAt(pattern, text, at) !== null)
      if (lexeme === undefined) push('other', at + 1)
      else push(lexeme[0], at + matchAt(lexeme[1], text, at)!.length)
    }
  }
  return { tokens, isOpen }
}

function matchAt(pattern: RegExp, text: string, at: number): string | null {
  pattern.lastIndex = at
  const match = pattern.exec(text)
  return match === null || match[0] === '' ? null : match[0]
}

/** Where the arguments of a command end; null if one does not close. */
function argumentsEnd(text: string, from: number): number | null {
  let at = from
  for (;;) {
    const next = /^\s?(?=\{)|^(?=\[[^[\]\n]{0,20}\]\{)/.exec(text.slice(at, at + 40))
    if (next === null) return at
    const end =
      text[at + next[0].length] === '[' ? text.indexOf(']', at) + 1 : groupEnd(text, at + next[0].length)
    if (end === null) return null
    at = end
  }
}

/** Where the group of the brace at a place ends; null if it does not within a thousand characters. */
function groupEnd(text: string, at: number): number | null {
  let depth = 0
  const limit = Math.min(text.length, at + 1_000)
  for (let index = at; index < limit; index++) {
    const sign = text[index]
    if (sign === '\\') index++
    else if (sign === '{') depth++
    else if (sign === '}' && --depth === 0) return index + 1
  }
  return null
}
