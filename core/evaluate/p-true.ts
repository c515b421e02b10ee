import type { FollowUp, Generation } from '../generate/generate.ts'
import type { ChatMessage, Tokenizer } from '../generate/tokenizer.ts'
import { InputError } from '../input-error.ts'

/** What the model says of its own answer when asked (Kadavath et al. 2022, arXiv 2207.05221). */
export interface PTrue {
  /** P(A) / (P(A) + P(B)), A standing for true; null where the second prompt did not fit or failed. */
  pTrue: number | null
  /** P(A) and P(B) themselves: how much of the probability the two letters have. */
  pTrueProbabilities: { true: number; false: number } | null
}

/** The conversation that asks whether an answer is true. */
export function pTrueMessages(problem: string, answer: string): ChatMessage[] {
  const content =
    `A problem and an answer that was proposed for it follow.\n\nProblem:\n${problem}\n\nProposed answer:\n${answer}\n\n` +
    'Is the proposed answer true or false?\nA) True\nB) False\nReply with the letter alone.'
  return [{ role: 'user', content }]
}

/**
 * The second prompt of a problem, without its answer: the model's own tokens take their place as they are. Where they
 * stand is found from two renderings whose answers differ.
 */
export function pTrueFollowUp(problem: string, tokenizer: Tokenizer): FollowUp {
  const [one, other] = ['x', '7'].map(answer => tokenizer.encodeChat(pTrueMessages(problem, answer))) as [
    number[],
    number[],
  ]
  const shortest = Math.min(one.length, other.length)
  let first = 0
  while (first < shortest && one[first] === other[first]) first++
  let last = 0
  while (last < shortest - first && one.at(-1 - last) === other.at(-1 - last)) last++
  return { before: one.slice(0, first), after: one.slice(one.length - last) }
}

/** Ids of the letters that stand for true and false. Throws InputError where they begin with one and the same token. */
export function pTrueIds(tokenizer: Tokenizer): number[] {
  const ids = ['A', 'B'].map(letter => tokenizer.encode(letter)[0]!)
  if (ids[0] === ids[1])
    throw new InputError(
      `--p-true: the tokenizer has no tokens of their own for A and B (both are ${ids[0]}); leave it out`,
    )
  return ids
}

/** p(True) of an answer from the log-probabilities of the two letters. */
export function pTrueOf({ watchedLogprobs }: Generation): PTrue {
  if (!watchedLogprobs) return { pTrue: null, pTrueProbabilities: null }
  const [logTrue = 0, logFalse = 0] = watchedLogprobs
  return {
    pTrue: 1 / (1 + Math.exp(logFalse - logTrue)),
    pTrueProbabilities: { true: Math.exp(logTrue), false: Math.exp(logFalse) },
  }
}
