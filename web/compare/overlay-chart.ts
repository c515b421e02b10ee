import {
  appendXAxis,
  appendYAxis,
  type Chart,
  type ChartSize,
  createChart,
  linearTicks,
} from '../../core/figures/chart.ts'
import { gridColor, ink, mutedInk } from '../../core/figures/figure-theme.ts'
import { appendElement, type SvgDocument, svgNamespace } from '../../core/figures/svg-element.ts'
import { formatTick } from '../../core/format-number.ts'
import { type Measure, valueOfDoubt } from '../data/measures.ts'
import type { TokenRange } from '../data/token-range.ts'
import type { AlignedSegment } from './align-answers.ts'

/**
 * How the lines of answers A to D are told apart: by letter, dash and colour. The first is drawn in ink; the others are of
 * Tol's medium-contrast and vibrant schemes, apart for every kind of colour vision and none of the two of right and wrong.
 */
const answerStyles = [
  { color: ink, dash: 'none' },
  { color: '#994455', dash: '6 4' },
  { color: '#997700', dash: '2 3' },
  { color: '#009988', dash: '8 3 2 3' },
] as const

/** What is drawn: a measure of the tokens of several answers over the columns of their alignment. */
interface OverlayData {
  measure: Measure
  /** In words, one an answer: "A sample 0.0". */
  names: readonly string[]
  /** For each answer, the doubt of its token in each column; NaN where it has none. */
  doubts: readonly Float64Array[]
  segments: readonly AlignedSegment[]
  /** Columns in sight. */
  range: TokenRange
}

/** Draws the lines of all answers in one chart, with the columns in which they are apart shaded. */
export function drawOverlayChart(document: SvgDocument, data: OverlayData, size: ChartSize): Chart {
  const { measure, names, doubts, segments, range } = data
  const unit = measure.unit && ` (${measure.unit})`
  const chart = createChart(
    document,
    size,
    `${measure.label}${unit}`,
    `${measure.label} of ${names.join(', ')} over their aligned tokens; shaded where they are apart`,
  )
  const { area, width, height } = chart
  const toX = (column: number) => ((column - range.start) / (range.end - range.start)) * width
  const within = (column: number) => Math.max(0, Math.min(width, toX(column)))
  for (const { start, end, isAlike } of segments) {
    const box = { x: within(start), y: 0, width: within(end) - within(start), height }
    if (!isAlike && box.width > 0)
      appendElement(area, 'rect', { ...box, fill: gridColor, 'fill-opacity': 0.5 })
  }
  const largest = doubts.reduce((most, values) => values.reduce(largerOf, most), 0) || 1
  const ends = [valueOfDoubt(measure, largest), measure.certain].sort((a, b) => a - b) as [number, number]
  const y = linearTicks(ends, [height, 0], formatTick)
  appendYAxis(chart, y.ticks)
  for (const [index, values] of doubts.entries()) {
    const d = linePath(values, range, width, doubt => y.position(valueOfDoubt(measure, doubt)))
    const path = { d, fill: 'none', 'stroke-linejoin': 'round', class: 'overlay-line' }
    appendElement(area, 'path', { ...path, ...strokeOf(index, 1.4) })
  }
  // Of an answer's tokens the first is number 1, and a tick stands in the middle of its column.
  const x = linearTicks([range.start + 0.5, range.end + 0.5], [0, width], String)
  const ticks = x.ticks
    .filter(({ label }) => /^[1-9]\d*$/.test(label))
    .map(({ label }) => ({ at: toX(Number(label) - 0.5), label }))
    // A longer one would be cut at the figure's edge.
    .filter(({ at, label }) => at + label.length * 3.5 < width + 12)
  appendXAxis(chart, ticks, 'aligned position (tokens)')
  appendKey(chart, names)
  return chart
}

function strokeOf(index: number, width: number) {
  const { color, dash } = answerStyles[index]!
  return { stroke: color, 'stroke-width': width, 'stroke-dasharray': dash }
}

/** The larger one; not a number is no token. */
function largerOf(most: number, doubt: number): number {
  return Number.isNaN(doubt) ? most : Math.max(most, doubt)
}

/** Half of the width of a token that stands alone, CSS pixels. */
const halfDash = 1.5

/**
 * A line through the doubts of the columns in sight, broken where there is no token. Where columns are narrower than a
 * pixel, a pixel shows the largest doubt of its columns, so that no spike is lost.
 */
export function linePath(
  doubts: Float64Array,
  { start, end }: TokenRange,
  width: number,
  toY: (doubt: number) => number,
): string {
  const points = Math.min(Math.ceil(width), Math.ceil(end) - Math.floor(start))
  const isNarrow = points < Math.ceil(end) - Math.floor(start)
  const largest = new Float64Array(points).fill(Number.NaN)
  const first = Math.max(0, Math.floor(start))
  const last = Math.min(doubts.length, Math.ceil(end))
  const pointOf = (column: number) =>
    isNarrow
      ? Math.min(points - 1, Math.max(0, Math.floor(((column - start) / (end - start)) * points)))
      : column - Math.floor(start)
  for (let column = first; column < last; column++) {
    const point = pointOf(column)
    if (!(largest[point]! >= doubts[column]!)) largest[point] = doubts[column]!
  }
  const toX = (point: number) =>
    isNarrow
      ? ((point + 0.5) / points) * width
      : ((Math.floor(start) + point + 0.5 - start) / (end - start)) * width
  const round = (value: number) => Math.round(value * 10) / 10
  let path = ''
  for (let point = 0; point < points; point++) {
    if (Number.isNaN(largest[point]!)) continue
    const begins = point === 0 || Number.isNaN(largest[point - 1]!)
    const [x, y] = [toX(point), round(toY(largest[point]!))]
    // A token between gaps is a dash.
    if (begins && !(largest[point + 1]! >= 0)) path += `M${round(x - halfDash)} ${y}h${2 * halfDash}`
    else path += `${begins ? 'M' : 'L'}${round(x)} ${y}`
  }
  return path
}

/** Which line is whose, for the figure when it is saved: the page has it beside the figure. */
function appendKey(chart: Chart, names: readonly string[]): void {
  const key = appendElement(chart.area, 'g', { class: 'print-only' })
  let right = chart.width
  for (const [back, name] of names.toReversed().entries()) {
    const text = { x: right, y: 12 - chart.top, 'text-anchor': 'end', fill: mutedInk, 'font-size': 11 }
    appendElement(key, 'text', text, name)
    right -= name.length * 6.4 + 6
    const line = { x1: right - 22, x2: right, y1: 8 - chart.top, y2: 8 - chart.top }
    appendElement(key, 'line', { ...line, ...strokeOf(names.length - 1 - back, 1.4) })
    right -= 36
  }
}

/** A short piece of an answer's line as the plot has it. */
export function createLineKey(index: number): Element {
  const svg = (document as unknown as SvgDocument).createElementNS(svgNamespace, 'svg')
  const frame = { class: 'line-key', width: 26, height: 10, viewBox: '0 0 26 10', 'aria-hidden': 'true' }
  for (const [name, value] of Object.entries(frame)) svg.setAttribute(name, String(value))
  const line = { x1: 1, x2: 25, y1: 5, y2: 5, ...strokeOf(index, 2), 'stroke-linecap': 'round' }
  appendElement(svg, 'line', line)
  return svg as unknown as Element
}
