import { h } from '../dom.ts'
import { saveBlob } from '../overview/save-blob.ts'
import { sampleName } from '../state/route.ts'
import type { TextToken } from './branch-engine.ts'
import { createBranchLines } from './branch-lines.ts'
import { parseBranchPath } from './branch-path.ts'
import type { BranchSession } from './branch-session.ts'
import { createBranchStatusLine, type Unfinished } from './branch-status-line.ts'
import { type BranchTree, branchAt } from './branch-tree.ts'
import { branchesAsJsonl } from './branches-as-jsonl.ts'
import { createWhatIfForm, type WhatIfForm } from './what-if-form.ts'

/** Beside the replay: what asks for a branch, what is going on, and the tree. */
export interface BranchPanel {
  element: HTMLElement
  form: Pick<WhatIfForm, 'isOpen' | 'setToken'>
  /** Opens the form, and puts the focus before it: so digits choose a bar, and Tab leads to the field. */
  open(): void
  close(): void
  /** Brings it in line with the session. `shown` is the branch that the address names, null for the recorded answer. */
  update(shown: string | null, texts: ReadonlyMap<number, string>): void
}

/** What the panel asks for. */
export interface BranchPanelEvents {
  /** The button that opens and closes the form. */
  toggle(): void
  /** The reader typed a text of these tokens. */
  choose(tokens: readonly TextToken[]): void
  show(name: string | null): void
  stop(): void
  /** Computes the branch that the address names. */
  compute(): void
}

/** Makes the panel of an answer's tree. `isOtherwise` says that the run's own answers are no greedy ones. */
export function createBranchPanel(
  session: BranchSession,
  tree: BranchTree,
  isOtherwise: boolean,
  events: BranchPanelEvents,
): BranchPanel {
  const form = createWhatIfForm({ encode: session.encode, choose: events.choose })
  const lines = createBranchLines(events.show)
  const status = createBranchStatusLine({ ...events, answer: session.answer })
  const opener = h(
    'button',
    { type: 'button', class: 'quiet-button', title: 'Another token here (I)', onclick: events.toggle },
    'Another token',
  )
  const hint = h('p', { class: 'branch-note' })
  const save = h(
    'button',
    {
      type: 'button',
      class: 'quiet-button branch-save',
      title: 'Save the branches as JSONL',
      onclick: saveBranches,
    },
    'Save branches',
  )
  const element = h(
    'section',
    { class: 'panel branch-panel', 'aria-label': 'What if' },
    h('div', { class: 'panel-heading' }, h('h3', {}, 'What if'), opener),
    form.element,
    status.element,
    lines.element,
    hint,
    save,
  )

  function saveBranches(): void {
    const name = sampleName(tree.root.problemIndex, tree.root.sampleIndex)
    saveBlob(new Blob([branchesAsJsonl(tree, session.model)]), `branches-${name}.jsonl`)
  }

  function setOpen(isOpen: boolean): void {
    form.open(isOpen)
    opener.setAttribute('aria-expanded', String(isOpen))
  }
  setOpen(false)

  return {
    element,
    form,
    open() {
      setOpen(true)
      opener.focus({ preventScroll: true })
      form.element.scrollIntoView({ block: 'nearest' })
    },
    close() {
      if (form.element.contains(document.activeElement)) opener.focus({ preventScroll: true })
      setOpen(false)
    },
    update(shown, texts) {
      const isEmpty = tree.branches.size === 0
      lines.update(tree, shown, texts)
      lines.element.hidden = isEmpty
      status.update(session.status, session.model, unfinished(tree, shown))
      save.hidden = ![...tree.branches.values()].some(({ sample }) => sample)
      hint.hidden = isEmpty && session.status.kind === 'failed'
      hint.textContent = isEmpty
        ? 'Choose another token of the bars, or a text: this page computes how the answer goes on.'
        : `Kept while this run is open; a link computes them again. Graded by exact rules alone.${
            isOtherwise ? ' A branch takes the likeliest token each time, which the run did not.' : ''
          }`
    },
  }
}

/** What there is to compute of the branch that the address names; null also where it names what is none. */
function unfinished(tree: BranchTree, shown: string | null): Unfinished | null {
  const path = shown === null ? null : parseBranchPath(shown)
  if (!path) return null
  const branch = branchAt(tree, path)
  if (!branch) return 'missing'
  return branch.state === 'stopped' ? 'stopped' : null
}
