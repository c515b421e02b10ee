import type { Chart } from '../../core/figures/chart.ts'
import type { SvgDocument } from '../../core/figures/svg-element.ts'
import { doubts, type Measure, measureNamed, threeDigits, trackMeasures } from '../data/measures.ts'
import { type TokenRange, wholeRange } from '../data/token-range.ts'
import { h } from '../dom.ts'
import { shorten } from '../text/visible-text.ts'
import { createFigure, watchWidth } from '../widgets/figure.ts'
import { listenToWheel, type PlotEvents } from '../widgets/range-controls.ts'
import { type ComparedSample, nameOfSample } from './compared-samples.ts'
import type { Comparison } from './comparison.ts'
import { createLineKey, drawOverlayChart } from './overlay-chart.ts'

const height = 178
/** Characters of a name in the figure's key. */
const longestName = 32

/**
 * Makes the lines of all answers in one plot with a cursor, the choice of the measure, and the values at the cursor; it is drawn
 * when it is on the page. Its events tell of columns as of tokens.
 */
export function createOverlay(
  answers: readonly ComparedSample[],
  comparison: Comparison,
  events: PlotEvents & { setMeasure(measure: Measure): void },
) {
  const { alignment, segments } = comparison
  const { count, tokens } = alignment
  const names = answers.map(answer => shorten(`${answer.letter} ${nameOfSample(answer)}`, longestName))
  const select = h('select', {
    'aria-label': 'Measure',
    title: 'What is drawn, and what colours tokens where the answers are apart',
    onchange: () => choose(),
  })
  for (const { name, label, unit } of trackMeasures)
    select.append(new Option(unit ? `${label}, ${unit}` : label, name))
  const values = answers.map(() => h('output', { class: 'overlay-value' }))
  const keys = answers.map(({ letter }, index) =>
    h('span', {}, createLineKey(index), h('span', { class: 'letter' }, letter), values[index]),
  )
  const key = h('div', { class: 'overlay-key' }, select, keys)
  let measure = trackMeasures[0]!
  let range = wholeRange(count)
  let current = 0
  let byColumn: Float64Array[] = []
  let chart: Chart | null = null
  const figure = createFigure('compared-answers', ({ width }) => {
    const data = { measure, names, doubts: byColumn, segments, range }
    chart = drawOverlayChart(document as unknown as SvgDocument, data, { width, height })
    return { chart, selection: null }
  })
  const cursor = h('div', { class: 'track-cursor' })
  const plot = figure.element.querySelector<HTMLElement>('.chart')!
  figure.element.append(cursor)
  const element = h('div', { class: 'figures overlay' }, key, figure.element)
  const endWidth = watchWidth(element, draw)

  const columnAt = ({ clientX }: MouseEvent) => {
    if (!chart) return 0
    const x = clientX - plot.getBoundingClientRect().left - chart.left
    const column = Math.floor(range.start + (x / chart.width) * (range.end - range.start))
    return Math.max(0, Math.min(count - 1, column))
  }
  plot.addEventListener('pointermove', event => events.hover(columnAt(event)))
  plot.addEventListener('pointerleave', () => events.hover(null))
  plot.addEventListener('click', event => events.pick(columnAt(event)))
  const inSight = { count, range: () => range, setRange: events.setRange }
  listenToWheel(plot, inSight, columnAt, () => chart?.width ?? 1)

  function choose(): void {
    events.setMeasure(measureNamed(select.value))
  }

  function draw(): void {
    figure.draw(null)
    placeCursor()
  }

  function placeCursor(): void {
    if (!chart) return
    const x = ((current + 0.5 - range.start) / (range.end - range.start)) * chart.width
    cursor.hidden = count === 0 || x < 0 || x > chart.width
    cursor.style.transform = `translateX(${chart.left + x}px)`
    cursor.style.top = `${chart.top}px`
    cursor.style.height = `${chart.height}px`
    for (const [index, { sample }] of answers.entries()) {
      const token = tokens[index]![current] ?? -1
      const value = measure.values(sample.tokens)[token]
      values[index]!.textContent = value === undefined ? '–' : threeDigits(value)
    }
  }

  return {
    element,
    setMeasure(next: Measure): void {
      measure = next
      select.value = next.name
      byColumn = answers.map(({ sample }, index) => {
        const all = doubts(measure, sample.tokens)
        return Float64Array.from(tokens[index]!, token => (token === -1 ? Number.NaN : all[token]!))
      })
      draw()
    },
    setRange(next: TokenRange): void {
      range = next
      draw()
    },
    setCurrent(column: number): void {
      current = column
      placeCursor()
    },
    nextMeasure() {
      select.selectedIndex = (select.selectedIndex + 1) % select.length
      choose()
    },
    destroy: endWidth,
  }
}
