import type { OpenedSample } from '../data/open-run.ts'
import { h } from '../dom.ts'
import { sampleName } from '../state/route.ts'
import { problemHead } from '../widgets/panel.ts'

/** What stands where in the replay of a sample. */
export interface ReplayParts {
  /** Name of the whole, for a screen reader. */
  label: string
  head: HTMLElement
  tools: HTMLElement[]
  /** The answer, and what stands beside it. */
  texts: HTMLElement[]
  /** Below the texts. */
  below: HTMLElement[]
  side: HTMLElement[]
}

/** Puts the parts of a replay together. */
export function replayLayout({ label, head, tools, texts, below, side }: ReplayParts): HTMLElement {
  return h(
    'article',
    { class: 'replay', 'aria-label': label },
    head,
    h(
      'div',
      { class: 'replay-body' },
      h(
        'div',
        { class: 'replay-stage' },
        h('div', { class: 'replay-tools' }, tools),
        h('div', { class: 'replay-texts' }, texts),
        below,
      ),
      h('div', { class: 'replay-side' }, side),
    ),
  )
}

/** Which sample it is, its problem, its prompt folded, and the way to other answers; null: none. */
export function sampleHead(sample: OpenedSample, compare: (() => void) | null): HTMLElement {
  const name = `sample ${sampleName(sample.problemIndex, sample.sampleIndex)}`
  const more = [`${sample.promptTokens} tokens of prompt`, `${sample.generatedTokens} of answer`]
  return problemHead(
    sample,
    { class: 'sample-head', name, more },
    compare && { text: 'Compare…', title: 'Compare with other answers (C)', run: compare },
    h(
      'details',
      { class: 'sample-prompt' },
      h('summary', {}, 'Prompt as the model saw it'),
      h('pre', { dir: 'auto', tabindex: 0 }, sample.prompt),
    ),
  )
}
