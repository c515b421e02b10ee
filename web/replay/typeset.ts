import { h } from '../dom.ts'
import { typesetSetting } from '../state/settings.ts'
import { renderMathematics } from '../text/render-mathematics.ts'
import type { ViewContext } from '../view.ts'

/** A pane with the answer's mathematics typeset, beside the raw text, and the button that opens it. */
export interface Typeset {
  element: HTMLElement
  button: HTMLElement
  toggle(): void
  destroy(): void
}

/** Makes the pane. What typesets is fetched when it is opened for the first time; that it is open is remembered. */
export function createTypeset(
  text: string,
  { settings, guard }: Pick<ViewContext, 'settings' | 'guard'>,
): Typeset {
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
    settings.write(typesetSetting, isOpen)
    show()
  }
  const show = () => {
    element.hidden = !isOpen
    button.setAttribute('aria-pressed', String(isOpen))
    if (!isOpen || isFilled) return
    isFilled = true
    const shown = guard()
    renderMathematics(element, text, end.signal)
      .catch(error => {
        isFilled = false
        element.textContent = `The mathematics cannot be typeset: ${error instanceof Error ? error.message : error}`
      })
      .finally(shown)
  }
  button.addEventListener('click', toggle)
  isOpen = settings.read(typesetSetting, false)
  show()
  return { element, button, toggle, destroy: () => end.abort() }
}
