import type { TokenColumns } from '../../core/record/token.ts'
import { threeDigits } from '../data/measures.ts'
import { h } from '../dom.ts'
import { inlineText } from '../text/visible-text.ts'

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
  const choices = Array.from(ids, (id, rank): TokenChoice => {
    const probability = Math.exp(tokens.topLogprobs[index]![rank]!)
    return { kind: id === chosenId ? 'chosen' : 'likely', id, rank, probability }
  })
  let rest = tokens.tailMass[index]!
  if (!choices.some(choice => choice.kind === 'chosen')) {
    const probability = Math.exp(tokens.logprob[index]!)
    choices.push({ kind: 'chosen', id: chosenId, rank: tokens.rank[index]!, probability })
    rest = Math.max(0, rest - probability)
  }
  return [...choices, { kind: 'rest', id: null, rank: null, probability: rest }]
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

/** An empty bar of a choice, with what stands at its end. */
export function makeBar(end: HTMLElement): HTMLElement {
  const part = (name: string, within?: HTMLElement) => h('span', { class: `choice-${name}` }, within)
  return h('li', { class: 'choice' }, part('name'), part('track', part('fill')), part('value'), end)
}

/** Shows a choice in a bar that `makeBar` made. */
export function fillBar(
  bar: HTMLElement,
  { kind, id, rank, probability }: TokenChoice,
  text: string | null,
): void {
  const [name, track, value] = bar.children as unknown as [HTMLElement, HTMLElement, HTMLElement]
  bar.className = `choice choice-${kind}`
  name.textContent = kind === 'rest' ? 'all others' : text === null ? `#${id}` : inlineText(text, 16)
  name.title = kind === 'rest' ? 'Probability outside of these' : `id ${id}, rank ${rank}`
  ;(track.firstElementChild as HTMLElement).style.transform = `scaleX(${Math.min(1, probability)})`
  value.textContent = percent(probability)
  if (kind === 'chosen') bar.setAttribute('aria-current', 'true')
  else bar.removeAttribute('aria-current')
}

/** A probability as 93.1 %, 0.02 % or < 0.01 %: three digits, never 100 % of what is not all. */
export function percent(probability: number): string {
  const share = probability * 100
  if (share < 100 && share > 99.95) return '> 99.9 %'
  return `${share > 0 && share < 0.01 ? '< 0.01' : threeDigits(share)} %`
}
