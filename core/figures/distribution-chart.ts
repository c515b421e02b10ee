import { area, curveStepAfter, line, max, median } from 'd3'
import { formatPercentTick } from '../format-number.ts'
import {
  appendRemark,
  type Chart,
  type ChartSize,
  type DrawnChart,
  drawChart,
  drawWithAxes,
  linearTicks,
} from './chart.ts'
import type { ScoreScale } from './entropy-scale.ts'
import { type ClassScores, type FigureData, meanEntropyScale } from './figure-data.ts'
import { appendClassMarker, classStyles } from './figure-theme.ts'
import { missingScores, type ScoreData, scoreGroups, scoreScale, selectByScore } from './score-data.ts'
import { appendElement, type SvgDocument } from './svg-element.ts'

/** A histogram of fewer answers than `leastAnswers` would show their number rather than their distribution. */
const looks = {
  chart: {
    leastAnswers: 1,
    bins: { least: 8, most: 40 },
    headroom: 1.1,
    fills: {
      correct: classStyles.correct,
      incorrect: { fill: classStyles.incorrect.color, fillOpacity: 0.12 },
    },
    outline: { digits: 1, width: 1.4 },
    median: { width: 1.4, top: 8, markerAt: 5, marker: { radius: 3.6, opacity: 1 } },
  },
  panel: {
    leastAnswers: 10,
    bins: { least: 10, most: 30 },
    headroom: 1.12,
    fills: classStyles,
    outline: { digits: 2, width: 1.6 },
    median: { width: 2, top: 0, markerAt: 6, marker: { radius: 5, opacity: 1 } },
  },
} as const

type Histogram = ReturnType<typeof makeHistogram>

/** Draws how a score is distributed among the correct and among the incorrect answers. */
export function drawDistributionChart(document: SvgDocument, data: ScoreData, size: ChartSize): DrawnChart {
  const description = `Share of each class by ${data.label}`
  return drawChart(document, size, 'Distribution', description, missingScores(data), chart => {
    const x = scoreScale(data, [0, chart.width])
    drawDistribution(chart, scoreGroups(data), x)
    appendRemark(chart, '% of class; lines: medians')
    return selectByScore(x)
  })
}

/** Draws how mean entropy is distributed among correct and incorrect answers: histograms over each other, each of its own class. */
export function drawDistributionPanel(panel: Chart, data: FigureData): void {
  const scale = meanEntropyScale(data, [0, panel.width], 'mean entropy of an answer')
  const { histograms, few } = drawDistribution(panel, data.groups, scale)
  const notes: string[] = []
  if (histograms.length > 0) notes.push('vertical lines: medians')
  if (few.length > 0) {
    const names = few.map(group => group.answerClass).join(' and ')
    notes.push(`${names}: fewer than ${looks.panel.leastAnswers}, drawn one by one`)
  }
  appendRemark(panel, notes.join('; '))
}

function drawDistribution(chart: Chart, groups: readonly ClassScores[], x: ScoreScale) {
  const { kind, area, width, height } = chart
  const { leastAnswers, bins, headroom } = looks[kind]
  const present = groups.filter(group => group.meanEntropies.length > 0)
  const few = present.filter(group => group.meanEntropies.length < leastAnswers)
  const total = present.reduce((sum, group) => sum + group.meanEntropies.length, 0)
  const binCount = Math.min(bins.most, Math.max(bins.least, Math.round(1.6 * Math.sqrt(total))))
  const histograms = present
    .filter(group => !few.includes(group))
    .map(group => makeHistogram(group, value => x.position(value) / width, binCount))
  const rows = few.map(({ answerClass }, row) => ({
    at: histograms.length > 0 ? height - 14 : (height * (row + 1)) / (few.length + 1),
    label: answerClass,
  }))
  const tallest = max(histograms, ({ shares }) => max(shares)) ?? 1
  const y = linearTicks([0, tallest * headroom], [height, 0], share => formatPercentTick(share, 1))
  const left = histograms.length > 0 ? { ticks: y.ticks, label: 'share of the class (%)' } : { ticks: rows }
  drawWithAxes(chart, x, left, () => {
    for (const histogram of histograms) appendHistogram(chart, histogram, x, y.position)
    few.forEach(({ answerClass, meanEntropies }, row) => {
      for (const value of meanEntropies)
        appendClassMarker(area, answerClass, x.position(value), rows[row]!.at)
    })
  })
  return { histograms, few }
}

function makeHistogram(
  { answerClass, meanEntropies }: ClassScores,
  shareOfWidth: (value: number) => number,
  binCount: number,
) {
  /** Share of the class in each bin; the bins have equal width on the axis. */
  const shares = new Array<number>(binCount).fill(0)
  for (const value of meanEntropies)
    shares[Math.min(binCount - 1, Math.floor(shareOfWidth(value) * binCount))]! += 1 / meanEntropies.length
  return { answerClass, shares, middle: median(meanEntropies)! }
}

function appendHistogram(
  { kind, area: parent, width, height }: Chart,
  { answerClass, shares, middle }: Histogram,
  x: ScoreScale,
  y: (share: number) => number,
): void {
  const look = looks[kind]
  const { color, dash } = classStyles[answerClass]
  const { fill, fillOpacity } = look.fills[answerClass]
  const { digits } = look.outline
  const stroke = { stroke: color, 'stroke-dasharray': dash }
  const binX = (_: number, index: number) => (index * width) / shares.length
  // Without a closing value the step of the last bin would have no width.
  const steps = [...shares, shares.at(-1)!]
  const surface = area<number>(binX, height, y).curve(curveStepAfter).digits(digits)
  appendElement(parent, 'path', { d: surface(steps)!, fill, 'fill-opacity': fillOpacity })
  const outline = line<number>(binX, y).curve(curveStepAfter).digits(digits)
  const outlined = { fill: 'none', ...stroke, 'stroke-width': look.outline.width }
  appendElement(parent, 'path', { d: outline(steps)!, ...outlined })
  const at = x.position(middle)
  const { width: lineWidth, top, markerAt, marker } = look.median
  appendElement(parent, 'line', { x1: at, x2: at, y1: top, y2: height, ...stroke, 'stroke-width': lineWidth })
  appendClassMarker(parent, answerClass, at, markerAt, marker)
}
