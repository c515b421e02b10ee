import { formatNumber } from '../../core/figures/format-number.ts'
import type { TokenColumns } from '../../core/formats/run-columns.ts'
import { doubts, type Measure, stretchStatistics } from '../data/measures.ts'
import { h } from '../dom.ts'
import { type DisplayUnit, unitOfToken } from '../text/display-units.ts'
import { inlineText, legibleText } from '../text/visible-text.ts'
import { largestTokens } from '../widgets/token-choices.ts'
import type { Stretch } from '../widgets/transport.ts'
import { percent } from './token-panel.ts'

/** What a verdict says. */
export interface Verdict {
  correct: boolean
  extractedAnswer: string | null
  expectedAnswer: string
  rule: string
  /** A branch that was stopped has no verdict. */
  finishReason: string
}

/** Extracted answer beside the expected one, and the rule that reached the verdict. */
export function verdictPanel(verdict: Verdict): HTMLElement {
  const { correct, extractedAnswer, expectedAnswer, rule, finishReason } = verdict
  const mark =
    finishReason !== 'stopped' &&
    h(
      'span',
      { class: correct ? 'verdict verdict-correct' : 'verdict verdict-incorrect' },
      correct ? '✓ right' : '✗ wrong',
    )
  const answer = (label: string, text: string | null) => {
    const className = text === null ? 'answer-missing' : 'answer-value'
    const shown = text === null ? 'none found' : legibleText(text)
    return [h('dt', {}, label), h('dd', { class: className, dir: 'auto' }, shown)]
  }
  return h(
    'section',
    { class: 'panel verdict-panel' },
    h('div', { class: 'panel-heading' }, h('h3', {}, 'Verdict'), mark),
    h(
      'dl',
      { class: 'answers' },
      ...answer('Extracted', extractedAnswer),
      ...answer('Expected', expectedAnswer),
    ),
    h('p', { class: 'rule' }, `Rule: ${rule}. ${endings[finishReason] ?? finishReason}`),
  )
}

const endings: Record<string, string> = {
  stop: 'The model ended its answer.',
  length: 'Cut at the token limit.',
  stopped: 'Stopped before its end.',
  error: 'The sample failed.',
}

/** Characters of an answer that a listed token is shown after. */
const longestPreceding = 14

/** The least certain tokens by a measure, as places to jump to. */
export interface DoubtList {
  element: HTMLElement
  setMeasure(measure: Measure): void
  setCurrent(token: number): void
}

/** Makes the list of the least certain tokens, each with what precedes it. */
export function createDoubtList(
  tokens: TokenColumns,
  units: readonly DisplayUnit[],
  length: number,
  jump: (token: number) => void,
): DoubtList {
  const list = h('ol', { class: 'doubts' })
  const measureName = h('span', { class: 'heading-note' })
  const element = h(
    'section',
    { class: 'panel doubt-panel' },
    h('div', { class: 'panel-heading' }, h('h3', {}, 'Least certain'), measureName),
    list,
  )
  let buttons = new Map<number, HTMLButtonElement>()
  let current = -1
  return {
    element,
    setMeasure(measure) {
      measureName.textContent = `by ${measure.label.toLowerCase()}`
      const values = measure.values(tokens)
      buttons = new Map()
      for (const token of largestTokens(doubts(measure, tokens), length)) {
        const unit = unitOfToken(units, token)!
        const before = precedingText(units, unit.start)
        const button = h(
          'button',
          {},
          h('span', { class: 'doubt-place' }, String(token + 1)),
          h(
            'bdi',
            { class: 'doubt-text' },
            h('span', { class: 'doubt-before' }, before),
            h('strong', {}, inlineText(unit.text, 18)),
          ),
          h('span', { class: 'doubt-value' }, formatNumber(values[token]!)),
        )
        button.type = 'button'
        button.addEventListener('click', () => jump(token))
        buttons.set(token, button)
      }
      list.replaceChildren(...[...buttons.values()].map(button => h('li', {}, button)))
      buttons.get(current)?.setAttribute('aria-current', 'true')
    },
    setCurrent(token) {
      if (token === current) return
      buttons.get(current)?.removeAttribute('aria-current')
      buttons.get(token)?.setAttribute('aria-current', 'true')
      current = token
    },
  }
}

/** The end of what stands before a token, long enough to recognise the place. */
function precedingText(units: readonly DisplayUnit[], start: number): string {
  let text = ''
  for (let token = start; token > 0 && text.length < longestPreceding; ) {
    const unit = unitOfToken(units, token - 1)!
    text = unit.text.slice(-longestPreceding) + text
    token = unit.start
  }
  return inlineText([...text].slice(-longestPreceding).join(''))
}

/** Statistics of a stretch, hidden while there is none. */
export interface StretchPanel {
  element: HTMLElement
  show(stretch: Stretch | null, isLooped: boolean): void
}

/** Makes the panel on a stretch, which can be looped or let go. */
export function createStretchPanel(
  tokens: TokenColumns,
  toggleLoop: () => void,
  clear: () => void,
): StretchPanel {
  const heading = h('h3')
  const facts = h('dl', { class: 'facts' })
  const loop = h('button', { class: 'quiet-button' }, 'Loop')
  const close = h('button', { class: 'quiet-button' }, 'Clear')
  for (const button of [loop, close]) button.type = 'button'
  loop.addEventListener('click', toggleLoop)
  close.addEventListener('click', clear)
  const element = h(
    'section',
    { class: 'panel stretch-panel' },
    h('div', { class: 'panel-heading' }, heading, h('span', { class: 'panel-actions' }, loop, close)),
    facts,
  )
  element.hidden = true
  return {
    element,
    show(stretch, isLooped) {
      const found = stretch && stretchStatistics(tokens, stretch)
      element.hidden = !found
      if (!found) return
      heading.textContent = `Tokens ${stretch.start + 1} to ${stretch.end}`
      loop.setAttribute('aria-pressed', String(isLooped))
      const rows = [
        ['Tokens', String(found.n)],
        ['Mean entropy', `${formatNumber(found.meanEntropy)} nats`],
        ['Median entropy', `${formatNumber(found.medianEntropy)} nats`],
        ['Largest entropy', `${formatNumber(found.maxEntropy)} nats`],
        ['Sum of log-probabilities', `${formatNumber(found.sumLogprob)} nats`],
        ['Mean margin', formatNumber(found.meanMargin)],
        ['Share of all entropy', found.entropyShare === null ? 'none to share' : percent(found.entropyShare)],
      ]
      facts.replaceChildren(...rows.flatMap(([name, value]) => [h('dt', {}, name!), h('dd', {}, value!)]))
    },
  }
}
