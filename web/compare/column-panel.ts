import type { TokenColumns } from '../../core/record/token.ts'
import { threeDigits } from '../data/measures.ts'
import { h } from '../dom.ts'
import { inlineText } from '../text/visible-text.ts'
import { endings } from '../widgets/panel.ts'
import { fillBar, makeBar, percent, type TokenChoice, tokenChoices } from '../widgets/token-choices.ts'
import type { Alignment } from './align-answers.ts'
import type { ComparedSample } from './compared-samples.ts'
import type { Comparison, OtherChoice } from './comparison.ts'

/**
 * Makes the panel of the compared answer of that index: its token at a column, and what it was chosen from. `texts` are those
 * known of ids.
 */
export function createColumnPanel(
  answers: readonly ComparedSample[],
  index: number,
  comparison: Comparison,
  texts: ReadonlyMap<number, string>,
) {
  const { sample } = answers[index]!
  const { tokens } = sample
  const letters = answers.map(({ letter }) => letter)
  const tokenOf = comparison.alignment.tokens[index]!
  const title = h('bdi', { class: 'place-token' })
  const facts = h('p', { class: 'place-facts' })
  const bars = h('ol', { class: 'choices' })
  const element = h('div', { class: 'place' }, h('p', { class: 'place-title' }, title), facts, bars)
  return {
    element,
    show(column: number): void {
      const token = tokenOf[column] ?? -1
      if (token === -1) {
        title.textContent = ''
        const isAfter = tokenOf.subarray(column).every(next => next === -1)
        facts.textContent = isAfter
          ? `the answer ${endings[sample.finishReason]?.has ?? 'has ended'} before this place`
          : 'no token beside those of the other answers'
        bars.replaceChildren()
        return
      }
      title.textContent = inlineText(tokens.tokenText[token] ?? `#${tokens.tokenId[token]}`, 30)
      facts.textContent =
        `token ${(token + 1).toLocaleString('en')} of ${tokens.tokenId.length.toLocaleString('en')} · ` +
        `entropy ${threeDigits(tokens.entropyNats[token]!)} nats`
      const choices = columnChoices(tokens, token, comparison.otherChoices(index, column, letters))
      for (const [at, choice] of choices.entries()) {
        const bar =
          (bars.children[at] as HTMLElement | undefined) ??
          bars.appendChild(makeBar(h('span', { class: 'choice-by' })))
        const text = choice.kind === 'chosen' ? tokens.tokenText[token] : texts.get(choice.id ?? -1)
        fillBar(bar, choice, text ?? null)
        const value = bar.children[2]!
        if (choice.isBound) {
          value.textContent = `≤ ${percent(choice.probability)}`
          bar.querySelector<HTMLElement>('.choice-name')!.title =
            `id ${choice.id}, not among the recorded likeliest tokens`
        }
        const by = bar.lastElementChild!
        by.textContent = choice.chosenBy
        by.setAttribute('title', choice.chosenBy && `chosen by ${[...choice.chosenBy].join(' and ')}`)
        bar.classList.toggle('choice-other', choice.chosenBy !== '')
      }
      while (bars.childElementCount > choices.length) bars.lastElementChild!.remove()
    },
  }
}

/** A bar of the distribution in a column, and the other answers that chose it there. */
export interface ColumnChoice extends TokenChoice {
  /** Letters, such as "BD". */
  chosenBy: string
  /** Whether the probability is no more than this: of a token that is not among the recorded ones. */
  isBound: boolean
}

/** Bars but that of the rest: no more in one column than in another, so that what is below stays where it is. */
const mostBars = 5

/**
 * The distribution that a token was chosen from, as few bars: the chosen one, what other answers chose, of the likeliest as
 * many as there is room for, and the rest. What is not among the recorded likeliest is at most as likely as the last of
 * them, and as all others together.
 */
export function columnChoices(
  tokens: TokenColumns,
  token: number,
  others: readonly OtherChoice[],
): ColumnChoice[] {
  const choices = tokenChoices(tokens, token)
  const rest = choices.at(-1)!
  const lettersOf = (id: number | null) =>
    others.flatMap(other => (other.id === id ? [other.letter] : [])).join('')
  const missing = new Set(others.map(({ id }) => id))
  for (const { id } of choices) if (id !== null) missing.delete(id)
  const named = choices
    .slice(0, -1)
    .map(choice => ({ ...choice, chosenBy: lettersOf(choice.id), isBound: false }))
  const isMeant = ({ kind, chosenBy }: ColumnChoice) => kind === 'chosen' || chosenBy !== ''
  let room = mostBars - missing.size - named.filter(isMeant).length
  const shown = named.filter(choice => isMeant(choice) || room-- > 0)
  const recorded = tokens.topLogprobs[token]!
  const least = recorded.length === 0 ? 1 : Math.exp(recorded[recorded.length - 1]!)
  const bound = Math.min(least, rest.probability)
  const unrecorded = Array.from(missing, (id): ColumnChoice => {
    return { kind: 'likely', id, rank: null, probability: bound, chosenBy: lettersOf(id), isBound: true }
  })
  const left = shown.reduce((sum, { probability }) => sum - probability, 1)
  const all = { ...rest, probability: Math.max(0, left), chosenBy: '', isBound: false }
  return [...shown, ...unrecorded, all]
}

/** One line on a column, for a screen reader. */
export function describeColumn(
  answers: readonly ComparedSample[],
  { tokens, alike, count }: Alignment,
  column: number,
): string {
  const parts = answers.map(({ letter, sample }, index) => {
    const token = tokens[index]![column] ?? -1
    if (token === -1) return `${letter}: no token`
    const { tokenText, tokenId, entropyNats } = sample.tokens
    const text = inlineText(tokenText[token] ?? `#${tokenId[token]}`)
    return `${letter}: ${text}, entropy ${threeDigits(entropyNats[token]!)} nats`
  })
  return `Place ${column + 1} of ${count}, ${alike[column] ? 'alike' : 'apart'}. ${parts.join('. ')}.`
}
