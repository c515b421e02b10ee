import { doubts, type Measure, trackMeasures } from '../data/measures.ts'
import { followToken, panRange, zoomRange } from '../data/token-range.ts'
import { h } from '../dom.ts'
import { displayUnits } from '../text/display-units.ts'
import { colourClass, paintClasses } from '../widgets/colour-classes.ts'
import type { Shortcut } from '../widgets/keyboard.ts'
import { textsOfIds } from '../widgets/token-choices.ts'
import type { Stretch } from '../widgets/transport.ts'
import type { View, ViewContext } from '../widgets/view.ts'
import { chooseAnswers } from './choose-answers.ts'
import { createPlacePanel, describePlace } from './column-panel.ts'
import { answerHead, compareHead } from './compare-head.ts'
import { type ComparedSample, nameOfSample } from './compared-samples.ts'
import { createComparedText } from './compared-text.ts'
import { compareAnswers, describeComparison, foldsOf } from './comparison.ts'
import { createOverlay } from './create-overlay.ts'

/** The address follows the cursor once it rests for so long. */
const addressRestMs = 250
/** Frames after a jump in which the place is brought in sight, since texts get their heights when they are seen. */
const looks = 4
const measureSetting = 'compareMeasure'

/**
 * Answers to one problem side by side: their lines in one plot, their texts from where they part, and what each token was
 * chosen from at the place of a cursor that they share. `notes` say what the reader should know, such as what is missing.
 */
