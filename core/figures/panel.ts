import { gridColor, ink, mutedInk } from './figure-theme.ts'
import { appendElement, type SvgElement } from './svg-element.ts'

/** Where a panel's drawing area lies inside the panel, pixels. */
export const plot = { left: 78, top: 54, width: 460, height: 270 } as const
export const panelSize = { width: 570, height: 390 } as const

/** One labelled position of an axis, pixels along it. */
export interface Tick {
  at: number
  label: string
}

/** Starts a panel at (x, y) with its letter and title; its children have the corner of the drawing area as their origin. */
export function appendPanel(
  figure: SvgElement,
  x: number,
  y: number,
  letter: string,
  title: string,
): SvgElement {
  const panel = appendElement(figure, 'g', { transform: `translate(${x + plot.left},${y + plot.top})` })
  const heading = { x: -plot.left + 16, y: -28, fill: ink, 'font-size': 15, 'font-weight': 'bold' }
  appendElement(panel, 'text', heading, `(${letter}) ${title}`)
  return panel
}

/** Ticks, grid lines and a label below the drawing area. */
export function appendBottomAxis(
  panel: SvgElement,
  ticks: readonly Tick[],
  label: string,
  grid = true,
): void {
  for (const { at, label: tickLabel } of ticks) {
    if (grid) appendElement(panel, 'line', { x1: at, x2: at, y1: 0, y2: plot.height, stroke: gridColor })
    appendElement(panel, 'line', { x1: at, x2: at, y1: plot.height, y2: plot.height + 5, stroke: ink })
    const place = { x: at, y: plot.height + 19, 'text-anchor': 'middle', fill: ink, 'font-size': 12 }
    appendElement(panel, 'text', place, tickLabel)
  }
  appendElement(panel, 'line', { x1: 0, x2: plot.width, y1: plot.height, y2: plot.height, stroke: ink })
  const place = {
    x: plot.width / 2,
    y: plot.height + 42,
    'text-anchor': 'middle',
    fill: ink,
    'font-size': 13,
  }
  appendElement(panel, 'text', place, label)
}

/** Ticks, grid lines and a label left of the drawing area; no label where the ticks say it all. */
export function appendLeftAxis(panel: SvgElement, ticks: readonly Tick[], label?: string): void {
  for (const { at, label: tickLabel } of ticks) {
    appendElement(panel, 'line', { x1: 0, x2: plot.width, y1: at, y2: at, stroke: gridColor })
    appendElement(panel, 'line', { x1: -5, x2: 0, y1: at, y2: at, stroke: ink })
    const place = { x: -9, y: at + 4.2, 'text-anchor': 'end', fill: ink, 'font-size': 12 }
    appendElement(panel, 'text', place, tickLabel)
  }
  appendElement(panel, 'line', { x1: 0, x2: 0, y1: 0, y2: plot.height, stroke: ink })
  if (label === undefined) return
  const place = { 'text-anchor': 'middle', fill: ink, 'font-size': 13 }
  const turn = { transform: `translate(${-plot.left + 22},${plot.height / 2}) rotate(-90)` }
  appendElement(panel, 'text', { ...turn, ...place }, label)
}

/** Says in the panel why there is nothing to draw; one line of text per string. */
export function appendMessage(panel: SvgElement, lines: readonly string[]): void {
  const frame = { x: 0, y: 0, width: plot.width, height: plot.height }
  appendElement(panel, 'rect', { ...frame, fill: '#fafafa', stroke: gridColor })
  lines.forEach((line, index) => {
    const y = plot.height / 2 + 5 + (index - (lines.length - 1) / 2) * 22
    appendElement(
      panel,
      'text',
      { x: plot.width / 2, y, 'text-anchor': 'middle', fill: mutedInk, 'font-size': 14 },
      line,
    )
  })
}

/** A remark between the title and the drawing area, at the right. */
export function appendNote(panel: SvgElement, text: string): void {
  const place = { x: plot.width, y: -8, 'text-anchor': 'end', fill: mutedInk, 'font-size': 12 }
  appendElement(panel, 'text', place, text)
}
