import { formatCount } from '../../core/format-number.ts'
import { h } from '../dom.ts'
import type { DisplayUnit } from './display-units.ts'
import { visiblePieces } from './visible-text.ts'

/** More characters of one token than this are folded. */
const longestShown = 400
/** Tokens of an inline group: what is restyled when the replay moves by a token. */
const groupSize = 48
/** Characters of a line, for the height of a paragraph that was not laid out yet. */
const charactersOfLine = 80

/**
 * An answer as paragraphs of groups of units. A paragraph ends with a unit that ends with a line break, so that each is a
 * block that the browser lays out only when it comes in sight. All texts are set as text. What turns the
 * direction of its neighbours is never put on the page, so that scripts from right to left read as they are written even
 * where a word is several tokens.
 */
export function tokenElements(units: readonly DisplayUnit[]) {
  const made = {
    paragraphs: [] as HTMLElement[],
    /** Inline parts of paragraphs, in order. */
    groups: [] as HTMLElement[],
    /** One a unit, in order. */
    units: [] as HTMLElement[],
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
    const label = `… show all ${formatCount(text.length)} characters`
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

/** What shows tokens and tells of them. */
export interface TokenEvents {
  /** The pointer is over a token, or over none. */
  hover(token: number | null): void
  pick(token: number): void
}

/** Space that is left above and below what is brought into sight, CSS pixels. */
const margin = 24

/** Makes a scrollable text of tokens, empty. Of an element `.token`, which may be several tokens, it tells the first. */
export function createTokenText(units: readonly DisplayUnit[], label: string, events: TokenEvents) {
  const element = h('div', { class: 'answer-text', tabindex: 0, role: 'region', 'aria-label': label })
  const unitOfToken = new Int32Array(units.at(-1)?.end ?? 0)
  for (const [index, { start, end }] of units.entries()) unitOfToken.fill(index, start, end)
  /** The unit that holds a token; -1 where there is no such token. */
  const unitOf = (token: number) => unitOfToken[token] ?? -1
  let shown: readonly HTMLElement[] = []
  let unitOfElement = new Map<Element | null, number>()
  const tokenOfTarget = ({ target }: Event) => {
    const token = target instanceof Element ? target.closest('.token') : null
    return units[unitOfElement.get(token) ?? -1]?.start
  }
  element.addEventListener('pointerover', event => events.hover(tokenOfTarget(event) ?? null))
  element.addEventListener('pointerleave', () => events.hover(null))
  element.addEventListener('click', event => {
    const token = tokenOfTarget(event)
    // A drag that selected text is no pick.
    if (token !== undefined && document.getSelection()?.isCollapsed !== false) events.pick(token)
  })
  return {
    element,
    unitOf,
    /** Shows these parts, within which an element stands for each unit. */
    fill(parts: readonly HTMLElement[], elements: readonly HTMLElement[]): void {
      shown = elements
      unitOfElement = new Map(elements.map((unit, index) => [unit, index]))
      element.replaceChildren(...parts)
    },
    /** Brings a token into sight, at once: what follows a replay scrolls too often for gliding. */
    show(token: number): void {
      const box = shown[unitOf(token)]?.getBoundingClientRect()
      const frame = element.getBoundingClientRect()
      if (!box || (box.top >= frame.top + margin && box.bottom <= frame.bottom - margin)) return
      if (box.top < frame.top && box.bottom > frame.bottom) return
      // A quarter from the top, so that a replay scrolls seldom.
      element.scrollTop += box.top - frame.top - frame.height / 4
    },
  }
}
