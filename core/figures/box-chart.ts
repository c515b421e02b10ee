import { scalePoint } from 'd3'
import { formatCount, formatNumber, formatP } from '../format-number.ts'
import { seededRandom } from '../seeded-random.ts'
import type { Analysis } from '../study/analysis.ts'
import { preferredIntervals } from '../study/preferred-intervals.ts'
import {
  appendRemark,
  appendTickText,
  appendXAxis,
  appendYAxis,
  type Chart,
  type ChartSize,
  type DrawnChart,
  drawChart,
} from './chart.ts'
import type { ScoreScale } from './entropy-scale.ts'
import { type ClassScores, type FigureData, meanEntropyScale, quartilesOf } from './figure-data.ts'
import {
  type AnswerClass,
  appendClassMarker,
  classStyles,
  evenlyChosen,
  gridColor,
  ink,
  mostPoints,
  mutedInk,
  pointLook,
} from './figure-theme.ts'
import { missingScores, type ScoreData, scoreGroups, scoreScale, selectByScore } from './score-data.ts'
import { appendElement, type SvgDocument } from './svg-element.ts'

/** The quartiles of fewer answers than this are hardly more than the answers. */
const leastOfABox = 5

/** Boxes lie in a chart, which is wide, and stand in a panel. */
const looks = {
  chart: {
    mostPoints: 250,
    mostClearPoints: 100,
    fills: {
      correct: { fill: classStyles.correct.color, fillOpacity: 0.15 },
      incorrect: { fill: classStyles.incorrect.color, fillOpacity: 0.15 },
    },
    leastLength: 1,
    stroke: 1.4,
    median: 2,
  },
  panel: {
    mostPoints,
    mostClearPoints: 300,
    fills: classStyles,
    leastLength: 0,
    stroke: 1.6,
    median: 2.6,
  },
} as const

/** Draws the quartiles of a score for each class, with answers as points below. */
export function drawBoxChart(document: SvgDocument, data: ScoreData, size: ChartSize): DrawnChart {
  const description = `Quartiles of ${data.label} in each class`
  return drawChart(document, size, 'By verdict', description, missingScores(data), chart => {
    const { area, width, height } = chart
    const x = scoreScale(data, [0, width])
    for (const { at } of x.ticks)
      appendElement(area, 'line', { x1: at, x2: at, y1: 0, y2: height, stroke: gridColor })
    const random = seededRandom(2)
    for (const [row, group] of scoreGroups(data).entries()) {
      const center = height * (row === 0 ? 0.24 : 0.72)
      appendTickText(area, 'chart', center, group.answerClass === 'correct' ? 'right' : 'wrong')
      if (group.meanEntropies.length >= leastOfABox) appendBox(chart, group, x, center, 2 * (height * 0.09))
      appendPoints(chart, group, x, center + height * 0.15, height * 0.06, random)
    }
    appendXAxis(chart, x.ticks, x.label)
    appendRemark(chart, 'box: middle half, whiskers: 1.5 of it')
    return selectByScore(x)
  })
}

/** Draws a box plot of mean entropy for each class, its answers as points beside it. */
export function drawBoxPlotPanel(panel: Chart, data: FigureData, analysis: Analysis): void {
  const { area, width, height } = panel
  const scale = meanEntropyScale(data, [height, 0], 'mean entropy')
  const center = scalePoint<AnswerClass>(['correct', 'incorrect'], [0, width]).padding(0.5)
  appendYAxis(panel, scale.ticks, scale.label)
  const ticks = data.groups.map(({ answerClass, meanEntropies }) => ({
    at: center(answerClass)!,
    label: `${answerClass} (n = ${formatCount(meanEntropies.length)})`,
  }))
  appendXAxis(panel, ticks, 'verdict')
  const random = seededRandom(2)
  for (const group of data.groups) {
    const x = center(group.answerClass)!
    appendPoints(panel, group, scale, x + 72, 44, random)
    if (group.meanEntropies.length >= leastOfABox) {
      appendBox(panel, group, scale, x, 64)
      continue
    }
    const remark = group.meanEntropies.length === 0 ? 'none' : `n < ${leastOfABox}`
    const place = { x, y: height / 2, 'text-anchor': 'middle', fill: mutedInk, 'font-size': 13 }
    // The white rim keeps the grid lines from striking the remark through.
    const rim = { stroke: '#ffffff', 'stroke-width': 5, 'paint-order': 'stroke' }
    appendElement(area, 'text', { ...place, ...rim }, remark)
  }
  const remark = boxRemark(data, analysis)
  if (remark !== null) appendRemark(panel, remark)
}

