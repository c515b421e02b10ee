import { z } from 'zod'
import type { ChatMessage, Tokenizer } from '../tokenizer/tokenizer.ts'

/** Who says that a token ends an answer. */
export type StopSource =
  | 'generation_config.json'
  | 'config.json'
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

/** What a tokenizer and its chat template say of where an answer ends. */
export interface TokenizerEnds {
  /** The tokenizer's own end of text; null where it names none. */
  readonly eosId: number | null
  /** The token that the chat template writes after what the assistant said; null where it writes none. */
  endOfTurnId(): number | null
}

/** What a model's files say: null where a file is missing or does not say, none where it says that nothing ends an answer. */
export interface StatedEnds {
  config: readonly number[] | null
  generationConfig: readonly number[] | null
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
  { config, generationConfig }: StatedEnds,
  ends: Partial<TokenizerEnds>,
): SaidStops[] {
  if ((generationConfig ?? config)?.length === 0) return []
  const only = (id: number | null | undefined) => (id == null ? [] : [id])
  return [
    ['generation_config.json', generationConfig ?? []],
    ['config.json', config ?? []],
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

const eosField = z.looseObject({
  eos_token: z.union([z.string(), z.looseObject({ content: z.string() })]).nullable(),
})

/**
 * The end of text that a tokenizer_config.json or a special_tokens_map.json names; null where it names none, undefined where
 * it does not say.
 */
export function eosTokenOf(json: object): string | null | undefined {
  const { data } = eosField.safeParse(json)
  return typeof data?.eos_token === 'object' ? (data.eos_token?.content ?? null) : data?.eos_token
}

/** The first of these texts behind `mark`, where that stands last; of two at one place the longer. Null without one. */
export function firstBehind(text: string, mark: string, wanted: Iterable<string>): string | null {
  const markAt = text.lastIndexOf(mark)
  if (markAt === -1) return null
  let first: { at: number; found: string } | null = null
  for (const found of wanted) {
    const at = found === '' ? -1 : text.indexOf(found, markAt + mark.length)
    if (at === -1) continue
    if (!first || at < first.at || (at === first.at && found.length > first.found.length))
      first = { at, found }
  }
  return first?.found ?? null
}

/**
 * The end of turn of a chat template: the first of a tokenizer's added tokens that it writes after an assistant's answer or,
 * where it writes none after the last one or takes no conversation that ends with one, between an answer and the next
 * question. Null where there is none.
 */
export function endOfTurn(
  render: (messages: readonly ChatMessage[]) => string,
  tokens: readonly string[],
): string | null {
  const answer = 'answer-of-the-assistant'
  const next = 'question-that-follows'
  const turns: ChatMessage[] = [
    { role: 'user', content: 'question' },
    { role: 'assistant', content: answer },
    { role: 'user', content: next },
  ]
  const firstIn = (messages: readonly ChatMessage[]) => {
    try {
      const text = render(messages)
      const nextAt = text.lastIndexOf(next)
      return firstBehind(nextAt === -1 ? text : text.slice(0, nextAt), answer, tokens)
    } catch {
      return null
    }
  }
  return firstIn(turns.slice(0, 2)) ?? firstIn(turns)
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
