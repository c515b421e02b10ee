import { h, messageOf } from '../dom.ts'
import { inlineText } from '../text/visible-text.ts'
import type { TextToken } from './branch-worker.ts'

/**
 * Makes the form, closed, where the reader says what a token is to be instead: a rank of the bars above, or a text. `choose` is
 * told of the tokens that are wanted.
 */
export function createWhatIfForm(
  encode: (text: string) => Promise<TextToken[]>,
  choose: (tokens: readonly TextToken[]) => void,
) {
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
  const rest = ' for a bar above, or type a text:'
  const label = h('label', { class: 'visually-hidden', for: input.id }, 'A text instead of this token')
  const element = h(
    'form',
    { class: 'what-if-form', onsubmit: submit },
    question,
    h('p', { class: 'branch-note' }, 'Press ', h('kbd', {}, '1'), ' to ', lastKey, rest),
    h('div', { class: 'what-if-row' }, label, input, button),
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
    open(isOpen: boolean): void {
      element.hidden = !isOpen
      if (isOpen) return
      input.value = ''
      void showTokens()
    },
    /** Names the token that is asked about, from 0, and how many bars there are to choose from. */
    setToken(token: number, text: string, bars: number): void {
      lastKey.textContent = String(Math.min(9, bars))
      question.replaceChildren(
        `What if token ${token + 1}, `,
        h('bdi', { class: 'what-if-token' }, inlineText(text, 20)),
        ', were another?',
      )
    },
  }
}