export function createCompare(
  context: ViewContext,
  answers: readonly ComparedSample[],
  notes: readonly string[],
): View {
  const first = answers[0]!.sample
  const choose = () => void chooseAnswers(context, first)
  const comparison = compareAnswers(
    answers.map(({ sample }) => sample.tokens),
    answers.every(({ address }) => address === null),
  )
  const { alignment, stretches, partings } = comparison
  const { count, tokens } = alignment
  const folds = foldsOf(stretches)
  const open = new Set<number>()
  const last = Math.max(0, count - 1)
  let current = Math.min(context.route.token ?? partings[0] ?? 0, last)
  let isPinned = context.route.token !== null
  let hovered: number | null = null
  let range: Stretch = { start: 0, end: Math.max(1, count) }
  let frame = 0
  let addressTimer = 0

  const overlay = createOverlay(answers, comparison, {
    hover: column => hover(column, null),
    pick,
    setRange,
    setMeasure,
  })
  const texts = knownTexts(answers, comparison.hasSharedIds)
  const columns = answers.map((answer, index) => {
    const { tokens: own, generatedText } = answer.sample
    const units = displayUnits(own.tokenText, own.tokenId, generatedText)
    const toColumn = (token: number) => alignment.columns[index]![token]!
    const text = createComparedText(units, `Answer ${answer.letter}, ${own.tokenId.length} tokens`, {
      hover: token => hover(token === null ? null : toColumn(token), index),
      pick: token => pick(toColumn(token)),
      toggleFold,
    })
    const place = createPlacePanel(answers, index, comparison, texts[index]!)
    const element = h(
      'section',
      { class: 'compared', 'aria-label': `${answer.letter}: ${nameOfSample(answer)}` },
      answerHead(answer, index, context.route),
      place.element,
      text.element,
    )
    return { text, place, element }
  })
  const isAlone = answers.length < 2
  const summary = isAlone ? null : describeComparison(comparison)
  const vocabularies = comparison.hasSharedIds
    ? []
    : ['The vocabularies differ: tokens are compared by their texts, and what is not chosen is not compared.']
  const element = h(
    'article',
    { class: 'compare', 'aria-label': 'Comparison of answers' },
    compareHead(first, summary, [...notes, ...vocabularies], choose),
    !isAlone && overlay.element,
    h(
      'div',
      { class: 'compared-columns' },
      columns.map(column => column.element),
    ),
  )
  element.style.setProperty('--answers', String(answers.length))
  paintClasses(element)
  const themeWatch = new MutationObserver(() => paintClasses(element))
  themeWatch.observe(document.documentElement, { attributeFilter: ['data-theme'] })
  const endRoute = context.onRoute(({ token }) => {
    if (token !== null && token !== current) moveTo(token)
  })
  const remembered = context.settings.read(measureSetting, 'entropy')
  setMeasure(trackMeasures.find(({ name }) => name === remembered) ?? trackMeasures[0]!)
  showFolds()
  // Before it is on the page, nothing can be scrolled to.
  frame = requestAnimationFrame(() => {
    place()
    bringIntoSight(looks)
    context.announce([summary, ...notes].join(' '))
  })

  /** What stands at the place that the pointer is over, or else at that of the cursor. */
  function place(): void {
    const column = isPinned ? current : (hovered ?? current)
    for (const [index, { text, place: panel }] of columns.entries()) {
      text.setCurrent(tokens[index]![column] ?? -1)
      text.setPinned(isPinned)
      panel.show(column)
    }
    element.classList.toggle('is-pinned', isPinned)
    overlay.setCurrent(column)
  }

  function bringIntoSight(times: number): void {
    for (const [index, { text }] of columns.entries()) {
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
    // The cursor's place is no longer looked for.
    cancelAnimationFrame(frame)
    place()
    if (column === null) return
    for (const [index, { text }] of columns.entries())
      if (index !== answer) text.show(tokens[index]![column]!)
  }

  function moveTo(column: number): void {
    current = Math.max(0, Math.min(last, column))
    range = followToken(range, current, count)
    overlay.setRange(range)
    place()
    cancelAnimationFrame(frame)
    bringIntoSight(looks)
    window.clearTimeout(addressTimer)
    addressTimer = window.setTimeout(
      () => context.navigate({ token: current }, { replace: true }),
      addressRestMs,
    )
  }

  function jump(column: number): void {
    isPinned = false
    hovered = null
    moveTo(column)
    context.announce(describePlace(answers, alignment, current))
  }

  function jumpParting(by: 1 | -1): void {
    const next =
      by === 1 ? partings.find(start => start > current) : partings.findLast(start => start < current)
    if (next === undefined) context.announce(`they do not part ${by === 1 ? 'after' : 'before'} this place`)
    else jump(next)
  }

  function pick(column: number): void {
    jump(column)
    isPinned = true
    place()
  }

  function undo(): void {
    if (!isPinned) leave()
    else {
      isPinned = false
      place()
    }
  }

  /** To the replay of the first answer, at the token of this place. */
  function leave(): void {
    const token = tokens[0]!.subarray(current).find(next => next !== -1) ?? null
    context.navigate({ with: '', against: null, token })
  }

  function setRange(next: Stretch): void {
    range = next
    overlay.setRange(range)
  }

  function setMeasure(measure: Measure): void {
    context.settings.write(measureSetting, measure.name)
    overlay.setMeasure(measure)
    for (const [index, { text }] of columns.entries()) {
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
    for (const [index, { text }] of columns.entries()) {
      const own = alignment.columns[index]!
      const tokenAt = (column: number) => tokens[index]![column] ?? own.length
      text.setFolds(
        folds.map(({ start, end }) => ({ start: tokenAt(start), end: tokenAt(end - 1) + 1 })),
        open,
      )
    }
    place()
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
    shortcuts: compareShortcuts({
      step: by => jump(current + by),
      jumpParting,
      toStart: () => jump(0),
      toEnd: () => jump(last),
      pin() {
        isPinned = !isPinned
        place()
      },
      undo,
      zoom: factor => setRange(zoomRange(range, factor, current + 0.5, count)),
      pan: share => setRange(panRange(range, share, count)),
      fit: () => setRange({ start: 0, end: Math.max(1, count) }),
      nextMeasure: () => overlay.nextMeasure(),
      toggleFolds,
      choose,
    }),
    destroy() {
      cancelAnimationFrame(frame)
      window.clearTimeout(addressTimer)
      themeWatch.disconnect()
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

/** What the keyboard does in a comparison. */
export interface CompareActions {
  step(by: 1 | -1): void
  jumpParting(by: 1 | -1): void
  toStart(): void
  toEnd(): void
  pin(): void
  /** Lets go of the pinned place; without one leaves the comparison. */
  undo(): void
  zoom(factor: number): void
  pan(share: number): void
  fit(): void
  nextMeasure(): void
  toggleFolds(): void
  choose(): void
}

const zoomFactor = 1.5
const panShare = 0.25

/** The keys of a comparison, those of a replay where they do the same. */
export function compareShortcuts(act: CompareActions): Shortcut[] {
  return [
    { keys: ['.', 'ArrowRight'], name: 'next place', run: () => act.step(1) },
    { keys: [',', 'ArrowLeft'], name: 'previous place', run: () => act.step(-1) },
    { keys: ['>', 'Shift+ArrowRight'], name: 'where they part next', run: () => act.jumpParting(1) },
    { keys: ['<', 'Shift+ArrowLeft'], name: 'where they parted before', run: () => act.jumpParting(-1) },
    { keys: ['Home'], name: 'first place', run: act.toStart },
    { keys: ['End'], name: 'last place', run: act.toEnd },
    { keys: ['Enter'], name: 'pin the place, or let it go', run: act.pin },
    { keys: ['Escape'], name: 'let go of the place, or leave', run: act.undo },
    { keys: ['u'], name: 'unfold what is alike, or fold it', run: act.toggleFolds },
    { keys: ['c'], name: 'draw and colour by the next measure', run: act.nextMeasure },
    { keys: ['C'], name: 'choose the answers', run: act.choose },
    { keys: ['w'], name: 'zoom the plot in', run: () => act.zoom(zoomFactor) },
    { keys: ['s'], name: 'zoom the plot out', run: () => act.zoom(1 / zoomFactor) },
    { keys: ['a'], name: 'pan the plot left', run: () => act.pan(-panShare) },
    { keys: ['d'], name: 'pan the plot right', run: () => act.pan(panShare) },
    { keys: ['f'], name: 'fit the plot', run: act.fit },
  ]
}
