import { formatNumber } from '../../core/figures/format-number.ts'
import type { TokenColumns } from '../../core/formats/run-columns.ts'
import type { TraceSample } from '../../core/formats/trace-reader.ts'
import { runningMeans } from '../data/measures.ts'
import { h } from '../dom.ts'
import { type DisplayUnit, unitOfToken } from '../text/display-units.ts'
import { inlineText } from '../text/visible-text.ts'
import { makeIcon } from '../widgets/icon.ts'
import { type TokenChoice, textsOfIds, tokenChoices } from '../widgets/token-choices.ts'
import type { WhatIfBars } from './create-replay.ts'

/** The panel of one token: what was chosen, from what, how surely. */
export interface TokenPanel {
  element: HTMLElement
  show(token: number, isLocked: boolean): void
  /** After texts of alternatives became known. */
  refreshTexts(): void
}

/** One line on a token, for a screen reader. */
export function tokenSummary(tokens: TokenColumns, units: readonly DisplayUnit[], token: number): string {
  const text = inlineText(tokens.tokenText[token] ?? `#${tokens.tokenId[token]}`)
  const unit = unitOfToken(units, token)
  const part =
    unit && unit.end - unit.start > 1 ? `, part ${token - unit.start + 1} of ${inlineText(unit.text)}` : ''
  return (
    `Token ${token + 1} of ${tokens.tokenId.length}: ${text}${part}. ` +
    `Entropy ${formatNumber(tokens.entropyNats[token]!)} nats, ` +
    `probability ${percent(Math.exp(tokens.logprob[token]!))}, rank ${tokens.rank[token]}.`
  )
}

/** Makes the panel. Bars are kept and changed, so that it can follow a replay. */
export function createTokenPanel(
  { tokens, topTexts }: Pick<TraceSample, 'tokens' | 'topTexts'>,
  units: readonly DisplayUnit[],
  whatIf: WhatIfBars,
): TokenPanel {
  const texts = textsOfIds(tokens, topTexts)
  const means = runningMeans(tokens.entropyNats)
  const title = h('div', { class: 'token-title' })
  const state = h('span', { class: 'token-state' })
  const place = h('div', { class: 'token-place' })
  const bars = h('ol', { class: 'choices' })
  const facts = h('dl', { class: 'facts' })
  const outputs = [
    'Entropy',
    'Running mean',
    'Varentropy',
    'Margin',
    'Log-probability',
    'Rank',
    'Self-certainty',
  ].map(name => {
    const value = h('dd')
    facts.append(h('dt', {}, name), value)
    return value
  })
  const element = h(
    'section',
    { class: 'panel token-panel' },
    h('div', { class: 'panel-heading' }, h('h3', {}, 'Token'), state),
    title,
    place,
    bars,
    facts,
  )
  let shown = -1
  const rows: { bar: HTMLElement; button: WhatIfButton }[] = []
  const addRow = () => {
    const button = createWhatIfButton(id => whatIf.choose(shown, id))
    const bar = makeBar()
    bar.append(button.element)
    rows.push({ bar, button })
  }
  const fillBars = () => {
    const choices = tokenChoices(tokens, shown)
    while (rows.length < choices.length) addRow()
    for (const [index, choice] of choices.entries()) {
      const own = choice.kind === 'chosen' ? tokens.tokenText[shown] : texts.get(choice.id ?? -1)
      const text = own ?? whatIf.texts.get(choice.id ?? -1) ?? null
      fillBar(rows[index]!.bar, choice, text)
      rows[index]!.button.show(choice, text)
    }
    if (bars.childElementCount !== choices.length)
      bars.replaceChildren(...rows.slice(0, choices.length).map(row => row.bar))
  }
  return {
    element,
    refreshTexts() {
      if (shown >= 0) fillBars()
    },
    show(token, isLocked) {
      state.textContent = isLocked ? 'locked, Esc to follow' : ''
      element.classList.toggle('is-locked', isLocked)
      if (token === shown || token < 0) return
      shown = token
      const unit = unitOfToken(units, token)
      title.textContent = inlineText(unit?.text ?? '', 60)
      const parts = unit ? unit.end - unit.start : 1
      place.textContent =
        `${token + 1} of ${tokens.tokenId.length} · id ${tokens.tokenId[token]}` +
        (parts > 1 ? ` · part ${token - unit!.start + 1} of ${parts} of this character` : '')
      fillBars()
      const number = (column: ArrayLike<number>, unit = '') =>
        `${formatNumber(column[token]!)}${unit && ` ${unit}`}`
      const values = [
        number(tokens.entropyNats, 'nats'),
        number(means, 'nats'),
        number(tokens.varentropy, 'nats²'),
        number(tokens.margin),
        number(tokens.logprob, 'nats'),
        String(tokens.rank[token]),
        number(tokens.selfCertainty, 'nats'),
      ]
      for (const [index, value] of values.entries()) outputs[index]!.textContent = value
    },
  }
}

/** An empty bar of a choice. */
export function makeBar(): HTMLElement {
  return h(
    'li',
    { class: 'choice' },
    h('span', { class: 'choice-name' }),
    h('span', { class: 'choice-track' }, h('span', { class: 'choice-fill' })),
    h('span', { class: 'choice-value' }),
  )
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

/** 93.1 %, 0.02 %, 3.1 × 10⁻⁹ %: three digits, never 100 % of what is not all. */
export function percent(probability: number): string {
  const share = probability * 100
  if (share < 100 && share > 99.95) return '> 99.9 %'
  return `${share > 0 && share < 0.01 ? '< 0.01' : formatNumber(Number(share.toPrecision(3)))} %`
}

/** The button of a bar that asks what if its token had been chosen. */
export interface WhatIfButton {
  element: HTMLElement
  /** Asks for another choice from now on; not for the rest, which is no token. */
  show(choice: TokenChoice, text: string | null): void
}

/** Makes the button; `choose` is told the id of the token. */
export function createWhatIfButton(choose: (id: number) => void): WhatIfButton {
  let id: number | null = null
  const ask = () => {
    if (id !== null) choose(id)
  }
  const element = h('button', { class: 'choice-if', type: 'button', onclick: ask }, makeIcon('branch'))
  return {
    element,
    show(choice, text) {
      id = choice.id
      element.hidden = id === null
      element.title = `What if it were ${text === null ? `#${id}` : inlineText(text, 16)}`
      element.setAttribute('aria-label', element.title)
    },
  }
}
