import { h } from '../dom.ts'
import type { Settings } from '../state/settings.ts'
import { renderMathematics } from '../text/render-mathematics.ts'

/** A pane with the answer's mathematics typeset, beside the raw text, and the button that opens it. */
export interface Typeset {
  element: HTMLElement
  button: HTMLElement
  toggle(): void
  destroy(): void
}

const setting = 'typeset'

/** Makes the pane. What typesets is fetched when it is opened for the first time; that it is open is remembered. */
export function createTypeset(text: string, settings: Settings): Typeset {
  const element = h('div', { class: 'typeset', tabindex: 0, role: 'region', 'aria-label': 'Typeset answer' })
  const button = h(
    'button',
    { type: 'button', 'aria-pressed': 'false', title: 'Typeset mathematics (M)' },
    'Typeset',
  )
  const end = new AbortController()
  let isFilled = false
  let isOpen = false
  const toggle = () => {
    isOpen = !isOpen
    settings.write(setting, isOpen)
    show()
  }
  const show = () => {
    element.hidden = !isOpen
    button.setAttribute('aria-pressed', String(isOpen))
    if (!isOpen || isFilled) return
    isFilled = true
    renderMathematics(element, text, end.signal).catch(error => {
      isFilled = false
      element.textContent = `The mathematics cannot be typeset: ${error instanceof Error ? error.message : error}`
    })
  }
  button.addEventListener('click', toggle)
  isOpen = settings.read(setting, false)
  show()
  return { element, button, toggle, destroy: () => end.abort() }
}
