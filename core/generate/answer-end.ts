import {
  decodeNext,
  noPendingText,
  type PendingText,
  type Tokenizer,
  type TokenizerEnds,
} from '../tokenizer/tokenizer.ts'

/** Who says that a token ends an answer. */
export type StopSource =
  | 'generation_config.json'
  | 'config.json'
  | 'the GGUF file'
  | 'tokenizer'
  | 'chat template'
  | '--stop-token'
  | '--stop'

/** A token that ends an answer. */
export interface StopToken {
  id: number
  /** Null without a tokenizer. */
  text: string | null
  from: StopSource[]
}

/** What ends an answer before its limit. */
export interface Stops {
  tokens: readonly StopToken[]
  /** The answer ends where its text holds one of these, and before it; sorted. */
  texts: readonly string[]
}

/** What a model's files say: null where a file is missing or does not say, none where it says that nothing ends an answer. */
export interface StatedEnds {
  config: readonly number[] | null
  generationConfig: readonly number[] | null
  /** Whether `config` is what the metadata of a file in GGUF say. */
  isGguf?: boolean
}

/** A source, and the tokens that it says end an answer. */
export type SaidStops = readonly [StopSource, readonly number[]]

/**
 * The tokens at which a model ends its answers, by who says so: those of its configs, the tokenizer's own, and the end of
 * turn of the chat template where `ends.endOfTurnId` is there to ask. A chat model that was made from a base model often has
 * the base model's in its configs, and never ends an answer by them. None where generation_config.json or, where that does
 * not say, config.json states null: then an answer runs to the limit.
 */
export function modelStops(
  { config, generationConfig, isGguf = false }: StatedEnds,
  ends: Partial<TokenizerEnds>,
): SaidStops[] {
  if ((generationConfig ?? config)?.length === 0) return []
  const only = (id: number | null | undefined) => (id == null ? [] : [id])
  return [
    ['generation_config.json', generationConfig ?? []],
    [isGguf ? 'the GGUF file' : 'config.json', config ?? []],
    ['tokenizer', only(ends.eosId)],
    ['chat template', only(ends.endOfTurnId?.())],
  ]
}

/** Each token once, with all who name it, in the order in which they are named. */
export function stopTokens(
  said: readonly SaidStops[],
  tokenText: ((id: number) => string) | null,
): StopToken[] {
  const byId = new Map<number, StopToken>()
  for (const [source, ids] of said)
    for (const id of new Set(ids)) {
      const token = byId.get(id) ?? { id, text: tokenText?.(id) || null, from: [] }
      token.from.push(source)
      byId.set(id, token)
    }
  return [...byId.values()]
}

/** What ends answers, in words. */
export function describeStops({ tokens, texts }: Stops): string {
  const named = tokens.map(({ id, text, from }) => `${text ?? 'token'} ${id} (${from.join(', ')})`)
  const quoted = texts.map(text => `the text ${JSON.stringify(text)}`)
  const all = [...named, ...quoted]
  return all.length === 0 ? 'nothing ends an answer but the limit' : `answers end at ${all.join(', ')}`
}

/**
 * The text of an answer: that of its tokens without the one that ended it, up to the first of the texts that end one.
 */
export function answerText(
  decode: Tokenizer['decode'],
  ids: readonly number[],
  stopIds: ReadonlySet<number>,
  stopTexts: readonly string[],
): string {
  const ended = ids.length > 0 && stopIds.has(ids.at(-1)!)
  const text = decode(ended ? ids.slice(0, -1) : ids)
  return text.slice(0, stopTextAt(text, stopTexts))
}

/** Where in a text the first of these stands; its length where none does. */
export function stopTextAt(text: string, stopTexts: readonly string[]): number {
  return stopTexts.reduce((least, stop) => {
    const at = text.indexOf(stop)
    return at === -1 ? least : Math.min(least, at)
  }, text.length)
}

/** Texts that end an answer, and what makes text of its tokens. */
export interface StopTexts {
  texts: readonly string[]
  decode: Tokenizer['decode']
}

/** How far the text of an answer is known, and as much of its end as a stop text may begin in. Plain data: beams share it. */
export interface TextTail {
  pending: PendingText
  end: string
}

/** The tail of no tokens. */
export const emptyTail: TextTail = { pending: noPendingText, end: '' }

/**
 * The tail with one token more, and whether a stop text is in the answer now. It follows from the tokens alone, however
 * they come, and a stop text may be spread over several or be a part of one.
 */
export function nextTail(
  tail: TextTail,
  id: number,
  { texts, decode }: StopTexts,
): { tail: TextTail; isFound: boolean } {
  const { text, pending } = decodeNext(decode, tail.pending, id)
  const end = tail.end + text
  const longest = texts.reduce((most, stop) => Math.max(most, stop.length), 0)
  return {
    tail: { pending, end: longest > 1 ? end.slice(1 - longest) : '' },
    isFound: texts.some(stop => end.includes(stop)),
  }
}

/** An answer's tokens up to the one in which a stop text begins, if its text holds one. */
export function idsUpToStop(ids: readonly number[], { texts, decode }: StopTexts): readonly number[] {
  const text = decode(ids)
  const at = stopTextAt(text, texts)
  if (at === text.length) return ids
  let count = ids.length
  while (count > 0 && decode(ids.slice(0, count - 1)).length >= at) count--
  return ids.slice(0, count)
}
