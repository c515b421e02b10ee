import { formatCount, formatNumber } from '../../core/format-number.ts'
import { rangeStatistics } from '../data/measures.ts'
import type { OpenedSample } from '../data/open-run.ts'
import { droppedRun } from '../data/run-source.ts'
import { h } from '../dom.ts'
import { formatRoute, type Route, sampleName } from '../state/route.ts'
import { inlineText, legibleText } from '../text/visible-text.ts'
import { endings, problemHead, terms, verdictMark } from '../widgets/panel.ts'
import { type ComparedSample, nameOfSample } from './compared-samples.ts'
import { createLineKey } from './overlay-chart.ts'

/** Which problem it is, how far the answers go together, what the reader should know, and the choice of other answers. */
export function compareHead(
  sample: OpenedSample,
  summary: string | null,
  notes: readonly string[],
  choose: () => void,
): HTMLElement {
  const expected = h('bdi', {}, legibleText(sample.expectedAnswer))
  return problemHead(
    sample,
    { class: 'sample-head compare-head', name: `problem ${sample.problemIndex}` },
    { text: 'Answers…', title: 'Choose the answers (C)', run: choose },
    h('p', { class: 'compare-summary' }, summary, ' Expected: ', expected, '.'),
    ...notes.map(note => h('p', { class: 'compare-note', role: 'note' }, note)),
  )
}

/** Heads an answer: its letter and line, which sample it is with a link to its replay, its verdict, and its numbers. */
export function answerHead(answer: ComparedSample, index: number, route: Route): HTMLElement {
  const { sample, letter, run, address } = answer
  const replay = formatRoute({
    ...route,
    run: address ?? route.run,
    sample: sampleName(sample.problemIndex, sample.sampleIndex),
    token: null,
    with: '',
    against: null,
  })
  const count = sample.tokens.tokenId.length
  const found = rangeStatistics(sample.tokens, { start: 0, end: count })
  const { extractedAnswer, correct, finishReason } = sample
  const remark = endings[finishReason]?.remark
  const extracted = h('bdi', { class: 'answer-value' }, inlineText(extractedAnswer ?? '', 80))
  const facts = [
    ['Extracted', extractedAnswer === null ? 'none found' : extracted],
    ['Tokens', formatCount(count) + (remark ? `, ${remark}` : '')],
    ['Mean entropy', found ? `${formatNumber(found.meanEntropy)} nats` : '–'],
    ['Log-probability', found ? `${formatNumber(found.sumLogprob)} nats` : '–'],
  ] as const
  const link = h('a', { href: replay, title: 'Replay this answer' }, nameOfSample(answer))
  const title = h(
    'h3',
    {},
    createLineKey(index),
    h('span', { class: 'letter' }, letter),
    // No address leads to files that were chosen.
    address === droppedRun ? nameOfSample(answer) : link,
    address !== null && h('span', { class: 'compared-run' }, run.facts?.model ?? ''),
    verdictMark(correct),
  )
  const factRows = facts.map(fact => h('div', {}, terms([fact])))
  return h('header', { class: 'compared-head' }, title, h('dl', { class: 'compared-facts' }, factRows))
}
