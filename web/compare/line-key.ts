import { appendElement, type SvgDocument, svgNamespace } from '../../core/figures/svg-element.ts'
import { answerStyles } from './answer-styles.ts'

/** A short piece of an answer's line as the plot has it. */
export function createLineKey(place: number): Element {
  const svg = (document as unknown as SvgDocument).createElementNS(svgNamespace, 'svg')
  const { color, dash } = answerStyles[place]!
  const frame = { class: 'line-key', width: 26, height: 10, viewBox: '0 0 26 10', 'aria-hidden': 'true' }
  for (const [name, value] of Object.entries(frame)) svg.setAttribute(name, String(value))
  const stroke = { stroke: color, 'stroke-width': 2, 'stroke-dasharray': dash, 'stroke-linecap': 'round' }
  appendElement(svg, 'line', { x1: 1, x2: 25, y1: 5, y2: 5, ...stroke })
  return svg as unknown as Element
}
