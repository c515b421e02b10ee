/** A segment of a text between math delimiters, `$…$`, `$$…$$`, `\(…\)`, `\[…\]`, or a display environment. */
export interface MathSegment {
  /** Where it begins and ends, delimiters included. */
  start: number
  end: number
  contentStart: number
  content: string
}

const environment = String.raw`(?:align(?:ed|at)?|equation|gather(?:ed)?|multline|eqnarray|flalign)\*?\}`
const delimiter = new RegExp(String.raw`\\(begin|end)\{${environment}|\\[\s\S]|\$\$?|\n[ \t\r]{0,200}\n`, 'g')

type Opening = Omit<MathSegment, 'end' | 'content'> & { sign: string }

/**
 * The math segments of a text, in order, and whether one is still open at its end. A `$` before an amount of money opens none.
 * One pass, so the time is linear in the text.
 */
export function findMath(text: string): { segments: MathSegment[]; isOpen: boolean } {
  const segments: MathSegment[] = []
  let open: Opening | null = null
  const begin = (sign: string, start: number, end: number): Opening => ({ sign, start, contentStart: end })
  const close = (opening: Opening, contentEnd: number, end: number) => {
    const { start, contentStart } = opening
    segments.push({ start, end, contentStart, content: text.slice(contentStart, contentEnd) })
    open = null
  }
  for (const { 0: sign, 1: edge, index } of text.matchAll(delimiter)) {
    const end = index + sign.length
    const opened = open as Opening | null
    if (sign.startsWith('\n')) {
      // Inline math ends with its paragraph: what seemed to open it was money, or is broken.
      if (opened?.sign === '$' || opened?.sign === '\\(') open = null
    } else if (edge === 'begin' || sign === '\\(' || sign === '\\[') {
      if (opened === null || opened.sign === '$') open = begin(edge ?? sign, index, end)
    } else if (edge === 'end') {
      if (opened?.sign === 'begin') close(opened, index, end)
    } else if (sign === '\\)' || sign === '\\]') {
      if (opened?.sign === (sign === '\\)' ? '\\(' : '\\[')) close(opened, index, end)
    } else if (sign.startsWith('$')) {
      if (opened === null) open = begin(sign, index, end)
      else if (opened.sign === '$') {
        if (isInlineMath(text, opened.contentStart, index)) {
          close(opened, index, index + 1)
          if (sign === '$$') open = begin('$', index + 1, end)
        } else open = begin(sign, index, end)
      } else if (opened.sign === sign) close(opened, index, end)
    }
  }
  const last = open as Opening | null
  const isMoney = last?.sign === '$' && isAmount(text.slice(last.contentStart, last.contentStart + 100))
  return { segments, isOpen: last !== null && !isMoney }
}

