import { line, scaleLinear } from 'd3'
import { seededRandom } from '../seeded-random.ts'
import { type AccuracyBin, accuracyBins } from './accuracy-bins.ts'
import {
  appendReason,
  appendRemark,
  appendXAxis,
  appendYAxis,
  type ChartSize,
  createChart,
  type DrawnChart,
  shareTicks,
} from './chart.ts'
import { appendClassMarker } from './class-marker.ts'
import { evenlyChosen } from './evenly-chosen.ts'
import { ink } from './figure-theme.ts'
import { missingScores, type ScoreData, scoreGroups, scoreScale } from './score-data.ts'
import { selectByScore } from './select-by-score.ts'
import { appendElement, type SvgDocument } from './svg-element.ts'

const mostPoints = 400

/** Draws the share that is correct among answers of like score, and the answers as points above and below. */
export function drawAccuracyChart(document: SvgDocument, data: ScoreData, size: ChartSize): DrawnChart {
  const chart = createChart(document, size, 'Accuracy', `Share of correct answers by ${data.label}`)
  const missing = missingScores(data)
  if (missing) {
    appendReason(chart, missing)
    return { chart, selection: null }
  }
  const { area, width, height } = chart
  const x = scoreScale(data, [0, width])
  const y = scaleLinear().domain([-0.16, 1.16]).range([height, 0])
  appendYAxis(chart, shareTicks(y))
  const random = seededRandom(1)
  const groups = scoreGroups(data)
  for (const { answerClass, meanEntropies } of groups) {
    const values = evenlyChosen(meanEntropies, mostPoints)
    const look = { radius: 2, opacity: values.length > 150 ? 0.35 : 0.7 }
    for (const value of values) {
      const center = answerClass === 'correct' ? 1.09 : -0.09
      appendClassMarker(area, answerClass, x.position(value), y(center + (random() - 0.5) * 0.1), look)
    }
  }
  const bins = accuracyBins({ groups })
  if (bins.length > 0) {
    const curve = line<AccuracyBin>(
      bin => x.position(bin.medianEntropyNats),
      bin => y(bin.accuracy),
    ).digits(1)
    appendElement(area, 'path', { d: curve(bins)!, fill: 'none', stroke: ink, 'stroke-width': 1.4 })
  }
  for (const { medianEntropyNats, accuracy, interval } of bins) {
    const at = x.position(medianEntropyNats)
    const ends = { y1: y(interval.low), y2: y(interval.high) }
    appendElement(area, 'line', { x1: at, x2: at, ...ends, stroke: ink })
    appendElement(area, 'rect', { x: at - 2.5, y: y(accuracy) - 2.5, width: 5, height: 5, fill: ink })
  }
  appendXAxis(chart, x.ticks, x.label)
  appendRemark(chart, bins.length > 0 ? '% correct, 95 % intervals' : 'too few for a curve')
  return { chart, selection: selectByScore(x, 'x') }
}
