import type katex from 'katex'
import { h } from '../dom.ts'

/** A piece of a text: as it is, or a formula without its delimiters. */
interface TextSegment {
  kind: 'text' | 'inline' | 'display'
  text: string
}

// Longer than any formula of an answer; beyond it a stray dollar would swallow pages.
const longestFormula = 4000

const delimiters = [
  { open: '\\[', close: '\\]', kind: 'display' },
  { open: '\\(', close: '\\)', kind: 'inline' },
  { open: '$$', close: '$$', kind: 'display' },
  { open: '$', close: '$', kind: 'inline' },
] as const

/**
 * Finds the mathematics of an answer: `\( \)`, `\[ \]`, `$ $`, `$$ $$`, and a `\boxed{}` that stands in the text by
 * itself. A single dollar opens a formula only before what is no space and closes it only after what is no space and
 * before what is no digit (Pandoc's rule), on one paragraph, so that prices stay text. Joined, the segments hold every
 * character but the delimiters. Linear in the text, since a search for an end is bounded.
 */
export function mathSegments(text: string): TextSegment[] {
  const segments: TextSegment[] = []
  let textStart = 0
  const push = (kind: TextSegment['kind'], start: number, end: number) => {
    if (end > start) segments.push({ kind, text: text.slice(start, end) })
  }
  const opening = /\\\\|\\\$|\\[[(]|\$\$?|\\boxed\s{0,4}\{/g
  for (let match = opening.exec(text); match !== null; match = opening.exec(text)) {
    const open = match[0]
    if (open === '\\\\' || open === '\\$') continue
    const contentStart = match.index + open.length
    if (open.startsWith('\\boxed')) {
      const end = closingBrace(text, contentStart)
      if (end === null) continue
      push('text', textStart, match.index)
      push('inline', match.index, (textStart = end + 1))
    } else {
      const { close, kind } = delimiters.find(delimiter => delimiter.open === open)!
      const end = closingDelimiter(text, contentStart, close)
      if (end === null) continue
      push('text', textStart, match.index)
      push(kind, contentStart, end)
      textStart = end + close.length
    }
    opening.lastIndex = textStart
  }
  push('text', textStart, text.length)
  return segments
}

function closingDelimiter(text: string, start: number, close: string): number | null {
  const window = text.slice(start, start + longestFormula)
  if (close === '$' && /^\s/.test(window)) return null
  for (let at = 0; at < window.length; at++) {
    if (close === '$' && window.startsWith('\n\n', at)) return null
    if (window.startsWith(close, at)) {
      if (close !== '$') return at > 0 ? start + at : null
      if (!/[\s\\]/.test(window[at - 1] ?? ' ') && !/\d/.test(window[at + 1] ?? '')) return start + at
      if (/\s/.test(window[at - 1] ?? '')) return null
    } else if (window[at] === '\\') at++
  }
  return null
}

/** Where the brace that opened just before `start` closes. */
function closingBrace(text: string, start: number): number | null {
  let depth = 1
  const last = Math.min(text.length, start + longestFormula)
  for (let at = start; at < last; at++) {
    if (text[at] === '\\') at++
    else if (text[at] === '{') depth++
    else if (text[at] === '}' && --depth === 0) return at
  }
  return null
}

/** How long typesetting holds the page at a time, in milliseconds. */
const sliceMs = 8

// The text is an answer of a model, or of whoever wrote the run: nothing in it may load, link or style, and none may keep
// the page or bring it down. What is within these bounds is parsed in less than a second and laid out by every browser; no
// formula of an answer comes near them. `mathSegments` finds none that is longer than 4,000 characters.
const options = {
  trust: false,
  strict: 'ignore',
  maxExpand: 500,
  maxSize: 20,
  output: 'htmlAndMathml',
  // What is not trusted is shown in this colour.
  errorColor: 'inherit',
} as const
/** Groups within one another in a formula, each of which is some eight elements. */
const deepestGroup = 24
/** Elements within one another that a formula may become: some commands make groups without braces. */
const deepestElement = 250
/** Cells of its tables, each of which is some sixteen elements. */
const mostCells = 1000
const mostElements = 20_000
/** Elements of all formulas of an answer, with those of formulas that are too large. */
const mostOfAnswer = 50_000

/**
 * Fills `target` with a text and its mathematics typeset by KaTeX, which is fetched the first time. What KaTeX cannot read,
 * and what is too large to be laid out, stands as it was written. Works in slices, so that a long answer does not hold the
 * page, until `signal` stops it.
 */
export async function renderMathematics(
  target: HTMLElement,
  text: string,
  signal: AbortSignal,
): Promise<void> {
  const [{ default: library }] = await Promise.all([import('katex'), import('katex/dist/katex.min.css')])
  if (signal.aborted) return
  target.replaceChildren()
  let sliceEnd = performance.now() + sliceMs
  let elementsLeft = mostOfAnswer
  const newParagraph = () => {
    elementsLeft--
    return target.appendChild(h('p', { dir: 'auto' }))
  }
  const paragraphs = text.split(/\n{2,}/)
  for (const [index, paragraph] of paragraphs.entries()) {
    const block = newParagraph()
    for (const segment of mathSegments(paragraph)) {
      const { node, elements } = elementsLeft > 0 ? renderSegment(library, segment) : asWritten(segment)
      elementsLeft -= elements
      block.append(node)
      if (performance.now() < sliceEnd) continue
      await new Promise(resolve => setTimeout(resolve))
      if (signal.aborted) return
      sliceEnd = performance.now() + sliceMs
    }
    if (elementsLeft > 0) continue
    newParagraph().textContent = paragraphs.slice(index + 1).join('\n\n')
    const note = newParagraph()
    note.className = 'typeset-note'
    note.textContent =
      'There is more mathematics here than a page can show; the rest of it stands as it was written.'
    return
  }
}

/**
 * A segment's node, and how many elements were made for it. By the DOM, never as markup: a strict content security policy lets
 * KaTeX set styles only that way.
 */
function renderSegment(library: typeof katex, segment: TextSegment): ReturnType<typeof asWritten> {
  if (segment.kind === 'text' || !isModest(segment.text)) return asWritten(segment)
  const element = formulaElement(segment.kind)
  try {
    library.render(segment.text, element, { ...options, displayMode: segment.kind === 'display' })
  } catch {
    // It cannot be read. KaTeX's own rendering of an error would set a style that the policy forbids.
    return asWritten(segment)
  }
  const { depth, elements } = measureTree(element)
  if (depth <= deepestElement && elements <= mostElements) return { node: element, elements }
  return { ...asWritten(segment), elements: Math.min(elements, mostElements) }
}

function asWritten({ kind, text }: TextSegment): { node: Node; elements: number } {
  if (kind === 'text') return { node: document.createTextNode(text), elements: 0 }
  return { node: formulaElement(kind, text), elements: 1 }
}

function formulaElement(kind: TextSegment['kind'], text = ''): HTMLElement {
  return h('span', { class: kind === 'display' ? 'formula formula-display' : 'formula' }, text)
}

/**
 * Whether a formula's source is none that takes long to be parsed: it defines no macro, of which 500 expansions may be
 * megabytes, and has neither too deep groups nor too many cells.
 */
export function isModest(formula: string): boolean {
  let [depth, cells] = [0, 0]
  for (const [token] of formula.matchAll(/\\(?:[a-zA-Z@]+|.)|[{}&]/gs)) {
    if (definitions.has(token)) return false
    if (token === '{' || token === '\\left' || token === '\\begin') depth++
    else if (token === '}' || token === '\\right' || token === '\\end') depth--
    else if (token === '&') cells++
    if (depth > deepestGroup || cells > mostCells) return false
  }
  return true
}

const definitions = new Set(
  [
    ...['def', 'gdef', 'edef', 'xdef', 'let', 'futurelet', 'global', 'long'],
    ...['newcommand', 'renewcommand', 'providecommand'],
  ].map(name => `\\${name}`),
)

/** How deep a tree is, and how many elements it has; without recursion, as it may be deeper than the stack. */
function measureTree(root: Element): { depth: number; elements: number } {
  let [depth, elements] = [0, 0]
  let level = [root]
  for (; level.length > 0; depth++) {
    elements += level.length
    level = level.flatMap(element => Array.from(element.children))
  }
  return { depth, elements }
}
