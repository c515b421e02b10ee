import type { OpenedSample } from '../data/opened-sample.ts'
import { h } from '../dom.ts'
import { sampleName } from '../state/route.ts'

/** Which sample it is, its problem, its prompt folded, and the way to other answers; null: none. */
export function sampleHead(sample: OpenedSample, compare: (() => void) | null): HTMLElement {
  const { problemId, problemIndex, sampleIndex, level, problem, prompt, promptTokens, generatedTokens } =
    sample
  const facts = [
    `sample ${sampleName(problemIndex, sampleIndex)}`,
    problemId !== String(problemIndex) && `id ${problemId}`,
    level !== null && `level ${level}`,
    `${promptTokens} tokens of prompt`,
    `${generatedTokens} of answer`,
  ]
  return h(
    'header',
    { class: 'sample-head' },
    h(
      'div',
      {},
      h('p', { class: 'sample-facts' }, facts.filter(Boolean).join(' · ')),
      compare &&
        h(
          'button',
          { type: 'button', title: 'Compare with other answers (C)', onclick: compare },
          'Compare…',
        ),
    ),
    h('h2', { class: 'sample-problem', dir: 'auto' }, problem),
    h(
      'details',
      { class: 'sample-prompt' },
      h('summary', {}, 'Prompt as the model saw it'),
      h('pre', { dir: 'auto', tabindex: 0 }, prompt),
    ),
  )
}
