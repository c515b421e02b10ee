import type { OpenedSample } from '../data/opened-sample.ts'
import { h } from '../dom.ts'
import { legibleText } from '../text/visible-text.ts'

/** Which problem it is, how far the answers go together, what the reader should know, and the choice of other answers. */
export function compareHead(
  { problemId, problemIndex, level, problem, expectedAnswer }: OpenedSample,
  summary: string | null,
  notes: readonly string[],
  choose: () => void,
): HTMLElement {
  const facts = [
    `problem ${problemIndex}`,
    problemId !== String(problemIndex) && `id ${problemId}`,
    level !== null && `level ${level}`,
  ]
  return h(
    'header',
    { class: 'sample-head compare-head' },
    h(
      'div',
      {},
      h('p', { class: 'sample-facts' }, facts.filter(Boolean).join(' · ')),
      h('button', { type: 'button', title: 'Choose the answers (C)', onclick: choose }, 'Answers…'),
    ),
    h('h2', { class: 'sample-problem', dir: 'auto' }, problem),
    h(
      'p',
      { class: 'compare-summary' },
      summary,
      ' Expected: ',
      h('bdi', {}, legibleText(expectedAnswer)),
      '.',
    ),
    notes.map(note => h('p', { class: 'compare-note', role: 'note' }, note)),
  )
}
