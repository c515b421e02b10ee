import { type AnswerClass, classStyles } from './figure-theme.ts'
import { appendElement, type SvgElement } from './svg-element.ts'

/** How large a marker is, pixels, and how much it lets through of what it covers. */
export interface MarkerLook {
  radius: number
  opacity: number
}

/** The look of one point among `count`: small and faint where points lie upon each other. */
export function pointLook(count: number): MarkerLook {
  return count > 300 ? { radius: 2, opacity: 0.3 } : { radius: 3.2, opacity: 0.75 }
}

/** Draws one answer: a circle if it is correct, a hollow triangle if not. */
export function appendClassMarker(
  parent: SvgElement,
  answerClass: AnswerClass,
  x: number,
  y: number,
  { radius, opacity }: MarkerLook = { radius: 5, opacity: 1 },
): void {
  const { color } = classStyles[answerClass]
  if (answerClass === 'correct') {
    appendElement(parent, 'circle', { cx: x, cy: y, r: radius, fill: color, opacity: opacity * 0.8 })
    return
  }
  const side = radius * 1.15
  const points = [
    [x - side, y + side * 0.8],
    [x + side, y + side * 0.8],
    [x, y - side],
  ]
  appendElement(parent, 'polygon', {
    points: points.map(point => point.map(value => value.toFixed(2)).join(',')).join(' '),
    fill: '#ffffff',
    'fill-opacity': 0.6,
    stroke: color,
    'stroke-width': radius * 0.4,
    opacity,
  })
}
