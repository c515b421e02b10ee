import { formatNumber } from '../../core/figures/format-number.ts'
import { h } from '../dom.ts'
import { fillBar, makeBar, percent } from '../replay/token-panel.ts'
import { inlineText } from '../text/visible-text.ts'
import type { ComparedSample } from './compared-sample.ts'
import type { Comparison } from './comparison.ts'
import { placeChoices } from './place-choices.ts'

/** What one answer has at a column: its token, and what it was chosen from. */
export interface PlacePanel {
  element: HTMLElement
  show(column: number): void
}

const endings: Record<string, string> = {
  stop: 'has ended',
  length: 'was cut at the token limit',
  error: 'failed',
}

/** Makes the panel of the answer at `place` among the compared ones. `texts` are those known of ids. */
export function createPlacePanel(
  answers: readonly ComparedSample[],
  place: number,
  comparison: Comparison,
  texts: ReadonlyMap<number, string>,
): PlacePanel {
  const { sample } = answers[place]!
  const { tokens } = sample
  const letters = answers.map(({ letter }) => letter)
  const tokenOf = comparison.alignment.tokens[place]!
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
          ? `the answer ${endings[sample.finishReason] ?? 'has ended'} before this place`
          : 'no token beside those of the other answers'
        bars.replaceChildren()
        return
      }
      title.textContent = inlineText(tokens.tokenText[token] ?? `#${tokens.tokenId[token]}`, 30)
      facts.textContent =
        `token ${(token + 1).toLocaleString('en')} of ${tokens.tokenId.length.toLocaleString('en')} · ` +
        `entropy ${formatNumber(Number(tokens.entropyNats[token]!.toPrecision(3)))} nats`
      const choices = placeChoices(tokens, token, comparison.otherChoices(place, column, letters))
      for (const [index, choice] of choices.entries()) {
        const bar = (bars.children[index] as HTMLElement | undefined) ?? bars.appendChild(makePlaceBar())
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

function makePlaceBar(): HTMLElement {
  const bar = makeBar()
  bar.append(h('span', { class: 'choice-by' }))
  return bar
}
