import type { OpenedSample } from '../data/open-run.ts'
import { details, h } from '../dom.ts'
import { sampleName } from '../state/route.ts'
import { problemHead } from '../widgets/panel.ts'

/** What stands where in the replay of a sample. */
interface ReplayParts {
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
  const upper = [h('div', { class: 'replay-tools' }, tools), h('div', { class: 'replay-texts' }, texts)]
  const stage = h('div', { class: 'replay-stage' }, upper, below)
  const body = h('div', { class: 'replay-body' }, stage, h('div', { class: 'replay-side' }, side))
  return h('article', { class: 'replay', 'aria-label': label }, head, body)
}

/** Which sample it is, its problem, its prompt folded, and the way to other answers; null: none. */
export function sampleHead(sample: OpenedSample, compare: (() => void) | null): HTMLElement {
  const name = `sample ${sampleName(sample.problemIndex, sample.sampleIndex)}`
  const more = [`${sample.promptTokens} tokens of prompt`, `${sample.generatedTokens} of answer`]
  const written = h('pre', { dir: 'auto', tabindex: 0 }, sample.prompt)
  const prompt = details('Prompt as the model saw it', written, { class: 'sample-prompt' })
  const choose = compare && { text: 'Compare…', title: 'Compare with other answers (C)', run: compare }
  return problemHead(sample, { class: 'sample-head', name, more }, choose, prompt)
}
