import { formatCount } from '../../core/format-number.ts'
import type { TokenRange } from '../data/token-range.ts'
import { button } from '../dom.ts'
import type { DisplayUnit } from '../text/display-units.ts'
import { createTokenText, type TokenEvents, tokenElements } from '../text/token-elements.ts'

/** What the text of an answer in a comparison shows of its tokens. */
interface TokenMarks {
  /** Class of doubt, 0 to 7, of each token. */
  doubts: ArrayLike<number>
  /** 1 for each token that all answers share. */
  alike: ArrayLike<number>
  /** The first token that is not that of another answer, and what that means in words; -1 for none. */
  parting: number
  partingName: string
}

/**
 * Makes the text of one answer, with what all answers share folded; a fold is brought into sight for a token in it. Nothing is
 * shown until the folds are set. `toggleFold` is told of a fold, by its index, that is to be opened or closed.
 */
export function createComparedText(
  units: readonly DisplayUnit[],
  label: string,
  events: TokenEvents & { toggleFold(fold: number): void },
) {
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

  /** -1 for a column in which this answer has no token. */
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
    setMarks(next: TokenMarks): void {
      marks = next
      mark()
    },
    setPinned(next: boolean): void {
      isPinned = next
      setCurrent(currentToken)
    },
    /** `folds` in tokens of this answer; those in `open` are shown. */
    setFolds(folds: readonly TokenRange[], open: ReadonlySet<number>): void {
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
        const count = `${formatCount(fold.end - fold.start)} tokens alike`
        const opener = button(count, () => events.toggleFold(index), { class: 'fold' })
        opener.setAttribute('aria-expanded', String(isOpen))
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
