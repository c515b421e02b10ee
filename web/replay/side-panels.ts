import { formatNumber } from '../../core/format-number.ts'
import type { TokenColumns } from '../../core/record/token.ts'
import { doubts, largestTokens, type Measure, rangeStatistics } from '../data/measures.ts'
import type { OpenedSample } from '../data/open-run.ts'
import type { TokenRange } from '../data/token-range.ts'
import { button, h } from '../dom.ts'
import { type DisplayUnit, unitOfToken } from '../text/display-units.ts'
import { inlineText, legibleText } from '../text/visible-text.ts'
import { endings, panel, terms, verdictMark } from '../widgets/panel.ts'
import { percent } from '../widgets/token-choices.ts'

/** Extracted answer beside the expected one, and the rule that reached the verdict. */
export function verdictPanel(sample: OpenedSample): HTMLElement {
  const { correct, extractedAnswer, expectedAnswer, rule, finishReason } = sample
  const answer = (label: string, text: string | null) => {
    const className = text === null ? 'answer-missing' : 'answer-value'
    const shown = text === null ? 'none found' : legibleText(text)
    return [h('dt', {}, label), h('dd', { class: className, dir: 'auto' }, shown)]
  }
  // A branch that was stopped has no verdict.
  const mark = finishReason !== 'stopped' && verdictMark(correct)
  const answers = [...answer('Extracted', extractedAnswer), ...answer('Expected', expectedAnswer)]
  const ending = `Rule: ${rule}. ${endings[finishReason]?.sentence ?? finishReason}`
  const parts = [h('dl', { class: 'answers' }, answers), h('p', { class: 'rule' }, ending)]
  return panel({ class: 'verdict-panel' }, 'Verdict', mark, ...parts)
}

/** Characters of an answer that a listed token is shown after. */
const longestPreceding = 14

/** Makes the list of the least certain tokens by a measure, to jump to, each with what precedes it. */
export function createDoubtList(
  tokens: TokenColumns,
  units: readonly DisplayUnit[],
  length: number,
  jump: (token: number) => void,
) {
  const list = h('ol', { class: 'doubts' })
  const measureName = h('span', { class: 'heading-note' })
  let buttons = new Map<number, HTMLButtonElement>()
  let current = -1

  function entry(token: number, value: number): HTMLButtonElement {
    const unit = unitOfToken(units, token)!
    const before = h('span', { class: 'doubt-before' }, precedingText(units, unit.start))
    const parts = [
      h('span', { class: 'doubt-place' }, token + 1),
      h('bdi', { class: 'doubt-text' }, before, h('strong', {}, inlineText(unit.text, 18))),
      h('span', { class: 'doubt-value' }, formatNumber(value)),
    ]
    return button(parts, () => jump(token))
  }

  return {
    element: panel({ class: 'doubt-panel' }, 'Least certain', measureName, list),
    setMeasure(measure: Measure): void {
      measureName.textContent = `by ${measure.label.toLowerCase()}`
      const values = measure.values(tokens)
      const listed = largestTokens(doubts(measure, tokens), length)
      buttons = new Map(listed.map(token => [token, entry(token, values[token]!)]))
      list.replaceChildren(...Array.from(buttons.values(), made => h('li', {}, made)))
      buttons.get(current)?.setAttribute('aria-current', 'true')
    },
    setCurrent(token: number): void {
      if (token === current) return
      buttons.get(current)?.removeAttribute('aria-current')
      buttons.get(token)?.setAttribute('aria-current', 'true')
      current = token
    },
  }
}

/** The end of what stands before a token, long enough to recognise where it is. */
function precedingText(units: readonly DisplayUnit[], start: number): string {
  let text = ''
  for (let token = start; token > 0 && text.length < longestPreceding; ) {
    const unit = unitOfToken(units, token - 1)!
    text = unit.text.slice(-longestPreceding) + text
    token = unit.start
  }
  return inlineText([...text].slice(-longestPreceding).join(''))
}

/** Makes the panel on a selection, which can be looped or let go: statistics of its tokens, hidden while there are none. */
export function createSelectionPanel(tokens: TokenColumns, toggleLoop: () => void, clear: () => void) {
  const heading = h('h3')
  const facts = h('dl', { class: 'facts' })
  const loop = button('Loop', toggleLoop, { class: 'quiet-button' })
  const close = button('Clear', clear, { class: 'quiet-button' })
  const actions = h('span', { class: 'panel-actions' }, loop, close)
  const element = panel({ class: 'selection-panel' }, heading, actions, facts)
  element.hidden = true
  return {
    element,
    show(selection: TokenRange | null, isLooped: boolean): void {
      const found = selection && rangeStatistics(tokens, selection)
      element.hidden = !found
      if (!found) return
      heading.textContent = `Tokens ${selection.start + 1} to ${selection.end}`
      loop.setAttribute('aria-pressed', String(isLooped))
      const share = found.entropyShare === null ? 'none to share' : percent(found.entropyShare)
      facts.replaceChildren(
        ...terms([
          ['Tokens', String(found.n)],
          ['Mean entropy', `${formatNumber(found.meanEntropy)} nats`],
          ['Median entropy', `${formatNumber(found.medianEntropy)} nats`],
          ['Largest entropy', `${formatNumber(found.maxEntropy)} nats`],
          ['Sum of log-probabilities', `${formatNumber(found.sumLogprob)} nats`],
          ['Mean margin', formatNumber(found.meanMargin)],
          ['Share of all entropy', share],
        ]),
      )
    },
  }
}
