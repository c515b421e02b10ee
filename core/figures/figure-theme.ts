import { appendElement, type SvgElement } from './svg-element.ts'

/** The two classes of answers a figure compares. */
export type AnswerClass = 'correct' | 'incorrect'

/** DejaVu Sans is what the PNG is drawn with; the others stand in for it in a browser. */
export const fontFamily = "DejaVu Sans, Verdana, 'Segoe UI', sans-serif"

export const ink = '#1a1a1a'
export const mutedInk = '#555555'
export const gridColor = '#e4e4e4'

/** Id of the pattern that fills areas of incorrect answers. */
export const hatchId = 'entrace-incorrect-hatch'

/**
 * Okabe and Ito's blue and vermillion, apart for every kind of colour vision. Dash, fill and marker tell the classes apart
 * in grey print too: the correct ones have full lines, plain fills and circles, the others dashes, hatches and triangles.
 */
export const classStyles = {
  correct: { color: '#0072B2', fill: '#0072B2', fillOpacity: 0.28, dash: 'none' },
  incorrect: { color: '#D55E00', fill: `url(#${hatchId})`, fillOpacity: 1, dash: '6 3' },
} as const satisfies Record<AnswerClass, object>

/** How large a marker is, pixels, and how much it lets through of what it covers. */
export interface MarkerLook {
  radius: number
  opacity: number
}

const pointLooks = {
  chart: { few: { radius: 2, opacity: 0.7 }, many: { radius: 2, opacity: 0.35 } },
  panel: { few: { radius: 3.2, opacity: 0.75 }, many: { radius: 2, opacity: 0.3 } },
} as const

/** The look of one point among `count`: small and faint where points lie upon each other, as more than `most` of them do. */
export function pointLook(kind: keyof typeof pointLooks, count: number, most: number): MarkerLook {
  return pointLooks[kind][count > most ? 'many' : 'few']
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

/** More points than this of one class hide each other and make a file that is slow to open. */
export const mostPoints = 1500

/** At most `most` of the values, evenly spaced in their order: all of them when they are few. */
export function evenlyChosen(values: readonly number[], most = mostPoints): readonly number[] {
  if (values.length <= most) return values
  return Array.from({ length: most }, (_, index) => values[Math.floor((index * values.length) / most)]!)
}
