import type { Tokenizer } from '../tokenizer/tokenizer.ts'

/** Ids whose text is not whole yet, and how much of it was given already. */
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
  return {
    text: newText,
    pending: isIncomplete ? { ids, shownLength: before.shownLength + newText.length } : noPendingText,
  }
}

/** Shows ids as text while they are generated. */
export interface TextDecoder {
  /** Text that became certain with this id: '' while a character is incomplete. */
  push(id: number): string
  /** What is left at the end: U+FFFD for a character that never became complete, else ''. */
  flush(): string
}

/**
 * Decodes ids one at a time. A character may be spread over several tokens, so the text of a token alone is not what
 * a terminal should print; all returned texts joined are `tokenizer.decode` of all ids.
 */
export function createTextDecoder({ decode }: Pick<Tokenizer, 'decode'>): TextDecoder {
  let pending = noPendingText
  return {
    push(id) {
      const next = decodeNext(decode, pending, id)
      pending = next.pending
      return next.text
    },
    flush() {
      const rest = decode(pending.ids).slice(pending.shownLength)
      pending = noPendingText
      return rest
    },
  }
}
