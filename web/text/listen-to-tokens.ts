/** What a text of tokens tells. */
export interface TokenEvents {
  /** The pointer is over a token, or over none. */
  hover(token: number | null): void
  pick(token: number): void
}

/** Tells which token the pointer is over, and which one is clicked. `tokenOf` is the first token of an element `.token`. */
export function listenToTokens(
  text: HTMLElement,
  tokenOf: (element: Element) => number | undefined,
  events: TokenEvents,
): void {
  const tokenOfTarget = ({ target }: Event) => {
    const element = target instanceof Element ? target.closest('.token') : null
    return element ? tokenOf(element) : undefined
  }
  text.addEventListener('pointerover', event => events.hover(tokenOfTarget(event) ?? null))
  text.addEventListener('pointerleave', () => events.hover(null))
  text.addEventListener('click', event => {
    const token = tokenOfTarget(event)
    // A drag that selected text is no pick.
    if (token !== undefined && document.getSelection()?.isCollapsed !== false) events.pick(token)
  })
}
