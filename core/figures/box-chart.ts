import { quantileSorted } from 'd3'
import { seededRandom } from '../seeded-random.ts'
import {
  appendReason,
  appendRemark,
  appendXAxis,
  type Chart,
  type ChartSize,
  createChart,
  type DrawnChart,
} from './chart.ts'
import { appendClassMarker } from './class-marker.ts'
import { evenlyChosen } from './evenly-chosen.ts'
import { type AnswerClass, classStyles, gridColor, ink, mutedInk } from './figure-theme.ts'
import { missingScores, type ScoreData, type ScoreScale, scoreGroups, scoreScale } from './score-data.ts'
import { selectByScore } from './select-by-score.ts'
import { appendElement, type SvgDocument } from './svg-element.ts'

/** The quartiles of fewer answers than this are hardly more than the answers. */
const leastOfABox = 5
const mostPoints = 250

/** Draws the quartiles of a score for each class, with answers as points below. */
export function drawBoxChart(document: SvgDocument, data: ScoreData, size: ChartSize): DrawnChart {
  const chart = createChart(document, size, 'By verdict', `Quartiles of ${data.label} in each class`)
  const missing = missingScores(data)
  if (missing) {
    appendReason(chart, missing)
    return { chart, selection: null }
  }
  const { area, height } = chart
  const x = scoreScale(data, [0, chart.width])
  for (const { at } of x.ticks)
    appendElement(area, 'line', { x1: at, x2: at, y1: 0, y2: height, stroke: gridColor })
  const random = seededRandom(2)
  for (const [row, { answerClass, meanEntropies }] of scoreGroups(data).entries()) {
    const center = height * (row === 0 ? 0.24 : 0.72)
    const name = answerClass === 'correct' ? 'right' : 'wrong'
    const place = { x: -7, y: center + 3.8, 'text-anchor': 'end', fill: mutedInk, 'font-size': 11 }
    appendElement(area, 'text', place, name)
    if (meanEntropies.length >= leastOfABox) appendBox(chart, answerClass, meanEntropies, x, center)
    const points = evenlyChosen(meanEntropies, mostPoints)
    const look = { radius: 2, opacity: points.length > 100 ? 0.35 : 0.7 }
    for (const value of points) {
      const y = center + height * 0.15 + (random() - 0.5) * height * 0.06
      appendClassMarker(area, answerClass, x.position(value), y, look)
    }
  }
  appendXAxis(chart, x.ticks, x.label)
  appendRemark(chart, 'box: middle half, whiskers: 1.5 of it')
  return { chart, selection: selectByScore(x, 'x') }
}

/** A box from quartile to quartile, a line at the median, whiskers to the last answers within 1.5 interquartile ranges (Tukey). */
function appendBox(
  { area, height }: Chart,
  answerClass: AnswerClass,
  values: readonly number[],
  { position }: ScoreScale,
  center: number,
): void {
  const sorted = values.toSorted((first, second) => first - second)
  const [lower, middle, upper] = [0.25, 0.5, 0.75].map(share => quantileSorted(sorted, share)!) as [
    number,
    number,
    number,
  ]
  const reach = 1.5 * (upper - lower)
  const least = sorted.find(value => value >= lower - reach)!
  const greatest = sorted.findLast(value => value <= upper + reach)!
  const { color, dash } = classStyles[answerClass]
  const half = height * 0.09
  const stroke = { stroke: color, 'stroke-width': 1.4 }
  for (const [end, start] of [
    [least, lower],
    [greatest, upper],
  ] as const) {
    const ends = { x1: position(start), x2: position(end) }
    appendElement(area, 'line', { ...ends, y1: center, y2: center, ...stroke, 'stroke-dasharray': dash })
    const cap = { x1: position(end), x2: position(end), y1: center - half / 2, y2: center + half / 2 }
    appendElement(area, 'line', { ...cap, ...stroke })
  }
  const left = position(lower)
  appendElement(area, 'rect', {
    x: left,
    y: center - half,
    width: Math.max(1, position(upper) - left),
    height: 2 * half,
    fill: color,
    'fill-opacity': 0.15,
    ...stroke,
    'stroke-dasharray': dash,
  })
  const at = position(middle)
  const line = { x1: at, x2: at, y1: center - half, y2: center + half }
  appendElement(area, 'line', { ...line, stroke: ink, 'stroke-width': 2 })
}
