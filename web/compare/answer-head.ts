import { formatNumber } from '../../core/figures/format-number.ts'
import { h } from '../dom.ts'
import { stretchStatistics } from '../replay/stretch-statistics.ts'
import { formatRoute, type Route, sampleName } from '../state/route.ts'
import { inlineText } from '../text/visible-text.ts'
import { type ComparedSample, nameOfSample } from './compared-sample.ts'
import { createLineKey } from './line-key.ts'

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
  const facts: [string, string][] = [
    ['Tokens', sample.tokens.tokenId.length.toLocaleString('en')],
    ['Mean entropy', found ? `${formatNumber(found.meanEntropy)} nats` : '–'],
    ['Log-probability', found ? `${formatNumber(found.sumLogprob)} nats` : '–'],
  ]
  const ending = endings[sample.finishReason]
  return h(
    'header',
    { class: 'compared-head' },
    h(
      'h3',
      {},
      createLineKey(place),
      h('span', { class: 'letter' }, letter),
      h('a', { href: replay, title: 'Replay this answer' }, nameOfSample(answer)),
      address !== null && h('span', { class: 'compared-run' }, run.facts?.model ?? ''),
    ),
    h(
      'p',
      { class: 'compared-verdict' },
      h(
        'span',
        { class: sample.correct ? 'verdict verdict-correct' : 'verdict verdict-incorrect' },
        sample.correct ? '✓ correct' : '✗ incorrect',
      ),
      ' ',
      sample.extractedAnswer === null
        ? h('span', { class: 'answer-missing' }, 'no answer found')
        : h('bdi', { class: 'answer-value' }, inlineText(sample.extractedAnswer, 80)),
      ending && h('span', { class: 'answer-missing' }, ` · ${ending}`),
    ),
    h(
      'dl',
      { class: 'compared-facts' },
      facts.map(([name, value]) => h('div', {}, h('dt', {}, name), h('dd', {}, value))),
    ),
  )
}