function boxRemark({ groups }: FigureData, analysis: Analysis): string | null {
  const sizes = groups.map(group => group.meanEntropies.length)
  if (sizes.some(size => size < leastOfABox && size > 0))
    return `no box with fewer than ${leastOfABox} answers`
  const { hedgesG } = analysis.entropyNats
  if (hedgesG === null) return null
  const { p, pName } = preferredIntervals(analysis).auroc
  const test = p === null ? '' : `, ${pName} ${formatP(p)}`
  const { low = null, high = null } = analysis.intervals.hedgesG ?? {}
  const interval = low === null || high === null ? '' : ` (${formatNumber(low)} to ${formatNumber(high)})`
  return `Hedges' g = ${formatNumber(hedgesG)}${interval}${test}`
}

/** The answers as points along the scale, scattered across it around a place. */
function appendPoints(
  { kind, area }: Chart,
  { answerClass, meanEntropies }: ClassScores,
  { position }: ScoreScale,
  center: number,
  spread: number,
  random: () => number,
): void {
  const look = looks[kind]
  const values = evenlyChosen(meanEntropies, look.mostPoints)
  const marker = pointLook(kind, values.length, look.mostClearPoints)
  for (const value of values) {
    const [along, across] = [position(value), center + (random() - 0.5) * spread]
    if (kind === 'chart') appendClassMarker(area, answerClass, along, across, marker)
    else appendClassMarker(area, answerClass, across, along, marker)
  }
}

/** A box from quartile to quartile, a line at the median, whiskers to the last answers within 1.5 interquartile ranges (Tukey). */
function appendBox(
  { kind, area }: Chart,
  { answerClass, meanEntropies }: ClassScores,
  { position }: ScoreScale,
  center: number,
  thickness: number,
): void {
  const look = looks[kind]
  const sorted = meanEntropies.toSorted((first, second) => first - second)
  const [lower, middle, upper] = quartilesOf(sorted)
  const reach = 1.5 * (upper - lower)
  const least = sorted.find(value => value >= lower - reach)!
  const greatest = sorted.findLast(value => value <= upper + reach)!
  const { color, dash } = classStyles[answerClass]
  const { fill, fillOpacity } = look.fills[answerClass]
  const stroke = { stroke: color, 'stroke-width': look.stroke }
  /** A line between two places along the scale, and two across it. */
  const appendLine = (
    along: [number, number],
    across: [number, number],
    attributes: Record<string, string | number>,
  ) => {
    const [x, y] = kind === 'chart' ? [along, across] : [across, along]
    appendElement(area, 'line', { x1: x[0], x2: x[1], y1: y[0], y2: y[1], ...attributes })
  }
  for (const [end, start] of [[least, lower] as const, [greatest, upper] as const]) {
    const place = position(end)
    appendLine([position(start), place], [center, center], { ...stroke, 'stroke-dasharray': dash })
    appendLine([place, place], [center - thickness / 4, center + thickness / 4], stroke)
  }
  const first = Math.min(position(lower), position(upper))
  const last = Math.max(position(lower), position(upper))
  const length = Math.max(look.leastLength, last - first)
  const side = center - thickness / 2
  const box =
    kind === 'chart'
      ? { x: first, y: side, width: length, height: thickness }
      : { x: side, y: first, width: thickness, height: length }
  const surface = { fill, 'fill-opacity': fillOpacity, ...stroke, 'stroke-dasharray': dash }
  appendElement(area, 'rect', { ...box, ...surface })
  const at = position(middle)
  appendLine([at, at], [side, center + thickness / 2], { stroke: ink, 'stroke-width': look.median })
}
