import { h } from '../dom.ts'
import { inlineText } from '../text/visible-text.ts'
import { makeIcon } from './icon.ts'
import type { TokenChoice } from './token-choices.ts'

/** The button of a bar that asks what if its token had been chosen. */
export interface WhatIfButton {
  element: HTMLElement
  /** Asks for another choice from now on; not for the rest, which is no token. */
  show(choice: TokenChoice, text: string | null): void
}

/** Makes the button; `choose` is told the id of the token. */
export function createWhatIfButton(choose: (id: number) => void): WhatIfButton {
  let id: number | null = null
  const ask = () => {
    if (id !== null) choose(id)
  }
  const element = h('button', { class: 'choice-if', type: 'button', onclick: ask }, makeIcon('branch'))
  return {
    element,
    show(choice, text) {
      id = choice.id
      element.hidden = id === null
      element.title = `What if it were ${text === null ? `#${id}` : inlineText(text, 16)}`
      element.setAttribute('aria-label', element.title)
    },
  }
}
