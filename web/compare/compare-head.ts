import { formatNumber } from '../../core/figures/format-number.ts'
import { stretchStatistics } from '../data/measures.ts'
import type { OpenedSample } from '../data/open-run.ts'
import { droppedRun } from '../data/run-source.ts'
import { h } from '../dom.ts'
import { formatRoute, type Route, sampleName } from '../state/route.ts'
import { inlineText, legibleText } from '../text/visible-text.ts'
import { type ComparedSample, nameOfSample } from './compared-samples.ts'
import { createLineKey } from './overlay-chart.ts'

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

const endings: Record<string, string> = { length: 'cut at the token limit', error: 'failed' }

/** Heads an answer: its letter and line, which sample it is with a link to its replay, its verdict, and its numbers. */
export function answerHead(answer: ComparedSample, place: number, route: Route): HTMLElement {
  const { sample, letter, run, address } = answer
  const replay = formatRoute({
    ...route,
    run: address ?? route.run,
    sample: sampleName(sample.problemIndex, sample.sampleIndex),
    token: null,
    with: '',
    against: null,
  })
  const found = stretchStatistics(sample.tokens, { start: 0, end: sample.tokens.tokenId.length })
  const { extractedAnswer, correct, finishReason } = sample
  const ending = endings[finishReason]
  const facts: [string, Node | string][] = [
    [
      'Extracted',
      extractedAnswer === null
        ? 'none found'
        : h('bdi', { class: 'answer-value' }, inlineText(extractedAnswer, 80)),
    ],
    ['Tokens', sample.tokens.tokenId.length.toLocaleString('en') + (ending ? `, ${ending}` : '')],
    ['Mean entropy', found ? `${formatNumber(found.meanEntropy)} nats` : '–'],
    ['Log-probability', found ? `${formatNumber(found.sumLogprob)} nats` : '–'],
  ]
  return h(
    'header',
    { class: 'compared-head' },
    h(
      'h3',
      {},
      createLineKey(place),
      h('span', { class: 'letter' }, letter),
      // No address leads to files that were chosen.
      address === droppedRun
        ? nameOfSample(answer)
        : h('a', { href: replay, title: 'Replay this answer' }, nameOfSample(answer)),
      address !== null && h('span', { class: 'compared-run' }, run.facts?.model ?? ''),
      h(
        'span',
        { class: correct ? 'verdict verdict-correct' : 'verdict verdict-incorrect' },
        correct ? '✓ right' : '✗ wrong',
      ),
    ),
    h(
      'dl',
      { class: 'compared-facts' },
      facts.map(([name, value]) => h('div', {}, h('dt', {}, name), h('dd', {}, value))),
    ),
  )
}
