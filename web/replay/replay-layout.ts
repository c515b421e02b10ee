import { h } from '../dom.ts'

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
