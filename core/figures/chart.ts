import { type ScaleLinear, scaleLinear } from 'd3'
import { formatPercentTick } from '../format-number.ts'
import { fontFamily, gridColor, ink, mutedInk } from './figure-theme.ts'
import { appendElement, type SvgDocument, type SvgElement, svgNamespace } from './svg-element.ts'

/** A size in pixels. */
export interface ChartSize {
  width: number
  height: number
}

/** A chart: a drawing area with axes at its left and bottom, on its own at any size or as a panel of a figure. */
export interface Chart {
  kind: keyof typeof frames
  /** The element that the whole chart is, or the figure that a panel is part of. */
  svg: SvgElement
  /** The drawing area; its corner is the origin of what is drawn in it. */
  area: SvgElement
  /** Where the drawing area lies in the chart or panel. */
  left: number
  top: number
  width: number
  height: number
}

/** A part of a chart's area that stands for samples: what a reader may mark. */
export interface ChartSelection {
  /** What lies between two places, pixels along the bottom axis: the least and greatest score that is meant. */
  scores(from: number, to: number): [low: number, high: number]
  /** Where scores from `low` to `high` lie, pixels along the bottom axis; null where they cannot be shown. */
  place(low: number, high: number): [from: number, to: number] | null
}

/** A drawn chart; `selection` is null where there is nothing to mark. */
export interface DrawnChart {
  chart: Chart
  selection: ChartSelection | null
}

/** One labelled position of an axis, pixels along it. */
export interface Tick {
  at: number
  label: string
}

/** An axis: its ticks and its label, which only the panels' left axes have room for. */
export interface Axis {
  ticks: readonly Tick[]
  label?: string
}

/** Size of a panel of the figure, pixels. */
export const panelSize = { width: 570, height: 390 } as const

/** How charts and panels are framed: lengths in pixels, texts by their size and their distance from the drawing area. */
const frames = {
  chart: {
    margin: { left: 46, right: 12, top: 26, bottom: 38 },
    ink: mutedInk,
    tick: { length: 4, size: 11, below: 15, left: 7, drop: 3.8 },
    /** Room that the labels of a bottom axis keep: those that would come nearer are left out. */
    leastGap: 6,
    label: { size: 11, below: 31 },
    hasLeftLine: false,
    remark: { size: 11, above: 14 },
    reason: { size: 12, lineHeight: 17, drop: 4 },
  },
  panel: {
    margin: { left: 78, right: 32, top: 54, bottom: 66 },
    ink,
    tick: { length: 5, size: 12, below: 19, left: 9, drop: 4.2 },
    // A panel is wide enough for the labels of any axis.
    leastGap: Number.NEGATIVE_INFINITY,
    label: { size: 13, below: 42 },
    hasLeftLine: true,
    remark: { size: 12, above: 8 },
    reason: { size: 14, lineHeight: 22, drop: 5 },
  },
} as const

/** Starts a chart, as an element that is not yet part of the document. `description` says in words what it shows. */
export function createChart(
  document: SvgDocument,
  size: ChartSize,
  title: string,
  description: string,
): Chart {
  const svg = createSvg(document, size, { 'aria-label': `${title}. ${description}` })
  const look = { x: 0, y: 12, fill: ink, 'font-size': 12.5, 'font-weight': 600, class: 'chart-title' }
  appendElement(svg, 'text', look, title)
  return frameOf('chart', svg, 0, 0, size)
}

/** Starts a drawing of a size, which is not yet part of the document. */
export function createSvg(
  document: SvgDocument,
  { width, height }: ChartSize,
  names: object = {},
): SvgElement {
  const svg = document.createElementNS(svgNamespace, 'svg')
  const size = { viewBox: `0 0 ${width} ${height}`, width, height }
  const attributes = { xmlns: svgNamespace, ...size, role: 'img', ...names, 'font-family': fontFamily }
  for (const [name, value] of Object.entries(attributes)) svg.setAttribute(name, String(value))
  return svg
}

/** Starts a panel of a figure at (x, y) with its letter and title. */
export function appendPanel(figure: SvgElement, x: number, y: number, letter: string, title: string): Chart {
  const panel = frameOf('panel', figure, x, y, panelSize)
  const heading = { x: 16 - panel.left, y: -28, fill: ink, 'font-size': 15, 'font-weight': 'bold' }
  appendElement(panel.area, 'text', heading, `(${letter}) ${title}`)
  return panel
}

function frameOf(kind: Chart['kind'], svg: SvgElement, x: number, y: number, size: ChartSize): Chart {
  const { left, right, top, bottom } = frames[kind].margin
  const area = appendElement(svg, 'g', { transform: `translate(${x + left},${y + top})` })
  return { kind, svg, area, left, top, width: size.width - left - right, height: size.height - top - bottom }
}

/** Draws a chart that stands alone with `draw`, which says what may be marked, or the lines that say what is missing. */
export function drawChart(
  document: SvgDocument,
  size: ChartSize,
  title: string,
  description: string,
  missing: readonly string[] | null,
  draw: (chart: Chart) => ChartSelection | null,
): DrawnChart {
  const chart = createChart(document, size, title, description)
  if (missing) appendReason(chart, missing)
  return { chart, selection: missing ? null : draw(chart) }
}

