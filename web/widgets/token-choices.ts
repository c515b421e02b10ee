import type { TokenColumns } from '../../core/formats/run-columns.ts'

/** One bar of a token's distribution. */
export interface TokenChoice {
  kind: 'likely' | 'chosen' | 'rest'
  /** Null for the rest. */
  id: number | null
  /** 0 is the likeliest; null for the rest. */
  rank: number | null
  probability: number
}

/**
 * The distribution that a token was chosen from, as bars: the top k; the chosen token by itself where it is not among
 * them; and what is left outside of all these. The probabilities add up to 1 but for rounding.
 */
export function tokenChoices(tokens: TokenColumns, index: number): TokenChoice[] {
  const chosenId = tokens.tokenId[index]!
  const ids = tokens.topIds[index]!
  const choices = Array.from(
    ids,
    (id, rank): TokenChoice => ({
      kind: id === chosenId ? 'chosen' : 'likely',
      id,
      rank,
      probability: Math.exp(tokens.topLogprobs[index]![rank]!),
    }),
  )
  let rest = tokens.tailMass[index]!
  if (!choices.some(choice => choice.kind === 'chosen')) {
    const probability = Math.exp(tokens.logprob[index]!)
    choices.push({ kind: 'chosen', id: chosenId, rank: tokens.rank[index]!, probability })
    rest = Math.max(0, rest - probability)
  }
  return [...choices, { kind: 'rest', id: null, rank: null, probability: rest }]
}

/** The `count` tokens of the largest values, largest first, of equals the earlier first. */
export function largestTokens(values: ArrayLike<number>, count: number): number[] {
  return Array.from(values, (_, index) => index)
    .sort((a, b) => values[b]! - values[a]! || a - b)
    .slice(0, count)
}

/** Texts by id of what was chosen somewhere in an answer, and of what was likely (`topTexts`). */
export function textsOfIds(tokens: TokenColumns, topTexts: Record<string, string> = {}): Map<number, string> {
  const texts = new Map(Object.entries(topTexts).map(([id, text]) => [Number(id), text]))
  for (let index = 0; index < tokens.tokenId.length; index++) {
    const text = tokens.tokenText[index]
    if (text) texts.set(tokens.tokenId[index]!, text)
  }
  return texts
}
