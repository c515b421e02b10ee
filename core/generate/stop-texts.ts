import type { Tokenizer } from '../tokenizer/tokenizer.ts'
import { stopTextAt } from './stops.ts'
import { decodeNext, noPendingText, type PendingText } from './text-decoder.ts'

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
