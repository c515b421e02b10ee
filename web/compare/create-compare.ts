import { doubts, type Measure, trackMeasures } from '../data/measures.ts'
import { followToken, type TokenRange, wholeRange } from '../data/token-range.ts'
import { h } from '../dom.ts'
import { displayUnits } from '../text/display-units.ts'
import { colourClass, watchLook } from '../widgets/colour-classes.ts'
import { rangeShortcuts } from '../widgets/range-controls.ts'
import { textsOfIds } from '../widgets/token-choices.ts'
import { createAddressKeeper, type View, type ViewContext } from '../widgets/view.ts'
import { chooseAnswers } from './choose-answers.ts'
import { createColumnPanel, describeColumn } from './column-panel.ts'
import { answerHead, compareHead } from './compare-head.ts'
import { type ComparedSample, nameOfSample, readCompared } from './compared-samples.ts'
import { createComparedText } from './compared-text.ts'
import { createComparison, describeComparison, foldsOf } from './comparison.ts'
import { createOverlay } from './create-overlay.ts'

/** Frames after a jump in which the column is brought in sight, since texts get their heights when they are seen. */
const looks = 4

/**
 * Reads the answers that the route names, the one in `row` first. Returns what lays them side by side. Rejects where the first
 * answer cannot be read.
 */
export async function openCompare(context: ViewContext, row: number): Promise<() => View> {
  const { answers, notes } = await readCompared(context, row)
  return () => createCompare(context, answers, notes)
}

/**
 * Answers to one problem side by side: their lines in one plot, their texts from where they part, and what each token was
 * chosen from in the column of a cursor that they share. `notes` say what the reader should know, such as what is missing.
 */
