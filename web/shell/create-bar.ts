import { formatCount } from '../../core/format-number.ts'
import type { OpenRun } from '../data/open-run.ts'
import { button, h } from '../dom.ts'

/** Creates the bar above every screen: what is open, whether it is being followed, and the page's own tools. */
export function createBar(actions: Record<'home' | 'openFiles' | 'nextTheme' | 'shortcuts', () => void>) {
  const title = h('h1')
  const status = h('span', { role: 'status' })
  const home = h('a', { class: 'wordmark', href: '#/', onclick: onHome }, 'entrace')
  const tools = [
    tool('Open', 'Open the files of a run (o)', actions.openFiles),
    tool('Theme', 'Light, dark, or as the system has it (t)', actions.nextTheme),
    tool('?', 'Keyboard (?)', actions.shortcuts, { 'aria-label': 'Keyboard' }),
  ]
  const element = h('header', { class: 'bar' }, home, title, status, h('div', { class: 'tools' }, tools))

  function tool(text: string, title: string, run: () => void, attributes = {}): HTMLElement {
    return button(text, run, { class: 'quiet', title, ...attributes })
  }

  function onHome(event: Event): void {
    event.preventDefault()
    actions.home()
  }

  return {
    element,
    /** Shows the run that is open now; null while there is none. */
    show(run: OpenRun | null): void {
      const { model, dataSet } = run?.facts ?? { model: null, dataSet: null }
      const name = model === null ? (run ? 'a run' : '') : `${model} on ${dataSet}`
      document.title = name === '' ? 'Entrace' : `${name} · Entrace`
      title.textContent = name
      title.title = name
      status.hidden = !run?.following
      status.className = `status ${run?.followError ? 'failing' : 'following'}`
      if (!run?.following) return
      const expected = run.facts?.expectedSamples
      const progress = formatCount(run.columns.count) + (expected ? ` of ${formatCount(expected)}` : '')
      status.textContent = run.followError ? `${progress}, not reachable` : `live, ${progress}`
      status.title = run.followError ?? 'The run goes on; new samples are shown as they are finished.'
    },
  }
}

/** A screen that says one thing, with what the reader can do about it. */
export function createNotice(
  title: string,
  text: string,
  actions: readonly { name: string; run(): void }[] = [],
): HTMLElement {
  const buttons = actions.map(({ name, run }) => button(name, run))
  const words = [h('h2', {}, title), h('p', {}, text)]
  return h('section', { class: 'notice' }, words, h('div', { class: 'actions' }, buttons))
}
