import { fontFamily, gridColor, ink, mutedInk } from './figure-theme.ts'
import type { Tick } from './panel.ts'
import { appendElement, type SvgDocument, type SvgElement, svgNamespace } from './svg-element.ts'

/** A size in pixels. */
export interface ChartSize {
  width: number
  height: number
}

/** A chart of any size: a title, a drawing area, and axes at its left and bottom. */
export interface Chart {
  svg: SvgElement
  /** The drawing area; its corner is the origin of what is drawn in it. */
  area: SvgElement
  /** Where the drawing area lies in the chart. */
  left: number
  top: number
  width: number
  height: number
}

/** A part of a chart's area that stands for samples: what a reader may mark. */
export interface ChartSelection {
  axis: 'x' | 'y'
  /** What lies between two places, pixels along the axis: the least and greatest score that is meant. */
  scores(from: number, to: number): [low: number, high: number]
  /** Where scores from `low` to `high` lie, pixels along the axis; null where they cannot be shown. */
  place(low: number, high: number): [from: number, to: number] | null
}

/** A drawn chart; `selection` is null where there is nothing to mark. */
export interface DrawnChart {
  chart: Chart
  selection: ChartSelection | null
}

const margin = { left: 46, right: 12, top: 26, bottom: 38 }

/** Starts a chart, as an element that is not yet part of the document. `description` says in words what it shows. */
export function createChart(
  document: SvgDocument,
  { width, height }: ChartSize,
  title: string,
  description: string,
): Chart {
  const svg = document.createElementNS(svgNamespace, 'svg')
  const attributes = {
    xmlns: svgNamespace,
    viewBox: `0 0 ${width} ${height}`,
    width,
    height,
    role: 'img',
    'aria-label': `${title}. ${description}`,
    'font-family': fontFamily,
  }
  for (const [name, value] of Object.entries(attributes)) svg.setAttribute(name, String(value))
  appendElement(
    svg,
    'text',
    { x: 0, y: 12, fill: ink, 'font-size': 12.5, 'font-weight': 600, class: 'chart-title' },
    title,
  )
  const area = appendElement(svg, 'g', { transform: `translate(${margin.left},${margin.top})` })
  return {
    svg,
    area,
    left: margin.left,
    top: margin.top,
    width: width - margin.left - margin.right,
    height: height - margin.top - margin.bottom,
  }
}

/** Ticks and a label below the drawing area. Ticks whose labels would touch are left out. */
export function appendXAxis({ area, width, height }: Chart, ticks: readonly Tick[], label: string): void {
  let free = Number.NEGATIVE_INFINITY
  for (const { at, label: text } of [...ticks].sort((first, second) => first.at - second.at)) {
    const half = text.length * 3.2
    appendElement(area, 'line', { x1: at, x2: at, y1: height, y2: height + 4, stroke: mutedInk })
    if (at - half < free) continue
    free = at + half + 6
    const place = { x: at, y: height + 15, 'text-anchor': 'middle', fill: mutedInk, 'font-size': 11 }
    appendElement(area, 'text', place, text)
  }
  appendElement(area, 'line', { x1: 0, x2: width, y1: height, y2: height, stroke: mutedInk })
  const place = { x: width / 2, y: height + 31, 'text-anchor': 'middle', fill: mutedInk, 'font-size': 11 }
  appendElement(area, 'text', place, label)
}

/** Ticks and grid lines at the left of the drawing area. */
export function appendYAxis({ area, width }: Chart, ticks: readonly Tick[]): void {
  for (const { at, label } of ticks) {
    appendElement(area, 'line', { x1: 0, x2: width, y1: at, y2: at, stroke: gridColor })
    appendElement(
      area,
      'text',
      { x: -7, y: at + 3.8, 'text-anchor': 'end', fill: mutedInk, 'font-size': 11 },
      label,
    )
  }
}

/** A remark at the right of the title. */
export function appendRemark({ area, width, top }: Chart, text: string): void {
  const place = { x: width, y: 12 - top, 'text-anchor': 'end', fill: mutedInk, 'font-size': 11 }
  appendElement(area, 'text', place, text)
}

/** Says why there is nothing to draw. */
export function appendReason({ area, width, height }: Chart, lines: readonly string[]): void {
  lines.forEach((line, index) => {
    const y = height / 2 + 4 + (index - (lines.length - 1) / 2) * 17
    appendElement(
      area,
      'text',
      { x: width / 2, y, 'text-anchor': 'middle', fill: mutedInk, 'font-size': 12 },
      line,
    )
  })
}

/** The ticks of a share from 0 to 1, as percentages. */
export function shareTicks(position: (share: number) => number): Tick[] {
  return [0, 0.25, 0.5, 0.75, 1].map(share => ({ at: position(share), label: `${share * 100}` }))
}
