import { type AnswerClass, classStyles } from './figure-theme.ts'
import { appendElement, type SvgElement } from './svg-element.ts'

/** Draws one answer: a circle if it is correct, a hollow triangle if not. */
export function appendClassMarker(
  parent: SvgElement,
  answerClass: AnswerClass,
  x: number,
  y: number,
  radius = 3.2,
): void {
  const { color } = classStyles[answerClass]
  if (answerClass === 'correct') {
    appendElement(parent, 'circle', { cx: x, cy: y, r: radius, fill: color, 'fill-opacity': 0.55 })
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
    'stroke-width': 1.3,
  })
}