/** Draws both axes and the marks: a panel's marks over its axes and their grid, a chart's marks below the line of its bottom axis. */
export function drawWithAxes(chart: Chart, x: Required<Axis>, y: Axis, drawMarks: () => void): void {
  const isPanel = chart.kind === 'panel'
  if (isPanel) appendXAxis(chart, x.ticks, x.label, true)
  appendYAxis(chart, y.ticks, isPanel ? y.label : undefined)
  drawMarks()
  if (!isPanel) appendXAxis(chart, x.ticks, x.label)
}

/** Ticks and a label below the drawing area, and grid lines where wanted. */
export function appendXAxis(
  { kind, area, width, height }: Chart,
  ticks: readonly Tick[],
  label: string,
  hasGrid = false,
): void {
  const { ink, tick, leastGap, label: labelText } = frames[kind]
  const look = { 'text-anchor': 'middle', fill: ink }
  const text = (x: number, y: number, size: number) => ({ x, y: height + y, ...look, 'font-size': size })
  let free = Number.NEGATIVE_INFINITY
  for (const { at, label } of [...ticks].sort((first, second) => first.at - second.at)) {
    const half = label.length * 3.2
    if (hasGrid) appendElement(area, 'line', { x1: at, x2: at, y1: 0, y2: height, stroke: gridColor })
    appendElement(area, 'line', { x1: at, x2: at, y1: height, y2: height + tick.length, stroke: ink })
    if (at - half < free) continue
    free = at + half + leastGap
    appendElement(area, 'text', text(at, tick.below, tick.size), label)
  }
  appendElement(area, 'line', { x1: 0, x2: width, y1: height, y2: height, stroke: ink })
  appendElement(area, 'text', text(width / 2, labelText.below, labelText.size), label)
}

/** Ticks and grid lines at the left of the drawing area; of a panel also the axis, and a label where the ticks do not say it all. */
export function appendYAxis(
  { kind, area, left, width, height }: Chart,
  ticks: readonly Tick[],
  label?: string,
): void {
  const { ink, tick, label: labelText, hasLeftLine } = frames[kind]
  for (const { at, label } of ticks) {
    appendElement(area, 'line', { x1: 0, x2: width, y1: at, y2: at, stroke: gridColor })
    if (hasLeftLine) appendElement(area, 'line', { x1: -tick.length, x2: 0, y1: at, y2: at, stroke: ink })
    appendTickText(area, kind, at, label)
  }
  if (hasLeftLine) appendElement(area, 'line', { x1: 0, x2: 0, y1: 0, y2: height, stroke: ink })
  if (label === undefined) return
  const turn = { transform: `translate(${22 - left},${height / 2}) rotate(-90)` }
  const look = { 'text-anchor': 'middle', fill: ink, 'font-size': labelText.size }
  appendElement(area, 'text', { ...turn, ...look }, label)
}

/** The text of a tick at the left of the drawing area. */
export function appendTickText(area: SvgElement, kind: Chart['kind'], at: number, text: string): void {
  const { ink, tick } = frames[kind]
  const place = { x: -tick.left, y: at + tick.drop, 'text-anchor': 'end', fill: ink, 'font-size': tick.size }
  appendElement(area, 'text', place, text)
}

/** A remark above the drawing area, at the right. */
export function appendRemark({ kind, area, width }: Chart, text: string): void {
  const { size, above } = frames[kind].remark
  const place = { x: width, y: -above, 'text-anchor': 'end', fill: mutedInk, 'font-size': size }
  appendElement(area, 'text', place, text)
}

/** Says why there is nothing to draw, one line of text per string. */
export function appendReason({ kind, area, width, height }: Chart, lines: readonly string[]): void {
  const { size, lineHeight, drop } = frames[kind].reason
  if (kind === 'panel')
    appendElement(area, 'rect', { x: 0, y: 0, width, height, fill: '#fafafa', stroke: gridColor })
  lines.forEach((line, index) => {
    const y = height / 2 + drop + (index - (lines.length - 1) / 2) * lineHeight
    const place = { x: width / 2, y, 'text-anchor': 'middle', fill: mutedInk, 'font-size': size }
    appendElement(area, 'text', place, line)
  })
}

/** A linear axis with about five ticks, over `range` pixels. */
export function linearTicks(
  domain: [number, number],
  range: [number, number],
  label: (value: number) => string,
): { position: ScaleLinear<number, number>; ticks: Tick[] } {
  const position = scaleLinear().domain(domain).range(range)
  return { position, ticks: position.ticks(5).map(value => ({ at: position(value), label: label(value) })) }
}

/** The ticks of a share from 0 to 1, as percentages. */
export function shareTicks(position: (share: number) => number): Tick[] {
  return [0, 0.25, 0.5, 0.75, 1].map(share => ({ at: position(share), label: formatPercentTick(share) }))
}
