import { h } from '../dom.ts'
import type { DisplayUnit } from './display-units.ts'
import { visiblePieces } from './visible-text.ts'

/** More characters of one token than this are folded. */
const longestShown = 400
/** Tokens of an inline group: what is restyled when the replay moves by a token. */
const groupSize = 48
/** Characters of a line, for the height of a paragraph that was not laid out yet. */
const charactersOfLine = 80

/** The elements of an answer, made once. */
export interface TokenElements {
  paragraphs: HTMLElement[]
  /** Inline parts of paragraphs, in order. */
  groups: HTMLElement[]
  /** One a unit, in order. */
  units: HTMLElement[]
  /** The group of each unit. */
  groupOfUnit: Int32Array
}

/**
 * An answer as paragraphs of groups of units. A paragraph ends with a unit that ends with a line break, so that each is a
 * block that the browser lays out only when it comes in sight. All texts are set as text. What turns the
 * direction of its neighbours is never put on the page, so that scripts from right to left read as they are written even
 * where a word is several tokens.
 */
export function tokenElements(units: readonly DisplayUnit[]): TokenElements {
  const made: TokenElements = {
    paragraphs: [],
    groups: [],
    units: [],
    groupOfUnit: new Int32Array(units.length),
  }
  let paragraph: HTMLElement | null = null
  let group: HTMLElement | null = null
  let characters = 0
  let lines = 0
  for (const [index, unit] of units.entries()) {
    if (!paragraph) {
      paragraph = h('div', { class: 'paragraph' })
      made.paragraphs.push(paragraph)
      group = null
      characters = lines = 0
    }
    if (!group || group.childElementCount >= groupSize) {
      group = h('span', { class: 'group' })
      paragraph.append(group)
      made.groups.push(group)
    }
    const element = unitElement(unit)
    group.append(element)
    made.units.push(element)
    made.groupOfUnit[index] = made.groups.length - 1
    characters += Math.min(unit.text.length, longestShown)
    if (unit.text.endsWith('\n') || index === units.length - 1) {
      lines = Math.ceil(characters / charactersOfLine) + (unit.text.match(/\n/g)?.length ?? 1) - 1
      paragraph.style.setProperty('--lines', String(lines))
      paragraph = null
    }
  }
  return made
}

/** The element of one unit. */
export function unitElement({ text, inText }: DisplayUnit): HTMLElement {
  const element = h('span', { class: inText ? 'token' : 'token token-outside' })
  if (text.length <= longestShown) element.append(...textNodes(text))
  else {
    const showAll = (event: Event) => {
      event.stopPropagation()
      element.replaceChildren(...textNodes(text))
    }
    const label = `… show all ${text.length.toLocaleString('en')} characters`
    const more = h('button', { class: 'token-more', type: 'button', onclick: showAll }, label)
    element.append(...textNodes(text.slice(0, longestShown)), more)
  }
  if (text === '') element.append(h('span', { class: 'control-character' }, '∅'))
  return element
}

function textNodes(text: string): Node[] {
  return visiblePieces(text).map(({ text: piece, glyph, isControl }) => {
    if (glyph === null) return document.createTextNode(piece)
    const element = h('span', { class: isControl ? 'control-character' : 'white-space', 'data-glyph': glyph })
    // A control is not put on the page: it would turn or hide its neighbours.
    element.textContent = isControl ? glyph : piece
    return element
  })
}

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

/** Space that is left above and below what is brought into sight, CSS pixels. */
const margin = 24

/** Scrolls a pane so that one of its elements is seen, at once: what follows a replay scrolls too often for gliding. */
export function bringIntoSight(pane: HTMLElement, element: HTMLElement): void {
  const box = element.getBoundingClientRect()
  const frame = pane.getBoundingClientRect()
  if (box.top >= frame.top + margin && box.bottom <= frame.bottom - margin) return
  if (box.top < frame.top && box.bottom > frame.bottom) return
  // A quarter from the top, so that a replay scrolls seldom.
  pane.scrollTop += box.top - frame.top - frame.height / 4
}
