import { type AddedToken, anyOf } from './added-tokens.ts'

/** A piece of a rendered text: what a template wrote with the messages in it, or the name of a control token in a message. */
export interface RenderedPiece {
  text: string
  isQuoted: boolean
}

/**
 * Matches the tokens that only a template may write: the special ones, and those added tokens that it writes by itself,
 * special or not (`<｜User｜>` and `<think>` of R1-Distill are not). White space among them is text like any other.
 */
export function findControlTokens(tokens: readonly AddedToken[], writes: (text: string) => boolean): RegExp {
  const isControl = ({ special, content }: AddedToken) =>
    special || (content.trim() !== '' && writes(content))
  return anyOf(tokens.filter(isControl).map(({ content }) => content))
}

/**
 * Renders texts of messages so that names of control tokens which they quote can be told from those that the template
 * writes: two characters that occur nowhere else are put around each, and the rendering is cut at them.
 */
export function renderInPieces(
  texts: readonly string[],
  control: RegExp,
  render: (texts: readonly string[]) => string,
): RenderedPiece[] {
  const rendered = render(texts)
  if (!texts.some(text => text.search(control) !== -1)) return [{ text: rendered, isQuoted: false }]
  const [start, end] = unusedCharacters([...texts, rendered])
  const cut = new RegExp(`${start}(${control.source})${end}|[${start}${end}]`, 'u')
  const marked = render(texts.map(text => text.replaceAll(control, name => start + name + end)))
    .split(cut)
    .map((text = '', index) => ({ text, isQuoted: index % 2 === 1 }))
    .filter(({ text }) => text !== '')
  return withoutTraces(marked, rendered, control)
}

/**
 * The same pieces of the text as it is rendered without marks. A template that looks at what a text begins or ends with, or
 * cuts it, may write something else around a mark; where it writes the same control tokens, they are the same in order.
 * Where not, what was rendered with marks stands: nothing that was quoted has become a control token there.
 */
function withoutTraces(marked: RenderedPiece[], rendered: string, control: RegExp): RenderedPiece[] {
  if (marked.map(({ text }) => text).join('') === rendered) return marked
  const tokens = marked.flatMap(({ text, isQuoted }) =>
    Array.from(text.matchAll(control), ([name]) => ({ name, isQuoted })),
  )
  const found = [...rendered.matchAll(control)]
  if (found.length !== tokens.length || found.some(([name], at) => name !== tokens[at]!.name)) return marked
  const pieces: RenderedPiece[] = []
  let last = 0
  for (const [at, { 0: name, index }] of found.entries()) {
    if (!tokens[at]!.isQuoted) continue
    pieces.push({ text: rendered.slice(last, index), isQuoted: false }, { text: name, isQuoted: true })
    last = index + name.length
  }
  return [...pieces, { text: rendered.slice(last), isQuoted: false }].filter(({ text }) => text !== '')
}

/** Two private-use characters that none of the texts contains. */
function unusedCharacters(texts: readonly string[]): [string, string] {
  const found: string[] = []
  for (let code = 0xf0000; found.length < 2; code++) {
    const character = String.fromCodePoint(code)
    if (!texts.some(text => text.includes(character))) found.push(character)
  }
  return found as [string, string]
}
