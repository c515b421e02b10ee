import { formatNumber } from '../../core/format-number.ts'
import type { TokenColumns } from '../../core/record/token.ts'
import type { TraceSample } from '../../core/record/traces.ts'
import { numberText, tokenNumbers } from '../data/measures.ts'
import { button, h } from '../dom.ts'
import { type DisplayUnit, unitOfToken } from '../text/display-units.ts'
import { inlineText } from '../text/visible-text.ts'
import { makeIcon } from '../widgets/icon.ts'
import { panel, terms } from '../widgets/panel.ts'
import { fillBar, makeBar, percent, textsOfIds, tokenChoices } from '../widgets/token-choices.ts'

/** What the bars of a distribution are asked for and told. */
export interface WhatIfBars {
  /** Texts that are known beside those of the answer, by id. */
  texts: ReadonlyMap<number, string>
  /** What if this token had been that one. */
  choose(token: number, id: number): void
}

/** One line on a token, for a screen reader. */
export function tokenSummary(tokens: TokenColumns, units: readonly DisplayUnit[], token: number): string {
  const text = inlineText(tokens.tokenText[token] ?? `#${tokens.tokenId[token]}`)
  const { start, end, text: whole } = unitOfToken(units, token)!
  const part = end - start > 1 ? `, part ${token - start + 1} of ${inlineText(whole)}` : ''
  return (
    `Token ${token + 1} of ${tokens.tokenId.length}: ${text}${part}. ` +
    `Entropy ${formatNumber(tokens.entropyNats[token]!)} nats, ` +
    `probability ${percent(Math.exp(tokens.logprob[token]!))}, rank ${tokens.rank[token]}.`
  )
}

/**
 * Makes the panel of one token: what was chosen, from what, how surely. Bars are kept and changed, so that it can follow a
 * replay.
 */
export function createTokenPanel(
  { tokens, topTexts }: Pick<TraceSample, 'tokens' | 'topTexts'>,
  units: readonly DisplayUnit[],
  whatIf: WhatIfBars,
) {
  const texts = textsOfIds(tokens, topTexts)
  const title = h('div', { class: 'token-title' })
  const state = h('span', { class: 'token-state' })
  const position = h('div', { class: 'token-place' })
  const bars = h('ol', { class: 'choices' })
  const columns = tokenNumbers.map(number => number.values(tokens))
  const facts = h('dl', { class: 'facts' }, terms(tokenNumbers.map(({ label }) => [label, ''])))
  const outputs = facts.querySelectorAll('dd')
  const element = panel({ class: 'token-panel' }, 'Token', state, title, position, bars, facts)
  let shown = -1
  const rows: ReturnType<typeof createRow>[] = []

  /** A bar, with the button that asks what if its token had been chosen. */
  function createRow() {
    let id: number | null = null
    const choose = () => id !== null && whatIf.choose(shown, id)
    const ask = button(makeIcon('branch'), choose, { class: 'choice-if' })
    const bar = makeBar(ask)
    return {
      bar,
      fill(choice: ReturnType<typeof tokenChoices>[number], text: string | null): void {
        fillBar(bar, choice, text)
        id = choice.id
        // The rest is no token.
        ask.hidden = id === null
        ask.title = `What if it were ${text === null ? `#${id}` : inlineText(text, 16)}`
        ask.setAttribute('aria-label', ask.title)
      },
    }
  }

  function fillBars(): void {
    const choices = tokenChoices(tokens, shown)
    while (rows.length < choices.length) rows.push(createRow())
    for (const [index, choice] of choices.entries()) {
      const own = choice.kind === 'chosen' ? tokens.tokenText[shown] : texts.get(choice.id ?? -1)
      rows[index]!.fill(choice, own ?? whatIf.texts.get(choice.id ?? -1) ?? null)
    }
    if (bars.childElementCount !== choices.length)
      bars.replaceChildren(...rows.slice(0, choices.length).map(row => row.bar))
  }

  return {
    element,
    /** After texts of alternatives became known. */
    refreshTexts() {
      if (shown >= 0) fillBars()
    },
    show(token: number, isLocked: boolean): void {
      state.textContent = isLocked ? 'locked, Esc to follow' : ''
      element.classList.toggle('is-locked', isLocked)
      if (token === shown || token < 0) return
      shown = token
      const unit = unitOfToken(units, token)
      title.textContent = inlineText(unit?.text ?? '', 60)
      const parts = unit ? unit.end - unit.start : 1
      position.textContent =
        `${token + 1} of ${tokens.tokenId.length} · id ${tokens.tokenId[token]}` +
        (parts > 1 ? ` · part ${token - unit!.start + 1} of ${parts} of this character` : '')
      fillBars()
      for (const [index, number] of tokenNumbers.entries())
        outputs[index]!.textContent = numberText(number, columns[index]![token]!)
    },
  }
}
