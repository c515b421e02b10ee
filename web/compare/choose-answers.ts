import { formatCount } from '../../core/format-number.ts'
import type { OpenedSample, OpenRun } from '../data/open-run.ts'
import { button, h, messageOf } from '../dom.ts'
import {
  type ComparedAnswer,
  formatCompared,
  mostCompared,
  parseCompared,
  sampleName,
} from '../state/route.ts'
import { inlineText } from '../text/visible-text.ts'
import { chooseFiles } from '../widgets/files.ts'
import { verdictMark } from '../widgets/panel.ts'
import type { ViewContext } from '../widgets/view.ts'
import { findProblem, rowsOfProblem } from './compared-samples.ts'

/**
 * Asks in a dialog which answers a sample is compared with: others to its problem in this run, and in another one that is
 * named by its address. What was chosen goes into the page's address.
 */
export function chooseAnswers(context: ViewContext, sample: OpenedSample): void {
  if (document.querySelector('dialog[open]')) return
  const { run, route } = context
  const name = sampleName(sample.problemIndex, sample.sampleIndex)
  const chosen = parseCompared(route.with)
  const wasChosen = (isOther: boolean, sampleIndex: number) =>
    chosen.some(answer => answer.isOther === isOther && answer.sampleIndex === sampleIndex)
  const ownRows = rowsOfProblem(run.columns, sample.problemIndex).filter(row => row !== sample.row)
  const ownAnswers = ownRows.map(row =>
    answerChoice(run, row, false, wasChosen(false, run.columns.sampleIndex[row]!)),
  )
  const none = h('p', { class: 'answer-missing' }, 'This run has no other answer to this problem.')
  const own = h('div', { class: 'answer-list' }, ownRows.length === 0 ? none : ownAnswers)
  const served = (document.querySelector<HTMLMetaElement>('meta[name="entrace-other-runs"]')?.content ?? '')
    .split(' ')
    .filter(Boolean)
  const address = h('input', {
    class: 'field',
    'aria-label': 'Address of another run',
    placeholder: 'https://host/folder-of-the-run/',
    list: 'other-runs',
    value: route.against ?? served[0],
    onchange: () => void listOther(),
  })
  const other = h('div', { class: 'answer-list' })
  const status = h('p', { class: 'answer-missing', role: 'status' })
  const go = h('button', { class: 'primary' }, 'Compare')
  const options = served.map(value => h('option', { value }))
  const tools = [
    h('datalist', { id: 'other-runs' }, options),
    button('List', listOther),
    button('Files…', () => chooseFiles(listFiles)),
  ]
  const close = () => dialog.close()
  const otherParts = [h('div', { class: 'other-address' }, address, tools), status, other]
  const form = h(
    'form',
    { onsubmit: onSubmit, onchange: check },
    h('fieldset', {}, h('legend', {}, 'This run'), own),
    h('fieldset', {}, h('legend', {}, 'Another run'), otherParts),
    h('div', { class: 'actions' }, go, button('Cancel', close)),
  )
  const title = h('h2', { id: 'choose-answers-title', class: 'dialog-title' }, `Compare sample ${name} with`)
  const labels = { class: 'choose-answers', 'aria-labelledby': title.id, onclose: onClose }
  const dialog = h('dialog', labels, h('header', {}, title), form)
  document.body.append(dialog)
  dialog.showModal()
  let listed: string | null = null
  // The back button leads to another screen, on which this has no place.
  addEventListener('popstate', close)
  if (address.value !== '') void listOther()
  check()

  function onClose(): void {
    removeEventListener('popstate', close)
    dialog.remove()
  }

  function listFiles(files: File[]): void {
    address.value = context.otherRun.choose(files)
    listed = null
    void listOther()
  }

  /** The answers to the problem in the run at the address that was put in. */
  async function listOther(): Promise<void> {
    const wanted = address.value.trim()
    if (wanted === listed) return
    listed = wanted
    other.replaceChildren()
    status.textContent = wanted === '' ? '' : 'Looking for the problem'
    if (wanted === '') return check()
    try {
      const found = await context.otherRun.open(wanted)
      const rows = await findProblem(found, sample)
      if (wanted !== listed) return
      status.textContent = rows.length === 0 ? 'That run has no such problem.' : (found.facts?.model ?? '')
      const choices = rows.map(row => {
        const isChosen = wanted === route.against && wasChosen(true, found.columns.sampleIndex[row]!)
        return answerChoice(found, row, true, isChosen)
      })
      other.replaceChildren(...choices)
      const first = other.querySelector('input')
      if (first && checked().length === 0) first.checked = true
    } catch (error) {
      if (wanted !== listed) return
      listed = null
      status.textContent = messageOf(error)
    }
    check()
  }

  function checked(): ComparedAnswer[] {
    return Array.from(form.querySelectorAll<HTMLInputElement>('.answer-list input:checked'), input => ({
      isOther: input.name === 'other',
      sampleIndex: Number(input.value),
    }))
  }

  /** No more than can be laid side by side. */
  function check(): void {
    const count = checked().length
    go.disabled = count === 0
    for (const input of form.querySelectorAll<HTMLInputElement>('.answer-list input'))
      input.disabled = !input.checked && count >= mostCompared
  }

  function onSubmit(event: Event): void {
    event.preventDefault()
    const answers = checked()
    // Enter in the field of the address lists what is there first.
    if (answers.length === 0 || (address.value.trim() !== '' && listed !== address.value.trim()))
      return void listOther()
    dialog.close()
    const isAgainst = answers.some(({ isOther }) => isOther)
    context.navigate({
      sample: name,
      with: formatCompared(answers),
      against: isAgainst ? listed : null,
      token: null,
      branch: null,
    })
  }
}

function answerChoice({ columns }: OpenRun, row: number, isOther: boolean, isChosen: boolean): HTMLElement {
  const sampleIndex = columns.sampleIndex[row]!
  const input = h('input', { type: 'checkbox', name: isOther ? 'other' : 'own', value: sampleIndex })
  input.checked = isChosen
  const extracted = columns.extractedAnswer[row] ?? null
  return h(
    'label',
    {},
    input,
    h('span', {}, `sample ${sampleName(columns.problemIndex[row]!, sampleIndex)}`),
    verdictMark(columns.correct[row] === 1, true),
    extracted === null
      ? h('span', { class: 'answer-missing' }, 'none found')
      : h('bdi', { class: 'answer-value' }, inlineText(extracted)),
    h('span', { class: 'answer-tokens' }, `${formatCount(columns.generatedTokens[row]!)} tokens`),
  )
}