function createCompare(
  context: ViewContext,
  answers: readonly ComparedSample[],
  notes: readonly string[],
): View {
  const first = answers[0]!.sample
  const choose = () => chooseAnswers(context, first)
  const comparison = createComparison(
    answers.map(({ sample }) => sample.tokens),
    answers.every(({ address }) => address === null),
  )
  const { alignment, segments, partings } = comparison
  const { count, tokens } = alignment
  const folds = foldsOf(segments)
  const open = new Set<number>()
  const last = Math.max(0, count - 1)
  let current = Math.min(context.route.token ?? partings[0] ?? 0, last)
  let isPinned = context.route.token !== null
  let hovered: number | null = null
  let range = wholeRange(count)
  let frame = 0

  const address = createAddressKeeper(context, () => current)
  const overlay = createOverlay(answers, comparison, {
    hover: column => hover(column, null),
    pick,
    setRange,
    setMeasure,
  })
  const texts = knownTexts(answers, comparison.hasSharedIds)
  const views = answers.map((answer, index) => {
    const { tokens: own, generatedText } = answer.sample
    const units = displayUnits(own.tokenText, own.tokenId, generatedText)
    const toColumn = (token: number) => alignment.columns[index]![token]!
    const text = createComparedText(units, `Answer ${answer.letter}, ${own.tokenId.length} tokens`, {
      hover: token => hover(token === null ? null : toColumn(token), index),
      pick: token => pick(toColumn(token)),
      toggleFold,
    })
    const panel = createColumnPanel(answers, index, comparison, texts[index]!)
    const element = h(
      'section',
      { class: 'compared', 'aria-label': `${answer.letter}: ${nameOfSample(answer)}` },
      answerHead(answer, index, context.route),
      panel.element,
      text.element,
    )
    return { text, panel, element }
  })
  const isAlone = answers.length < 2
  const summary = isAlone ? null : describeComparison(comparison)
  const vocabularies = comparison.hasSharedIds
    ? []
    : ['The vocabularies differ: tokens are compared by their texts, and what is not chosen is not compared.']
  const sections = views.map(view => view.element)
  const element = h(
    'article',
    { class: 'compare', 'aria-label': 'Comparison of answers' },
    compareHead(first, summary, [...notes, ...vocabularies], choose),
    !isAlone && overlay.element,
    h('div', { class: 'compared-columns' }, sections),
  )
  element.style.setProperty('--answers', String(answers.length))
  const endLook = watchLook(element)
  const endRoute = context.onRoute(({ token }) => {
    if (token !== null && token !== current) moveTo(token)
  })
  const remembered = context.settings.read('compareMeasure')
  setMeasure(trackMeasures.find(({ name }) => name === remembered) ?? trackMeasures[0]!)
  showFolds()
  // Before it is on the page, nothing can be scrolled to.
  frame = requestAnimationFrame(() => {
    showColumn()
    bringIntoSight(looks)
    context.announce([summary, ...notes].join(' '))
  })

  /** What stands in the column that the pointer is over, or else in that of the cursor. */
  function showColumn(): void {
    const column = isPinned ? current : (hovered ?? current)
    for (const [index, { text, panel }] of views.entries()) {
      text.setCurrent(tokens[index]![column] ?? -1)
      text.setPinned(isPinned)
      panel.show(column)
    }
    element.classList.toggle('is-pinned', isPinned)
    overlay.setCurrent(column)
  }

  function bringIntoSight(times: number): void {
    for (const [index, { text }] of views.entries()) {
      // Where an answer has no token, what comes next in it.
      const token = tokens[index]!.subarray(current).find(next => next !== -1)
      if (token !== undefined) text.show(token)
    }
    if (times > 1) frame = requestAnimationFrame(() => bringIntoSight(times - 1))
  }

  /** The pointer is over a column, in the text of an answer or in the plot: the other texts follow. */
  function hover(column: number | null, answer: number | null): void {
    hovered = column
    if (isPinned) return
    // The cursor's column is no longer looked for.
    cancelAnimationFrame(frame)
    showColumn()
    if (column === null) return
    for (const [index, { text }] of views.entries()) if (index !== answer) text.show(tokens[index]![column]!)
  }

  function moveTo(column: number): void {
    current = Math.max(0, Math.min(last, column))
    range = followToken(range, current, count)
    overlay.setRange(range)
    showColumn()
    cancelAnimationFrame(frame)
    bringIntoSight(looks)
    address.moved()
  }

  function jump(column: number): void {
    isPinned = false
    hovered = null
    moveTo(column)
    context.announce(describeColumn(answers, alignment, current))
  }

  function jumpParting(by: 1 | -1): void {
    const next =
      by === 1 ? partings.find(start => start > current) : partings.findLast(start => start < current)
    if (next === undefined) context.announce(`they do not part ${by === 1 ? 'after' : 'before'} this place`)
    else jump(next)
  }

  function pick(column: number): void {
    jump(column)
    setPinned(true)
  }

  function setPinned(next: boolean): void {
    isPinned = next
    showColumn()
  }

  /** Lets go of the pinned column; without one leaves the comparison. */
  function undo(): void {
    if (isPinned) setPinned(false)
    else leave()
  }

  /** To the replay of the first answer, at the token of this column. */
  function leave(): void {
    const token = tokens[0]!.subarray(current).find(next => next !== -1) ?? null
    context.navigate({ with: '', against: null, token })
  }

  function setRange(next: TokenRange): void {
    range = next
    overlay.setRange(range)
  }

  function setMeasure(measure: Measure): void {
    context.settings.write('compareMeasure', measure.name)
    overlay.setMeasure(measure)
    for (const [index, { text }] of views.entries()) {
      const own = doubts(measure, answers[index]!.sample.tokens)
      text.setMarks({
        doubts: Uint8Array.from(own, doubt => colourClass(doubt, measure.thresholds)),
        alike: Uint8Array.from(alignment.columns[index]!, column => (isAlone ? 0 : alignment.alike[column]!)),
        parting: isAlone ? -1 : comparison.partingToken(index),
        partingName: index === 0 ? 'Here the first of the others parts' : 'Here it parts from A',
      })
    }
  }

  function showFolds(): void {
    for (const [index, { text }] of views.entries()) {
      const own = alignment.columns[index]!
      const tokenAt = (column: number) => tokens[index]![column] ?? own.length
      const ranges = folds.map(({ start, end }) => ({ start: tokenAt(start), end: tokenAt(end - 1) + 1 }))
      text.setFolds(ranges, open)
    }
    showColumn()
  }

  function toggleFold(fold: number): void {
    if (!open.delete(fold)) open.add(fold)
    showFolds()
  }

  function toggleFolds(): void {
    if (open.size > 0) open.clear()
    else for (const index of folds.keys()) open.add(index)
    showFolds()
    bringIntoSight(looks)
    context.announce(open.size > 0 ? 'what is alike is unfolded' : 'what is alike is folded')
  }

  return {
    element,
    // Those of a replay where they do the same.
    shortcuts: [
      { keys: ['.', 'ArrowRight'], name: 'next place', run: () => jump(current + 1) },
      { keys: [',', 'ArrowLeft'], name: 'previous place', run: () => jump(current - 1) },
      { keys: ['>', 'Shift+ArrowRight'], name: 'where they part next', run: () => jumpParting(1) },
      { keys: ['<', 'Shift+ArrowLeft'], name: 'where they parted before', run: () => jumpParting(-1) },
      { keys: ['Home'], name: 'first place', run: () => jump(0) },
      { keys: ['End'], name: 'last place', run: () => jump(last) },
      { keys: ['Enter'], name: 'pin the place, or let it go', run: () => setPinned(!isPinned) },
      { keys: ['Escape'], name: 'let go of the place, or leave', run: undo },
      { keys: ['u'], name: 'unfold what is alike, or fold it', run: toggleFolds },
      { keys: ['c'], name: 'draw and colour by the next measure', run: overlay.nextMeasure },
      { keys: ['C'], name: 'choose the answers', run: choose },
      ...rangeShortcuts('plot', { count, range: () => range, setRange }, () => current),
    ],
    destroy() {
      cancelAnimationFrame(frame)
      address.end()
      endLook()
      overlay.destroy()
      endRoute()
    },
  }
}

/** Texts by id for each answer: from all answers where they have one vocabulary. */
function knownTexts(answers: readonly ComparedSample[], hasSharedIds: boolean): Map<number, string>[] {
  const own = answers.map(({ sample }) => textsOfIds(sample.tokens, sample.topTexts))
  return hasSharedIds ? own.map(() => new Map(own.flatMap(texts => [...texts]))) : own
}
