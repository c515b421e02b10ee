import type { OpenedSample } from '../data/open-run.ts'
import { button, h } from '../dom.ts'

type Content = Parameters<typeof h>[2]

/** A panel with a heading, and what stands beside that. */
export function panel(
  attributes: { class: string; 'aria-label'?: string },
  heading: string | HTMLElement,
  beside: Content,
  ...children: Content[]
): HTMLElement {
  const title = typeof heading === 'string' ? h('h3', {}, heading) : heading
  const head = h('div', { class: 'panel-heading' }, title, beside)
  return h('section', { ...attributes, class: `panel ${attributes.class}` }, head, ...children)
}

/** Names and what they have, for a `dl`. */
export function terms(rows: readonly (readonly [name: string, value: Node | string])[]): HTMLElement[] {
  return rows.flatMap(([name, value]) => [h('dt', {}, name), h('dd', {}, value)])
}

/** Which problem it is and what is known of it, the button of the other answers to it, and what stands below. */
export function problemHead(
  { problemId, problemIndex, level, problem }: OpenedSample,
  { class: className, name, more = [] }: { class: string; name: string; more?: readonly string[] },
  choose: { text: string; title: string; run(): void } | null,
  ...below: Content[]
): HTMLElement {
  const id = problemId !== String(problemIndex) && `id ${problemId}`
  const facts = [name, id, level !== null && `level ${level}`, ...more].filter(Boolean).join(' · ')
  const chooser = choose && button(choose.text, choose.run, { title: choose.title })
  const heading = h('h2', { class: 'sample-problem', dir: 'auto' }, problem)
  const above = h('div', {}, h('p', { class: 'sample-facts' }, facts), chooser)
  return h('header', { class: className }, above, heading, ...below)
}

/** A verdict by its sign and word; `isBare` leaves the box around it out. */
export function verdictMark(isCorrect: boolean, isBare = false): HTMLElement {
  const kind = isCorrect ? 'verdict-correct' : 'verdict-incorrect'
  return h('span', { class: isBare ? kind : `verdict ${kind}` }, isCorrect ? '✓ right' : '✗ wrong')
}

/** A verdict in a word; that of a branch that was stopped is none. */
export function verdictWord({ finishReason, correct }: OpenedSample) {
  return finishReason === 'stopped' ? 'stopped' : correct ? 'right' : 'wrong'
}

/** How an answer ended, by its finish reason: as a sentence, as a remark, and of what comes after it. */
export const endings: Readonly<Record<string, { sentence: string; remark?: string; has: string }>> = {
  stop: { sentence: 'The model ended its answer.', has: 'has ended' },
  length: {
    sentence: 'Cut at the token limit.',
    remark: 'cut at the token limit',
    has: 'was cut at the token limit',
  },
  stopped: { sentence: 'Stopped before its end.', has: 'has ended' },
  error: { sentence: 'The sample failed.', remark: 'failed', has: 'failed' },
}
