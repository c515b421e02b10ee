import { formatNumber } from '../../core/figures/format-number.ts'
import { h } from '../dom.ts'
import type { BranchModel, BranchStatus } from './branch-status.ts'

/** Says what is going on, what is wrong, and what can be done about it. */
export interface BranchStatusLine {
  element: HTMLElement
  /** `unfinished` says what there is to compute of the branch that the address names; null: nothing. */
  update(status: BranchStatus, model: BranchModel | null, unfinished: Unfinished | null): void
}

/** Of a branch: it is not computed, or not to its end. */
export type Unfinished = 'missing' | 'stopped'

/** What its buttons do. */
export interface BranchStatusEvents {
  stop(): void
  answer(isWanted: boolean): void
  /** Computes what the address names. */
  compute(): void
}

/** Makes the line. */
export function createBranchStatusLine(events: BranchStatusEvents): BranchStatusLine {
  const text = h('p', { role: 'status' })
  const progress = h('progress', { 'aria-label': 'Bytes of the model' })
  const button = (name: string, run: () => void) =>
    h('button', { type: 'button', class: 'quiet-button', onclick: run }, name)
  const stop = button('Stop', events.stop)
  stop.title = 'Stop (Esc)'
  const load = button('Load it', () => events.answer(true))
  const leave = button('Leave it', () => events.answer(false))
  const compute = button('Compute the branch', events.compute)
  const model = h('p', { class: 'branch-note' })
  const element = h(
    'div',
    { class: 'branch-status' },
    text,
    progress,
    h('div', { class: 'branch-actions' }, stop, load, leave, compute),
    model,
  )
  return {
    element,
    update(status, loaded, unfinished) {
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
      model.textContent = `${loaded.name} on ${loaded.adapterName}. ${weights(loaded.isRuns)}`
    },
  }
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
