import { h } from '../dom.ts'
import type { Keyboard } from './keyboard.ts'

/** Shows every shortcut that holds now in a dialog, which removes itself when it is closed. */
export function showShortcutSheet(keyboard: Keyboard): void {
  if (document.querySelector('dialog[open]')) return
  const sections = keyboard.scopes().map(({ scope, shortcuts }) =>
    h(
      'section',
      {},
      h('h3', {}, scope),
      h(
        'dl',
        {},
        shortcuts.map(({ keys, name }) =>
          h(
            'div',
            {},
            h('dt', {}, name),
            h(
              'dd',
              {},
              keys.flatMap(key => [h('kbd', {}, keyLabel(key)), ' ']),
            ),
          ),
        ),
      ),
    ),
  )
  const dialog = h(
    'dialog',
    { 'aria-labelledby': 'shortcut-sheet-title', onclose: () => dialog.remove() },
    h(
      'header',
      {},
      h('h2', { id: 'shortcut-sheet-title', class: 'dialog-title' }, 'Keyboard'),
      h('button', { class: 'quiet', onclick: () => dialog.close() }, 'Close'),
    ),
    h('div', { class: 'sheet' }, sections),
    h(
      'p',
      { class: 'fine-print' },
      'Entrace is under Apache-2.0. ',
      h('a', { href: './THIRD_PARTY_NOTICES.txt', target: '_blank' }, 'Notices of what the page is made of'),
    ),
  )
  document.body.append(dialog)
  dialog.showModal()
}

const labels: Record<string, string> = {
  ArrowLeft: '←',
  ArrowRight: '→',
  ArrowUp: '↑',
  ArrowDown: '↓',
  ' ': 'Space',
  Escape: 'Esc',
}

function keyLabel(key: string): string {
  const parts = key === '+' ? ['+'] : key.split(/\+(?=.)/)
  return parts.map(part => labels[part] ?? part).join(' ')
}
