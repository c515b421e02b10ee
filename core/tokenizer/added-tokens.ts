import { z } from 'zod'
import { InputError } from '../input-error.ts'

/** A token beside the vocabulary that text may name: where it stands in a text it is one token, whatever is around it. */
export interface AddedToken {
  id: number
  content: string
  /** Left out of decoded text, and never made from the text of a message. */
  special: boolean
  /** Takes the white space before it with it. */
  lstrip: boolean
  /** Takes the white space behind it with it. */
  rstrip: boolean
  /** Only where no letter or digit touches it. */
  single_word: boolean
  /** Looked for in normalised text. */
  normalized: boolean
}

/** An added token as the files state it, without its id; what is left out has the library's defaults. */
export const addedTokenFields = z
  .looseObject({
    content: z.string(),
    special: z.boolean().default(false),
    lstrip: z.boolean().default(false),
    rstrip: z.boolean().default(false),
    single_word: z.boolean().default(false),
    normalized: z.boolean().optional(),
  })
  .transform(({ content, special, lstrip, rstrip, single_word, normalized = !special }) => {
    return { content, special, lstrip, rstrip, single_word, normalized }
  })

/** A token that a file asks for; of one that is known already, what is not stated stays as it was. */
export type StatedToken = Pick<AddedToken, 'content'> & Partial<Omit<AddedToken, 'id'>>

/**
 * The added tokens of a tokenizer: those that it lists with their ids and, in order, those that other files state. One that
 * is new has the id that the vocabulary gives it, else the next one free, as Transformers numbers them.
 */
export function gatherAddedTokens(
  vocab: Readonly<Record<string, number>>,
  listed: readonly AddedToken[],
  stated: readonly StatedToken[],
): AddedToken[] {
  const tokens = new Map(listed.map(token => [token.content, token]))
  let nextId = listed.reduce((next, { id }) => Math.max(next, id + 1), Object.keys(vocab).length)
  for (const token of stated) {
    const known = tokens.get(token.content)
    const id = known?.id ?? (Object.hasOwn(vocab, token.content) ? vocab[token.content]! : nextId++)
    tokens.set(token.content, { ...(known ?? addedTokenFields.parse(token)), ...token, id })
  }
  return [...tokens.values()]
}

/** A text's parts in order: ids of added tokens, and the text between them. */
export type TextPart = number | string

/**
 * Finds added tokens in a text as Hugging Face's tokenizers do: the leftmost, and of those that begin there the longest;
 * first those that stand in the text as it is, then, in what is left and normalised, those that are normalised too.
 */
export function createAddedTokenSplitter(
  tokens: readonly AddedToken[],
  normalise: (text: string) => string,
): (text: string) => TextPart[] {
  const inText = createFinder(tokens.filter(token => !token.normalized && token.content !== ''))
  const inNormalised = createFinder(
    tokens
      .filter(token => token.normalized)
      .map(token => ({ ...token, content: normalise(token.content) }))
      .filter(token => token.content !== ''),
  )
  return text =>
    inText(text)
      .flatMap(part => (typeof part === 'string' ? inNormalised(normalise(part)) : part))
      .filter(part => part !== '')
}

function createFinder(tokens: AddedToken[]): (text: string) => TextPart[] {
  if (tokens.length === 0) return text => [text]
  const byContent = new Map(tokens.map(token => [token.content, token]))
  const pattern = anyOf([...byContent.keys()])
  return text => {
    const parts: TextPart[] = []
    let last = 0
    for (const { 0: content, index } of text.matchAll(pattern)) {
      const token = byContent.get(content)!
      const end = index + content.length
      if (token.single_word && isTouched(text, index, end)) continue
      let before = index
      if (token.lstrip) while (before > last && isSpace(text, before - 1)) before--
      parts.push(text.slice(last, Math.max(last, before)), token.id)
      last = end
      if (token.rstrip) while (last < text.length && isSpace(text, last)) last++
    }
    parts.push(text.slice(last))
    return parts
  }
}

/** Whether a letter or digit stands right before or behind a part of a text. */
function isTouched(text: string, start: number, end: number): boolean {
  const before = text.slice(Math.max(0, start - 2), start)
  return /[\p{L}\p{M}\p{N}_]$/u.test(before) || /^[\p{L}\p{M}\p{N}_]/u.test(text.slice(end, end + 2))
}

function isSpace(text: string, at: number): boolean {
  return /\p{White_Space}/u.test(text[at]!)
}

/** Matches any of these texts, where several begin at one place the longest. Matches nothing where there are none. */
export function anyOf(texts: readonly string[]): RegExp {
  const longestFirst = [...texts].sort((a, b) => b.length - a.length)
  // With the flag u nothing may be escaped that needs no escaping: a hyphen, as in <|fim-prefix|>, does not.
  const escaped = longestFirst.map(text => text.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&'))
  return new RegExp(escaped.length === 0 ? '(?!)' : escaped.join('|'), 'gu')
}

/** A piece of a rendered text: what a template wrote with the messages in it, or the name of a control token in a message. */
export interface RenderedPiece {
  text: string
  isQuoted: boolean
}

/**
 * Matches the tokens that only a template may write: the special ones, and those added tokens that it writes by itself,
 * special or not (`<｜User｜>` and `<think>` of R1-Distill are not). White space among them is text like any other.
 */
export function findControlTokens(tokens: readonly AddedToken[], written: string): RegExp {
  const contents = tokens.filter(({ special }) => !special).map(({ content }) => content)
  const there = textsWithin(written, contents)
  const isControl = ({ special, content }: AddedToken) =>
    special || (content.trim() !== '' && there.has(content))
  return anyOf(tokens.filter(isControl).map(({ content }) => content))
}

/** Above so many texts, it is quicker to look up each part of the whole that is as long as one of them. */
const manyTexts = 1_000
/** Characters that are compared to find texts within another. */
const mostCompared = 1_000_000_000

/** Those of some texts that stand in another. Throws InputError where that would take too long. */
function textsWithin(whole: string, texts: readonly string[]): ReadonlySet<string> {
  const lengths = [...new Set(texts.map(({ length }) => length))].filter(length => length > 0)
  if (texts.length <= manyTexts) return new Set(texts.filter(text => whole.includes(text)))
  // A part is made, and compared with those of the same hash, in some hundred times as long as a character is.
  const partsCost = lengths.reduce((sum, length) => sum + length + 100, 0) * whole.length
  if (Math.min(partsCost, texts.length * whole.length) > mostCompared)
    throw new InputError(
      `${texts.length} added tokens of ${lengths.length} lengths are looked for in ${whole.length} characters of a chat template; use a tokenizer with fewer`,
    )
  if (partsCost > texts.length * whole.length) return new Set(texts.filter(text => whole.includes(text)))
  const wanted = new Set(texts)
  const there = new Set<string>()
  for (const length of lengths)
    for (let at = 0; at + length <= whole.length; at++) {
      const part = whole.slice(at, at + length)
      if (wanted.has(part)) there.add(part)
    }
  return there
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
  const cut = new RegExp(`${start}([^${start}${end}]*)${end}|[${start}${end}]`, 'u')
  const isControl = (text: string) => text.match(control)?.[0] === text
  const marked = render(texts.map(text => text.replaceAll(control, name => start + name + end)))
    .split(cut)
    .map((text = '', index) => ({ text, isQuoted: index % 2 === 1 && isControl(text) }))
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
