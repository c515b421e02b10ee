import { z } from 'zod'

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
