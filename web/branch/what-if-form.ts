import { h, messageOf } from '../dom.ts'
import { inlineText } from '../text/visible-text.ts'
import type { TextToken } from './model-keeper.ts'

/** Where the reader says what a token is to be instead: a rank of the bars above, or a text. */
export interface WhatIfForm {
  element: HTMLElement
  readonly isOpen: boolean
  /** Shows or hides it. */
  open(isOpen: boolean): void
  /** Names the token that is asked about, from 0, and how many bars there are to choose from. */
  setToken(token: number, text: string, bars: number): void
}

/** What the form asks for. */
export interface WhatIfFormEvents {
  encode(text: string): Promise<TextToken[]>
  /** The reader wants these tokens. */
  choose(tokens: readonly TextToken[]): void
}

/** Makes the form, closed. */
export function createWhatIfForm({ encode, choose }: WhatIfFormEvents): WhatIfForm {
  const question = h('p', { class: 'what-if-question' })
  const input = h('input', {
    type: 'text',
    class: 'field',
    id: 'what-if-text',
    autocomplete: 'off',
    spellcheck: 'false',
  })
  const button = h('button', { type: 'submit', disabled: true }, 'Run')
  const lastKey = h('kbd')
  const preview = h('output', { class: 'what-if-tokens', for: 'what-if-text' })
  const element = h(
    'form',
    { class: 'what-if-form', onsubmit: submit },
    question,
    h(
      'p',
      { class: 'branch-note' },
      'Press ',
      h('kbd', {}, '1'),
      ' to ',
      lastKey,
      ' for a bar above, or type a text:',
    ),
    h(
      'div',
      { class: 'what-if-row' },
      h('label', { class: 'visually-hidden', for: 'what-if-text' }, 'A text instead of this token'),
      input,
      button,
    ),
    preview,
  )
  element.hidden = true
  let tokens: readonly TextToken[] = []
  /** Counts texts, so that a late answer is not shown for another. */
  let asked = 0
  input.addEventListener('input', () => void showTokens())

  async function showTokens(): Promise<void> {
    const ticket = ++asked
    tokens = []
    button.disabled = true
    if (input.value === '') {
      preview.replaceChildren()
      return
    }
    try {
      const encoded = await encode(input.value)
      if (ticket !== asked) return
      tokens = encoded
      button.disabled = tokens.length === 0
      preview.replaceChildren(
        `${tokens.length} ${tokens.length === 1 ? 'token' : 'tokens'}: `,
        ...tokens.map(token => h('bdi', { title: `id ${token.id}` }, inlineText(token.text))),
      )
    } catch (error) {
      if (ticket === asked) preview.textContent = messageOf(error)
    }
  }

  function submit(event: Event): void {
    event.preventDefault()
    if (tokens.length > 0) choose(tokens)
  }

  return {
    element,
    get isOpen() {
      return !element.hidden
    },
    open(isOpen) {
      element.hidden = !isOpen
      if (isOpen) return
      input.value = ''
      void showTokens()
    },
    setToken(token, text, bars) {
      lastKey.textContent = String(Math.min(9, bars))
      question.replaceChildren(
        `What if token ${token + 1}, `,
        h('bdi', { class: 'what-if-token' }, inlineText(text, 20)),
        ', were another?',
      )
    },
  }
}
