import type { TokenRange } from '../data/token-range.ts'
import { button } from '../dom.ts'
import type { DisplayUnit } from '../text/display-units.ts'
import { createTokenText, type TokenEvents, type TokenText, tokenElements } from '../text/token-elements.ts'

/** What the text of an answer in a comparison shows of its tokens. */
export interface TokenMarks {
  /** Class of doubt, 0 to 7, of each token. */
  doubts: ArrayLike<number>
  /** 1 for each token that all answers share. */
  alike: ArrayLike<number>
  /** The first token that is not that of another answer, and what that means in words; -1 for none. */
  parting: number
  partingName: string
}

/** What the text tells the comparison. */
export interface ComparedTextEvents extends TokenEvents {
  /** A fold, by its index, is to be opened or closed. */
  toggleFold(fold: number): void
}

/** The text of one answer, with what all answers share folded; a fold is brought into sight for a token in it. */
export interface ComparedText extends Pick<TokenText, 'element' | 'show'> {
  /** `folds` in tokens of this answer; those in `open` are shown. */
  setFolds(folds: readonly TokenRange[], open: ReadonlySet<number>): void
  setMarks(marks: TokenMarks): void
  /** -1 for a column in which this answer has no token. */
  setCurrent(token: number): void
  setPinned(isPinned: boolean): void
}

/** Makes the text. Nothing is shown until the folds are set. */
export function createComparedText(
  units: readonly DisplayUnit[],
  label: string,
  events: ComparedTextEvents,
): ComparedText {
  const text = createTokenText(units, label, events)
  /** What stands for each unit: its own element, or the button of its fold. */
  let standsFor: HTMLElement[] = []
  let marks: TokenMarks | null = null
  let current: HTMLElement | undefined
  let currentToken = -1
  let isPinned = false

  function mark(): void {
    if (!marks) return
    const { doubts, alike, parting, partingName } = marks
    for (const [index, { start, end }] of units.entries()) {
      const unitElement = standsFor[index]
      if (!unitElement?.classList.contains('token')) continue
      let doubt = 0
      let isAlike = true
      for (let token = start; token < end; token++) {
        doubt = Math.max(doubt, doubts[token]!)
        isAlike &&= alike[token] === 1
      }
      const isParting = parting >= start && parting < end
      const names = ['token', !units[index]!.inText && 'token-outside', isAlike && 'alike']
      // What is shared is no matter of doubt here.
      names.push(!isAlike && doubt > 0 && `doubt-${doubt}`, isParting && 'parting')
      unitElement.className = names.filter(Boolean).join(' ')
      if (isParting) unitElement.title = partingName
    }
    setCurrent(currentToken)
  }

  function setCurrent(token: number): void {
    current?.classList.remove('current', 'locked')
    currentToken = token
    current = standsFor[text.unitOf(token)]
    current?.classList.add('current')
    if (isPinned) current?.classList.add('locked')
  }

  return {
    element: text.element,
    setCurrent,
    setMarks(next) {
      marks = next
      mark()
    },
    setPinned(next) {
      isPinned = next
      setCurrent(currentToken)
    },
    setFolds(folds, open) {
      const parts: HTMLElement[] = []
      standsFor = []
      const add = (from: number, to: number) => {
        const made = tokenElements(units.slice(from, to))
        parts.push(...made.paragraphs)
        standsFor.push(...made.units)
      }
      let unit = 0
      for (const [index, fold] of folds.entries()) {
        // Only units that are wholly within.
        let from = unit
        while (from < units.length && units[from]!.start < fold.start) from++
        let to = from
        while (to < units.length && units[to]!.end <= fold.end) to++
        add(unit, from)
        const isOpen = open.has(index)
        const count = `${(fold.end - fold.start).toLocaleString('en')} tokens alike`
        const opener = button(count, () => events.toggleFold(index), {
          class: 'fold',
          'aria-expanded': String(isOpen),
        })
        parts.push(opener)
        if (isOpen) add(from, to)
        else for (; from < to; from++) standsFor.push(opener)
        unit = to
      }
      add(unit, units.length)
      text.fill(parts, standsFor)
      current = undefined
      mark()
    },
    show: text.show,
  }
}
