import { formatCount } from '../../core/format-number.ts'
import type { TokenRange } from '../data/token-range.ts'
import { button, h, messageOf } from '../dom.ts'
import type { DisplayUnit } from '../text/display-units.ts'
import { renderMathematics } from '../text/mathematics.ts'
import { createTokenText, type TokenEvents, tokenElements } from '../text/token-elements.ts'
import type { ViewContext } from '../widgets/view.ts'

/** Makes the scrollable text of an answer: tokens made once, of which a replay changes a few classes a frame. */
export function createAnswerText(units: readonly DisplayUnit[], count: number, events: TokenEvents) {
  const made = tokenElements(units)
  const text = createTokenText(units, `Answer, ${formatCount(count)} tokens`, events)
  const { element, unitOf } = text
  text.fill(made.paragraphs, made.units)
  const shownClasses = new Uint8Array(units.length)
  let current = -1
  let locked = -1
  let isRevealing = false
  let firstAhead = made.groups.length
  let marked: TokenRange = { start: 0, end: 0 }

  /** Only groups between the old and the new border change; within the current group, CSS dims what follows. */
  const dimGroups = () => {
    const border = isRevealing && current >= 0 ? made.groupOfUnit[current]! + 1 : made.groups.length
    for (let group = Math.min(border, firstAhead); group < Math.max(border, firstAhead); group++)
      made.groups[group]!.classList.toggle('ahead', group >= border)
    firstAhead = border
  }

  return {
    element,
    setCurrent(token: number): void {
      const unit = unitOf(token)
      if (unit === current) return
      made.units[current]?.classList.remove('current')
      made.units[unit]?.classList.add('current')
      current = unit
      dimGroups()
    },
    setLocked(token: number | null): void {
      made.units[locked]?.classList.remove('locked')
      locked = token === null ? -1 : unitOf(token)
      made.units[locked]?.classList.add('locked')
    },
    /** Tokens after the current one are dimmed while an answer is revealed. */
    setRevealing(value: boolean): void {
      isRevealing = value
      element.classList.toggle('revealing', value)
      dimGroups()
    },
    /** A class of 0 to 7 for each token; a unit shows the largest of its tokens. */
    setClasses(classes: ArrayLike<number>): void {
      for (const [index, { start, end }] of units.entries()) {
        let largest = 0
        for (let token = start; token < end; token++) largest = Math.max(largest, classes[token]!)
        const shown = shownClasses[index]!
        if (largest === shown) continue
        if (shown > 0) made.units[index]!.classList.remove(`doubt-${shown}`)
        if (largest > 0) made.units[index]!.classList.add(`doubt-${largest}`)
        shownClasses[index] = largest
      }
    },
    setSelection(selection: TokenRange | null): void {
      const next = selection
        ? { start: unitOf(selection.start), end: unitOf(selection.end - 1) + 1 }
        : { start: 0, end: 0 }
      const isIn = (unit: number, { start, end }: TokenRange) => unit >= start && unit < end
      for (let unit = Math.min(marked.start, next.start); unit < Math.max(marked.end, next.end); unit++)
        if (isIn(unit, marked) !== isIn(unit, next))
          made.units[unit]!.classList.toggle('in-selection', isIn(unit, next))
      marked = next
    },
    /** Marks the token from which on the answer is another than the recorded one. */
    setStart(token: number): void {
      made.units[unitOf(token)]?.classList.add('branch-start')
    },
    show: text.show,
  }
}

/**
 * Makes a pane with the answer's mathematics typeset, beside the raw text, and the button that opens it. What typesets is
 * fetched when it is opened for the first time; that it is open is remembered.
 */
export function createTypeset(text: string, { settings, guard }: ViewContext) {
  const element = h('div', { class: 'typeset', tabindex: 0, role: 'region', 'aria-label': 'Typeset answer' })
  const end = new AbortController()
  let isFilled = false
  let isOpen = false
  const opener = button('Typeset', toggle, { title: 'Typeset mathematics (M)' })
  function toggle(): void {
    isOpen = !isOpen
    settings.write('typeset', isOpen)
    show()
  }
  const show = () => {
    element.hidden = !isOpen
    opener.setAttribute('aria-pressed', String(isOpen))
    if (!isOpen || isFilled) return
    isFilled = true
    const shown = guard()
    renderMathematics(element, text, end.signal)
      .catch(error => {
        isFilled = false
        element.textContent = `The mathematics cannot be typeset: ${messageOf(error)}`
      })
      .finally(shown)
  }
  isOpen = settings.read('typeset')
  show()
  return { element, button: opener, toggle, destroy: () => end.abort() }
}
