import type { TokenRecord } from '../../core/record/token.ts'
import { measureNamed } from '../data/measures.ts'
import type { OpenedSample } from '../data/open-run.ts'
import { h } from '../dom.ts'
import { replayLayout, sampleHead } from '../replay/replay-layout.ts'
import { displayUnits } from '../text/display-units.ts'
import { tokenElements, unitElement } from '../text/token-elements.ts'
import { colourClass, paintClasses } from '../widgets/colour-classes.ts'

/**
 * Shows an answer while it is computed: what the branch keeps of `parent`, the first `from` tokens, and then its own as they
 * come, coloured by entropy.
 */
export function createBranchStream(parent: OpenedSample, from: number, side: HTMLElement) {
  const { tokens } = parent
  const measure = measureNamed('entropy')
  const keptTexts = Array.from(tokens.tokenText).slice(0, from)
  const kept = tokenElements(displayUnits(keptTexts, tokens.tokenId, parent.generatedText))
  for (const unit of kept.units) unit.classList.add('kept')
  const text = h(
    'div',
    { class: 'answer-text', tabindex: 0, role: 'region', 'aria-label': 'Answer that is being computed' },
    ...kept.paragraphs,
  )
  const count = h('p', { class: 'heading-note' })
  const element = replayLayout({
    label: 'Branch that is being computed',
    head: sampleHead(parent, null),
    tools: [count],
    texts: [text],
    below: [],
    side: [side],
  })
  paintClasses(element)
  let paragraph = keptTexts.at(-1)?.endsWith('\n') ? null : (kept.paragraphs.at(-1) ?? null)
  let shown = 0
  return {
    element,
    /** Shows the tokens that are there by now. */
    update(own: readonly TokenRecord[]): void {
      for (const record of own.slice(shown)) {
        if (!paragraph) {
          paragraph = h('div', { class: 'paragraph' })
          text.append(paragraph)
        }
        const unit = unitElement({ start: 0, end: 1, text: record.text ?? `#${record.id}`, inText: true })
        const doubtClass = colourClass(record.entropyNats, measure.thresholds)
        if (doubtClass > 0) unit.classList.add(`doubt-${doubtClass}`)
        if (record === own[0]) unit.classList.add('branch-start')
        paragraph.append(unit)
        if (record.text?.endsWith('\n')) paragraph = null
      }
      if (own.length > shown) text.scrollTop = text.scrollHeight
      shown = own.length
      count.textContent = `Computing: ${from} tokens kept, ${shown} new`
    },
  }
}
