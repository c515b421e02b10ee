import type { OpenedSample } from '../data/open-run.ts'
import { button, h } from '../dom.ts'
import { inlineText } from '../text/visible-text.ts'
import { type Branch, type BranchTree, treeLines } from './branch-tree.ts'

/** The tree of an answer's branches, as lines to choose from. */
export interface BranchLines {
  element: HTMLElement
  /** Shows the tree as it is now, with the line of the branch that is shown marked; null is the recorded answer. */
  update(tree: BranchTree, shown: string | null, texts: ReadonlyMap<number, string>): void
}

/** What a line says. */
interface LineWords {
  mark: string
  kind: string
  /** What the mark means. */
  state: string
  /** The token at which a branch parts, from 1; null of the recorded answer. */
  start: number | null
  text: string
  answer: string | null
  count: number
}

interface Line {
  item: HTMLElement
  button: HTMLButtonElement
  /** What it says now, so that only what changed is written. */
  said: string
}

/** Makes the tree; `choose` is told of the branch whose line was pressed. */
export function createBranchLines(choose: (name: string | null) => void): BranchLines {
  const element = h('ul', { class: 'branch-lines', 'aria-label': 'Answers to choose from' })
  const lines = new Map<string | null, Line>()

  function lineOf(name: string | null): Line {
    const known = lines.get(name)
    if (known) return known
    const chooser = button([], () => choose(name), { class: 'branch-line' })
    const line = { item: h('li', {}, chooser), button: chooser, said: '' }
    lines.set(name, line)
    return line
  }

  return {
    element,
    update(tree, shown, texts) {
      const listed = [
        { name: null, depth: 0, words: wordsOf(tree.root) },
        ...treeLines(tree).map(({ branch, depth }) => ({
          name: branch.name,
          depth,
          words: branchWords(branch, texts),
        })),
      ]
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
  return [
    h('span', { class: `branch-mark ${kind}`, title: state }, h('span', { 'aria-hidden': 'true' }, mark)),
    h('span', { class: 'branch-place' }, start !== null && spoken('token '), start),
    h(
      'span',
      { class: start === null ? 'branch-root' : 'branch-text' },
      start !== null && spoken(' is '),
      h('bdi', {}, text),
    ),
    h('span', { class: 'branch-answer' }, spoken(`: ${state} `), answer !== null && h('bdi', {}, answer)),
    h(
      'span',
      { class: 'branch-count', title: 'Tokens of the answer' },
      spoken(', '),
      count,
      spoken(' tokens'),
    ),
  ]
}

/** What a line says of an answer that is whole. */
function wordsOf({ correct, extractedAnswer, finishReason, tokens }: OpenedSample): LineWords {
  const isStopped = finishReason === 'stopped'
  const state = isStopped ? 'stopped' : correct ? 'right' : 'wrong'
  return {
    mark: isStopped ? '■' : correct ? '✓' : '✗',
    kind: isStopped ? 'verdict-stopped' : correct ? 'verdict-correct' : 'verdict-incorrect',
    state,
    start: null,
    text: 'recorded answer',
    answer: isStopped ? 'stopped' : inlineText(extractedAnswer ?? 'no answer', 12),
    count: tokens.tokenId.length,
  }
}

function branchWords(branch: Branch, texts: ReadonlyMap<number, string>): LineWords {
  const { ids } = branch.path.at(-1)!
  const text = inlineText(ids.map(id => texts.get(id) ?? `#${id}`).join(''), 18)
  const start = branch.from + 1
  if (branch.sample) return { ...wordsOf(branch.sample), start, text }
  const { state } = branch
  const count = branch.from + branch.tokens.length
  return { mark: '…', kind: 'branch-running', state, start, text, answer: state, count }
}
