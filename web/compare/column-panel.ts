import type { TokenColumns } from '../../core/record/token.ts'
import { threeDigits } from '../data/measures.ts'
import { h } from '../dom.ts'
import { inlineText } from '../text/visible-text.ts'
import { endings } from '../widgets/panel.ts'
import { fillBar, makeBar, percent, type TokenChoice, tokenChoices } from '../widgets/token-choices.ts'
import type { Alignment } from './align-answers.ts'
import type { ComparedSample } from './compared-samples.ts'
import type { Comparison, OtherChoice } from './comparison.ts'

/** What one answer has at a column: its token, and what it was chosen from. */
export interface ColumnPanel {
  element: HTMLElement
  show(column: number): void
}

/** Makes the panel of the compared answer of that index. `texts` are those known of ids. */
export function createColumnPanel(
  answers: readonly ComparedSample[],
  index: number,
  comparison: Comparison,
  texts: ReadonlyMap<number, string>,
): ColumnPanel {
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
    show(column) {
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
        const bar = (bars.children[at] as HTMLElement | undefined) ?? bars.appendChild(makeColumnBar())
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

function makeColumnBar(): HTMLElement {
  const bar = makeBar()
  bar.append(h('span', { class: 'choice-by' }))
  return bar
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
    others
      .filter(other => other.id === id)
      .map(({ letter }) => letter)
      .join('')
  const missing = [...new Set(others.map(({ id }) => id))].filter(
    id => !choices.some(choice => choice.id === id),
  )
  const named = choices
    .slice(0, -1)
    .map(choice => ({ ...choice, chosenBy: lettersOf(choice.id), isBound: false }))
  const isMeant = ({ kind, chosenBy }: ColumnChoice) => kind === 'chosen' || chosenBy !== ''
  let room = mostBars - missing.length - named.filter(isMeant).length
  const shown = named.filter(choice => isMeant(choice) || room-- > 0)
  const recorded = tokens.topLogprobs[token]!
  const least = recorded.length === 0 ? 1 : Math.exp(recorded[recorded.length - 1]!)
  const bound = Math.min(least, rest.probability)
  const unrecorded = missing.map(
    (id): ColumnChoice => ({
      kind: 'likely',
      id,
      rank: null,
      probability: bound,
      chosenBy: lettersOf(id),
      isBound: true,
    }),
  )
  const left = Math.max(
    0,
    shown.reduce((sum, { probability }) => sum - probability, 1),
  )
  return [...shown, ...unrecorded, { ...rest, probability: left, chosenBy: '', isBound: false }]
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
