import { button, h } from '../dom.ts'

/** Something that a key does. */
export interface Shortcut {
  /** Any of these: `event.key`, after `Ctrl+`, `Alt+` and, where the key is none that types a character, `Shift+`. */
  keys: readonly string[]
  /** What it does, for the sheet: "next token". */
  name: string
  /** `key` is the one of `keys` that was pressed. */
  run(key: string): void
}

/**
 * Runs shortcuts on the keys pressed in the document. A field that takes text keeps its keys, Escape excepted; an open dialog
 * keeps all of them, and closes on Escape itself.
 */
export function createKeyboard() {
  const scopes = new Map<string, readonly Shortcut[]>()
  document.addEventListener('keydown', event => {
    if (event.defaultPrevented || event.isComposing) return
    const key = keyOf(event)
    if (keepsKey(event.target, event.key)) return
    for (const shortcuts of [...scopes.values()].reverse()) {
      const found = shortcuts.find(({ keys }) => keys.includes(key))
      if (!found) continue
      event.preventDefault()
      found.run(key)
      return
    }
  })
  return {
    /** Sets the shortcuts of a scope, in place of its former ones; none removes it. Later scopes come first. */
    set(scope: string, shortcuts: readonly Shortcut[]): void {
      scopes.delete(scope)
      if (shortcuts.length > 0) scopes.set(scope, shortcuts)
    },
    /** Shows every shortcut that holds now. */
    showSheet: () => showShortcutSheet(scopes),
  }
}

/** The name that shortcuts have for a key: Shift counts only where it does not already choose the character. */
function keyOf({ key, ctrlKey, metaKey, altKey, shiftKey }: KeyboardEvent): string {
  const shift = shiftKey && (key.length > 1 || key === ' ')
  return `${ctrlKey || metaKey ? 'Ctrl+' : ''}${altKey ? 'Alt+' : ''}${shift ? 'Shift+' : ''}${key}`
}

/** Whether the element that has the focus uses a key itself. */
function keepsKey(target: EventTarget | null, key: string): boolean {
  if (document.querySelector('dialog[open]')) return true
  if (!(target instanceof HTMLElement) || key === 'Escape') return false
  if (target.isContentEditable || target.matches('textarea, select')) return true
  if (target instanceof HTMLInputElement) {
    const types = ['checkbox', 'radio', 'button', 'range']
    if (!types.includes(target.type)) return true
    return key === ' ' || key === 'Enter' || key.startsWith('Arrow')
  }
  return (key === ' ' || key === 'Enter') && target.closest('button, a[href], summary') !== null
}

/** Shows shortcuts by their scopes in a dialog, which removes itself when it is closed. */
function showShortcutSheet(scopes: ReadonlyMap<string, readonly Shortcut[]>): void {
  if (document.querySelector('dialog[open]')) return
  const sections = Array.from(scopes, ([scope, shortcuts]) => {
    const lines = shortcuts.map(({ keys, name }) => {
      const labels = keys.flatMap(key => [h('kbd', {}, keyLabel(key)), ' '])
      return h('div', {}, h('dt', {}, name), h('dd', {}, labels))
    })
    return h('section', {}, h('h3', {}, scope), h('dl', {}, lines))
  })
  const close = button('Close', () => dialog.close(), { class: 'quiet' })
  const notices = { href: './THIRD_PARTY_NOTICES.txt', target: '_blank' }
  const print = h('p', { class: 'fine-print' }, 'Entrace is under Apache-2.0. ')
  print.append(h('a', notices, 'Notices of what the page is made of'))
  const dialog = h(
    'dialog',
    { 'aria-labelledby': 'shortcut-sheet-title', onclose: () => dialog.remove() },
    h('header', {}, h('h2', { id: 'shortcut-sheet-title', class: 'dialog-title' }, 'Keyboard'), close),
    h('div', { class: 'sheet' }, sections),
    print,
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