/** Whether what follows a lone `$` is a number with no formula going on behind it: `$18 left`. */
function isAmount(text: string): boolean {
  return /^ ?\d[^\n\\^_{]*(?:\n|$)/.test(text)
}

/** Whether the text between two signs of `$` is math, and not what stands between two amounts: `$5 and $3`. */
function isInlineMath(text: string, start: number, end: number): boolean {
  const content = text.slice(start, Math.min(end, start + 2_000))
  if (content.trim() === '') return false
  const words = content
    .replace(/\\(?:[a-z]*text[a-z]*|mbox|math[a-z]+|operatorname)\*? ?\{[^{}]*\}|\\[a-z]+/gi, ' ')
    .match(/[a-z]{2,}/gi)
  const isAfterNumber = /^\s?\d/.test(content)
  if (isAfterNumber && !content.startsWith(' ') && /(?<!\\)\s$/.test(content)) return false
  if (/\d/.test(text[end + 1] ?? '') && !/[\\=^_]/.test(content)) return false
  return (words?.length ?? 0) < (isAfterNumber ? 2 : 4)
}

const spacing = String.raw`\\[,;:!]|\\ |\\q?quad(?![a-z])|\\(?:thin|med|thick)space(?![a-z])|~|\s|\u00A0`
const leadingSpacing = new RegExp(String.raw`^(?:${spacing}|\\\\(?![a-zA-Z]))+`)

/**
 * Without white space and LaTeX spacing at its ends, and without the punctuation that stands behind such spacing: `\,19\,.` is 19.
 * Trailing spacing is taken off piece by piece, which is linear.
 */
export function trimSpacing(text: string): string {
  let end = text.length
  for (;;) {
    const tail = text.slice(Math.max(0, end - 12), end)
    const piece =
      /(?:(?<!\\)(?:\\\\)+|(?<!\\)(?:\\\\)*(?:\\[,;:!]|\\ |\\q?quad|\\(?:thin|med|thick)space)|[~\s\u00A0]+)$/.exec(
        tail,
      ) ??
      /(?<=(?<!\\)\\[,;:! ]|[~\s]|\\q?quad)[.,;:]$/.exec(tail) ??
      // The half of a `\ ` whose space another hand took off.
      /(?<!\\)\\$/.exec(tail)
    if (piece === null || end === 0) break
    end -= piece[0].length
  }
  return text.slice(0, end).replace(leadingSpacing, '')
}

const argumentCommands =
  'd?frac|tfrac|cfrac|sqrt|text|textbf|mathrm|mathbf|mathbb|mathcal|operatorname|overline|binom|boxed|fbox|begin|end|vec|hat|bar'
const plainCommands =
  'pi|theta|alpha|beta|gamma|lambda|mu|phi|omega|sigma|infty|cdot|times|div|pm|leq?|geq?|neq?|approx|equiv|circ|angle|sin|cos|tan|cot|sec|csc|ln|log|left|right|cup|cap|in|to|quad|qquad|ldots|dots|degree|pmod|mid|sum|prod|int|lim'
const doubledCommand = new RegExp(
  String.raw`(?<!\\)\\\\(?=(?:${argumentCommands})\s?[{[\d]|(?:${plainCommands})(?![a-zA-Z]))`,
  'g',
)
const singleCommand = /(?<!\\)(?:\\\\)*\\(?!\\)/

/**
 * With single backslashes where a text was escaped once too often: `\\frac{5}{6}` is `\frac{5}{6}`. Where every backslash is
 * doubled, all are halved, else only those before the name of a command: a row break `\\` stays.
 */
export function singleBackslashes(text: string): string {
  if (!text.includes('\\\\')) return text
  doubledCommand.lastIndex = 0
  if (!doubledCommand.test(text)) return text
  return singleCommand.test(text) ? text.replace(doubledCommand, '\\') : text.replaceAll('\\\\', '\\')
}

const opening = new Set(['(', '[', '{', '\\{', '\\langle', '\\begin'])
const closing = new Set([')', ']', '}', '\\}', '\\rangle', '\\end'])
const token = /\\[a-zA-Z]+|\\[\s\S]|[\s\S]/g

/** The parts of a text between separators that stand in no bracket; null if its brackets do not close. */
export function splitTopLevel(
  text: string,
  separators: ReadonlySet<string>,
): { parts: string[]; found: string[] } | null {
  const parts: string[] = []
  const found: string[] = []
  let depth = 0
  let start = 0
  for (const { 0: piece, index } of text.matchAll(token)) {
    if (opening.has(piece)) depth++
    else if (closing.has(piece) && --depth < 0) return null
    else if (depth === 0 && separators.has(piece)) {
      parts.push(text.slice(start, index).trim())
      found.push(piece)
      start = index + piece.length
    }
  }
  if (depth !== 0) return null
  parts.push(text.slice(start).trim())
  return { parts, found }
}

/** What stands between a text's first and last character, if these are brackets that belong together. */
export function unbracket(text: string): { open: string; inner: string; close: string } | null {
  const open = /^(?:\\\{|\\langle|[([])/.exec(text)?.[0]
  const close = /(?:\\\}|\\rangle|[)\]])$/.exec(text)?.[0]
  if (open === undefined || close === undefined || text.length < open.length + close.length) return null
  const inner = text.slice(open.length, text.length - close.length).trim()
  return splitTopLevel(inner, new Set()) && { open, inner, close }
}
