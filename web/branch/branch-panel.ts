import { formatNumber } from '../../core/format-number.ts'
import { button, h } from '../dom.ts'
import { sampleName } from '../state/route.ts'
import { saveBlob } from '../widgets/files.ts'
import { panel } from '../widgets/panel.ts'
import { createBranchLines } from './branch-lines.ts'
import type { BranchSession } from './branch-session.ts'
import { type BranchTree, branchAt, branchesAsJsonl, parseBranchPath } from './branch-tree.ts'
import type { TextToken } from './branch-worker.ts'
import { bytesText } from './kept-files.ts'
import type { BranchModel, BranchStatus } from './model-keeper.ts'
import { createWhatIfForm } from './what-if-form.ts'

/** What the panel asks for. */
interface BranchPanelEvents {
  /** The button that opens and closes the form. */
  toggle(): void
  /** The reader typed a text of these tokens. */
  choose(tokens: readonly TextToken[]): void
  show(name: string | null): void
  stop(): void
  /** Computes the branch that the address names. */
  compute(): void
}

/**
 * Makes what stands beside the replay: what asks for a branch, what is going on, and the tree. `isOtherwise` says that the
 * run's own answers are no greedy ones.
 */
export function createBranchPanel(
  session: BranchSession,
  tree: BranchTree,
  isOtherwise: boolean,
  events: BranchPanelEvents,
) {
  const form = createWhatIfForm(session.encode, events.choose)
  const lines = createBranchLines(events.show)
  const status = createBranchStatusLine({ ...events, answer: session.answer })
  const opener = quietButton('Another token', events.toggle, 'Another token here (I)')
  const hint = h('p', { class: 'branch-note' })
  const keptSize = h('span')
  const remove = quietButton(
    'Remove',
    () => void session.removeKept(),
    'Remove the models that this browser keeps',
  )
  const kept = h('p', { class: 'branch-note branch-kept' }, keptSize, remove)
  const save = quietButton('Save branches', saveBranches, 'Save the branches as JSONL')
  save.classList.add('branch-save')
  const parts = [form.element, status.element, lines.element, hint, kept, save]
  const element = panel({ class: 'branch-panel', 'aria-label': 'What if' }, 'What if', opener, ...parts)

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
    /** Opens the form, and puts the focus before it: so digits choose a bar, and Tab leads to the field. */
    open() {
      setOpen(true)
      opener.focus({ preventScroll: true })
      form.element.scrollIntoView({ block: 'nearest' })
    },
    close() {
      if (form.element.contains(document.activeElement)) opener.focus({ preventScroll: true })
      setOpen(false)
    },
    /** Brings it in line with the session. `shown` is the branch that the address names, null for the recorded answer. */
    update(shown: string | null, texts: ReadonlyMap<number, string>): void {
      const isEmpty = tree.branches.size === 0
      lines.update(tree, shown, texts)
      lines.element.hidden = isEmpty
      status.update(session.status, session.model, unfinished(tree, shown))
      kept.hidden = session.keptBytes === 0
      remove.disabled = session.status.kind === 'working'
      keptSize.textContent = `This browser keeps ${bytesText(session.keptBytes)} of models for this page. `
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

/** Of a branch: it is not computed, or not to its end. */
type Unfinished = 'missing' | 'stopped'

/** Makes the line that says what is going on, what is wrong, and what can be done about it. */
function createBranchStatusLine(
  events: Pick<BranchPanelEvents, 'stop' | 'compute'> & Pick<BranchSession, 'answer'>,
) {
  const text = h('p', { role: 'status' })
  const progress = h('progress', { 'aria-label': 'Bytes of the model' })
  const stop = quietButton('Stop', events.stop, 'Stop (Esc)')
  const load = quietButton('Load it', () => events.answer(true))
  const leave = quietButton('Leave it', () => events.answer(false))
  const compute = quietButton('Compute the branch', events.compute)
  const model = h('p', { class: 'branch-note' })
  const actions = h('div', { class: 'branch-actions' }, stop, load, leave, compute)
  return {
    element: h('div', { class: 'branch-status' }, text, progress, actions, model),
    update(status: BranchStatus, loaded: BranchModel | null, unfinished: Unfinished | null): void {
      const isWorking = status.kind === 'working'
      const total = isWorking ? status.total : undefined
      const message = textOf(status, unfinished)
      // A status that is set again is read out again.
      if (text.textContent !== message) text.textContent = message
      text.hidden = message === ''
      text.classList.toggle('branch-failed', status.kind === 'failed')
      progress.hidden = total === undefined
      if (isWorking && total !== undefined) {
        progress.max = total
        progress.value = status.done ?? 0
      }
      stop.hidden = !isWorking
      load.hidden = leave.hidden = status.kind !== 'asking'
      compute.hidden = !unfinished || isWorking || status.kind === 'asking'
      model.hidden = !loaded
      if (!loaded) return
      model.classList.toggle('branch-other-model', loaded.isRuns === false)
      const notKept = loaded.notKept === null ? '' : ` It is not kept for another time: ${loaded.notKept}.`
      model.textContent = `${loaded.name} on ${loaded.adapterName}. ${weights(loaded.isRuns)}${notKept}`
    },
  }
}

function quietButton(name: string, run: () => void, title?: string): HTMLButtonElement {
  return button(name, run, { class: 'quiet-button', title })
}

function textOf(status: BranchStatus, unfinished: Unfinished | null): string {
  switch (status.kind) {
    case 'idle':
      if (unfinished === 'stopped') return 'The branch was stopped before its end.'
      return unfinished === 'missing' ? 'The address names a branch that is not computed.' : ''
    case 'working': {
      const { text, done, total } = status
      if (done === undefined || total === undefined) return `${text} …`
      const megabytes = (bytes: number) => formatNumber(Number((bytes / 1e6).toFixed(1)))
      return `${text}: ${megabytes(done)} of ${megabytes(total)} MB`
    }
    case 'asking':
    case 'failed':
      return status.text
    default:
      return status satisfies never
  }
}

function weights(isRuns: boolean | null): string {
  if (isRuns === null) return 'The run does not record which weights it had.'
  return isRuns
    ? "The weights are the run's."
    : "This is another model than the run's: its weights have another digest than run.json says, so that branches are what another model would have said."
}
