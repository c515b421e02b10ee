import { h } from '../dom.ts'

/** A screen that says one thing, with what the reader can do about it. */
export function createNotice(
  title: string,
  text: string,
  actions: readonly { name: string; run(): void }[] = [],
): HTMLElement {
  return h(
    'section',
    { class: 'notice' },
    h('h2', {}, title),
    h('p', {}, text),
    h(
      'div',
      { class: 'actions' },
      actions.map(({ name, run }) => h('button', { onclick: run }, name)),
    ),
  )
}
