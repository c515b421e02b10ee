import type { Tokenizer } from './tokenizer.ts'

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
export function createTextDecoder(tokenizer: Pick<Tokenizer, 'decode'>): TextDecoder {
  let pendingIds: number[] = []
  let shownLength = 0

  return {
    push(id) {
      pendingIds.push(id)
      const text = tokenizer.decode(pendingIds)
      // A decoder writes exactly one U+FFFD for the beginning of a character, so all before it is final.
      const isIncomplete = text.endsWith('\uFFFD')
      const newText = text.slice(shownLength, isIncomplete ? -1 : undefined)
      if (isIncomplete) shownLength += newText.length
      else reset()
      return newText
    },
    flush() {
      const rest = tokenizer.decode(pendingIds).slice(shownLength)
      reset()
      return rest
    },
  }

  function reset(): void {
    pendingIds = []
    shownLength = 0
  }
}
