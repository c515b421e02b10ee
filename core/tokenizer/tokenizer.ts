import { z } from 'zod'

/** One turn of a conversation, as a chat template takes it. */
export interface ChatMessage {
  role: 'system' | 'user' | 'assistant'
  content: string
}

/** Turns text into the ids a model reads and back. Which library does it is not this folder's concern. */
export interface Tokenizer {
  /** Ids of a text: the text of a special token becomes that token, and none is added. */
  encode(text: string): number[]
  /**
   * Ids of a text that is a whole prompt, in no chat template: before it stands the token that begins a sequence, where the
   * tokenizer's files ask for one. The text of a special token becomes that token.
   */
  encodeRaw(text: string): number[]
  /** Text of ids, special tokens left out. Bytes that are no UTF-8 become U+FFFD; ids without a token have no text. */
  decode(ids: readonly number[]): string
  /** Text of one token alone, special tokens shown by name. A token that holds part of a character shows U+FFFD. */
  tokenText(id: number): string
  /**
   * The conversation in the model's chat template, up to where the model's answer begins.
   * Throws an InputError when the model has no template or its template refuses the messages.
   */
  renderChat(messages: readonly ChatMessage[]): string
  /**
   * Ids of the rendered conversation. Control tokens are those that the template writes: a message that names one
   * (`<|im_end|>` in a problem's text) is encoded as the characters it consists of, so no data can end its own turn.
   */
  encodeChat(messages: readonly ChatMessage[]): number[]
  /** Whether a system message gets into the prompt: a template may refuse one, or leave it out. */
  takesSystemMessage(): boolean
  /** Names of the arguments that its chat template was given and never looks at. */
  unreadArguments(): string[]
  /** One more than the highest id with a token. A model's logits may have more rows, which are padding. */
  readonly vocabularySize: number
}

/** What a tokenizer and its chat template say of where an answer ends. */
export interface TokenizerEnds {
  /** The tokenizer's own end of text; null where it names none. */
  readonly eosId: number | null
  /** The token that the chat template writes after what the assistant said; null where it writes none. */
  endOfTurnId(): number | null
}

/** Ids whose text is not whole yet, behind the one before them, and how much of their text was given already. */
export interface PendingText {
  readonly ids: readonly number[]
  readonly shownLength: number
}

/** What is pending before the first id. */
export const noPendingText: PendingText = { ids: [], shownLength: 0 }

/** The text that becomes certain with one id more ('' while a character is incomplete), and what is pending then. */
export function decodeNext(
  decode: Tokenizer['decode'],
  before: PendingText,
  id: number,
): { text: string; pending: PendingText } {
  const ids = [...before.ids, id]
  const text = decode(ids)
  // A decoder writes exactly one U+FFFD for the beginning of a character, so all before it is final.
  const isIncomplete = text.endsWith('\uFFFD')
  const newText = text.slice(before.shownLength, isIncomplete ? -1 : undefined)
  if (isIncomplete)
    return { text: newText, pending: { ids, shownLength: before.shownLength + newText.length } }
  // A decoder may leave out a space before the first token, and none before one that follows another.
  const ofLast = decode([id]).length
  const pending = ofLast === 0 ? { ids, shownLength: text.length } : { ids: [id], shownLength: ofLast }
  return { text: newText, pending }
}

/**
 * Decodes ids one at a time, to show them while they are generated. A character may be spread over several tokens, so the text
 * of a token alone is not what a terminal should print; all returned texts joined are `tokenizer.decode` of all ids.
 */
export function createTextDecoder({ decode }: Pick<Tokenizer, 'decode'>) {
  let pending = noPendingText
  return {
    /** Text that became certain with this id: '' while a character is incomplete. */
    push(id: number): string {
      const next = decodeNext(decode, pending, id)
      pending = next.pending
      return next.text
    },
    /** What is left at the end: U+FFFD for a character that never became complete, else ''. */
    flush(): string {
      const rest = decode(pending.ids).slice(pending.shownLength)
      pending = noPendingText
      return rest
    },
  }
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
  const places = Array.from(wanted, found => ({ found, at: text.indexOf(found, markAt + mark.length) }))
  const [first] = places
    .filter(({ found, at }) => found !== '' && at !== -1)
    .sort((a, b) => a.at - b.at || b.found.length - a.found.length)
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
