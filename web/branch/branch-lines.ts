import type { OpenedSample } from '../data/open-run.ts'
import { button, h } from '../dom.ts'
import { inlineText } from '../text/visible-text.ts'
import { verdictWord } from '../widgets/panel.ts'
import { type Branch, type BranchTree, treeLines } from './branch-tree.ts'

/** Makes the tree of an answer's branches, as lines to choose from; `choose` is told of the branch whose line was pressed. */
export function createBranchLines(choose: (name: string | null) => void) {
  const element = h('ul', { class: 'branch-lines', 'aria-label': 'Answers to choose from' })
  const lines = new Map<string | null, ReturnType<typeof makeLine>>()

  /** A line with what it says now, so that only what changed is written. */
  function makeLine(name: string | null) {
    const chooser = button([], () => choose(name), { class: 'branch-line' })
    return { item: h('li', {}, chooser), button: chooser, said: '' }
  }

  function lineOf(name: string | null) {
    const line = lines.get(name) ?? makeLine(name)
    lines.set(name, line)
    return line
  }

  return {
    element,
    /** Shows the tree as it is now, with the line of the branch that is shown marked; null is the recorded answer. */
    update(tree: BranchTree, shown: string | null, texts: ReadonlyMap<number, string>): void {
      const branches = treeLines(tree).map(({ branch, depth }) => ({
        name: branch.name,
        depth,
        words: branchWords(branch, texts),
      }))
      const listed = [{ name: null, depth: 0, words: wordsOf(tree.root) }, ...branches]
      const items = listed.map(({ name }) => lineOf(name).item)
      // Moving a line would take the focus from it.
      if (items.length !== element.children.length || items.some((item, at) => element.children[at] !== item))
        element.replaceChildren(...items)
      for (const { name, depth, words } of listed) {
        const line = lineOf(name)
        line.item.style.setProperty('--depth', String(depth))
        if (name === shown) line.button.setAttribute('aria-current', 'true')
        else line.button.removeAttribute('aria-current')
        const said = JSON.stringify(words)
        if (said === line.said) continue
        line.said = said
        line.button.replaceChildren(...partsOf(words))
      }
    },
  }
}

/** The parts of a line, with the words that only a screen reader needs. */
function partsOf({ mark, kind, state, start, text, answer, count }: LineWords): HTMLElement[] {
  const spoken = (words: string) => h('span', { class: 'visually-hidden' }, words)
  const textClass = start === null ? 'branch-root' : 'branch-text'
  const countNames = { class: 'branch-count', title: 'Tokens of the answer' }
  return [
    h('span', { class: `branch-mark ${kind}`, title: state }, h('span', { 'aria-hidden': 'true' }, mark)),
    h('span', { class: 'branch-place' }, start !== null && spoken('token '), start),
    h('span', { class: textClass }, start !== null && spoken(' is '), h('bdi', {}, text)),
    h('span', { class: 'branch-answer' }, spoken(`: ${state} `), answer !== null && h('bdi', {}, answer)),
    h('span', countNames, spoken(', '), count, spoken(' tokens')),
  ]
}

type LineWords = ReturnType<typeof branchWords>

/** What a line says of an answer that is whole; `start` is the token at which a branch parts, from 1. */
function wordsOf(sample: OpenedSample, start: number | null = null, text = 'recorded answer') {
  const state = verdictWord(sample)
  const [mark, kind] = marks[state]
  const answer = state === 'stopped' ? state : inlineText(sample.extractedAnswer ?? 'no answer', 12)
  return { mark, kind, state, start, text, answer, count: sample.tokens.tokenId.length }
}

const marks = {
  right: ['✓', 'verdict-correct'],
  wrong: ['✗', 'verdict-incorrect'],
  stopped: ['■', 'verdict-stopped'],
} as const

function branchWords(branch: Branch, texts: ReadonlyMap<number, string>) {
  const { ids } = branch.path.at(-1)!
  const text = inlineText(ids.map(id => texts.get(id) ?? `#${id}`).join(''), 18)
  const start = branch.from + 1
  if (branch.sample) return wordsOf(branch.sample, start, text)
  const { state } = branch
  const count = branch.from + branch.tokens.length
  return { mark: '…', kind: 'branch-running', state, start, text, answer: state, count }
}
